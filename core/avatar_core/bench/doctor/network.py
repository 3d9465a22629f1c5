"""Network interfaces. The LiveKit SDK never uses the loopback interface as its own (ROOMSERVER.md, pitfall 17)."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ifaddr

from avatar_core.bench.doctor.report import Check, State

_SYSFS = Path("/sys/class/net")
_FIX = (
    "Bring one up; it need not lead anywhere. As root: ip link add avatar0 type veth peer name avatar1 && "
    "ip addr add 10.254.0.1/30 dev avatar0 && ip link set avatar0 up && ip link set avatar1 up"
)


@dataclass(frozen=True)
class Interface:
    """One network interface with its IP addresses; `up` is false where the system knows that it carries nothing."""

    name: str
    addresses: tuple[str, ...]
    up: bool = True

    def reaches_out(self, version: int) -> bool:
        """Whether the SDK can send from it by IP `version` (4 or 6)."""
        parsed = [ipaddress.ip_address(address) for address in self.addresses]
        return self.up and any(
            address.version == version and not address.is_loopback and not address.is_unspecified for address in parsed
        )


def list_interfaces(sysfs: Path = _SYSFS) -> tuple[Interface, ...]:
    """The interfaces of this machine that have an address."""
    return tuple(
        Interface(
            name=adapter.nice_name,
            # ifaddr gives IPv6 addresses as (address, flow, scope).
            addresses=tuple(address.ip if isinstance(address.ip, str) else address.ip[0] for address in adapter.ips),
            up=_carries(sysfs / adapter.name / "operstate"),
        )
        for adapter in ifaddr.get_adapters()
    )


def check_network(interfaces: Sequence[Interface], *, local_room: bool) -> Check:
    """The check `network`, from the interfaces of this machine.

    A room on this machine (`local_room`) listens on 127.0.0.1, which the SDK reaches from an IPv4 address alone.
    """
    for version in (4,) if local_room else (4, 6):
        usable = [interface.name for interface in interfaces if interface.reaches_out(version)]
        if usable:
            return Check("network", State.OK, ", ".join(usable))
    wanted = "with an IPv4 address" if local_room else "with an address"
    found = f"no interface {wanted} is up besides loopback, which the LiveKit SDK never sends from: it can join no room"
    idle = ", ".join(interface.name for interface in interfaces if not interface.up)
    return Check("network", State.FAIL, f"{found} (down: {idle})" if idle else found, _FIX)


def _carries(operstate: Path) -> bool:
    # Linux alone has the file; a bridge without members has an address, and is down.
    try:
        return operstate.read_text().strip() != "down"
    except OSError:
        return True
