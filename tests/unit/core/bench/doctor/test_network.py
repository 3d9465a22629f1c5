from pathlib import Path

import pytest

from avatar_core.bench.doctor.network import Interface, check_network, list_interfaces
from avatar_core.bench.doctor.report import State

LOOPBACK = Interface("lo", ("127.0.0.1", "::1"))
ETHERNET = Interface("eth0", ("192.0.2.7", "fe80::1"))
BRIDGE = Interface("docker0", ("172.17.0.1",), up=False)
IPV6_ALONE = Interface("eth1", ("fd00::7",))


@pytest.mark.parametrize("local_room", [True, False])
def test_an_interface_besides_loopback_is_ok_and_named(local_room: bool) -> None:
    check = check_network([LOOPBACK, ETHERNET, BRIDGE], local_room=local_room)
    assert check.state is State.OK
    assert check.found == "eth0"


@pytest.mark.parametrize("local_room", [True, False])
@pytest.mark.parametrize("interfaces", [[], [LOOPBACK]])
def test_loopback_alone_fails_and_says_why(interfaces: list[Interface], local_room: bool) -> None:
    check = check_network(interfaces, local_room=local_room)
    assert check.state is State.FAIL
    assert "the LiveKit SDK never sends from" in check.found
    assert "ip link" in check.fix


def test_an_interface_that_carries_nothing_does_not_count_but_is_named() -> None:
    check = check_network([LOOPBACK, BRIDGE], local_room=True)
    assert check.state is State.FAIL
    assert check.found.endswith("(down: docker0)")


def test_ipv6_alone_reaches_other_machines_but_not_the_room_on_this_one() -> None:
    assert check_network([LOOPBACK, IPV6_ALONE], local_room=False).state is State.OK
    assert check_network([LOOPBACK, IPV6_ALONE], local_room=True).state is State.FAIL


def test_the_loopback_of_this_machine_is_listed_as_such() -> None:
    loopback = [interface for interface in list_interfaces() if "127.0.0.1" in interface.addresses]
    assert loopback
    assert not any(interface.reaches_out(4) for interface in loopback)


def test_the_system_says_which_interface_is_down(tmp_path: Path) -> None:
    name = next(interface.name for interface in list_interfaces() if "127.0.0.1" in interface.addresses)
    (tmp_path / name).mkdir()
    (tmp_path / name / "operstate").write_text("down\n")
    (down,) = (interface for interface in list_interfaces(tmp_path) if interface.name == name)
    assert not down.up
    (tmp_path / name / "operstate").write_text("unknown\n")
    (unknown,) = (interface for interface in list_interfaces(tmp_path) if interface.name == name)
    assert unknown.up
