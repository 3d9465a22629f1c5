"""Faults by name: what may be planted, in which words the rest is refused, and what a worker is told of it."""

import pytest

from avatar_core.avatar.faults.planted import Faults, read_launch_options
from avatar_core.avatar.faults.table import FAULTS, Level
from avatar_core.errors import ConfigError


def test_what_is_not_planted_has_no_strength() -> None:
    faults = Faults({"gap_ms": 60})
    assert (faults["gap_ms"], faults["leak_ms"], dict(faults)) == (60.0, 0.0, {"gap_ms": 60.0})
    assert not Faults()


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        ({"explode": True}, "No fault is called 'explode'. Known are offset_ms, .*agent_audible"),
        ({"gap_ms": 5}, "Fault gap_ms is 5; choose 20 to 900 ms"),
        ({"offset_ms": 0}, "choose -5000 to 5000 ms, not 0"),
        ({"offset_ms": True}, "takes a number, -5000 to 5000 ms, not 0, not True"),
        ({"gap_ms": "long"}, "takes a number"),
        ({"gap_ms": float("nan")}, "takes a number"),
        ({"never_join": 1}, "write never_join=true"),
    ],
)
def test_what_cannot_be_planted_is_refused_by_name(planted: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Faults(planted)


def test_launch_options_bring_a_worker_the_same_faults() -> None:
    faults = Faults({"offset_ms": -80, "never_join": True})
    assert faults.launch_options() == {"fault.offset_ms": -80.0, "fault.never_join": True}
    assert read_launch_options({**faults.launch_options(), "width": 640}) == faults


def test_what_takes_somebody_else_is_no_workers_fault() -> None:
    assert Faults({"second_avatar": True}).launch_options() == {}
    with pytest.raises(ConfigError, match="somebody else in the room"):
        read_launch_options({"fault.second_avatar": True})


@pytest.mark.parametrize("kind", FAULTS.values(), ids=list(FAULTS))
def test_every_fault_can_be_planted_at_its_strengths_and_names_its_check(kind) -> None:
    for strength in kind.strengths:
        assert Faults({kind.name: True if kind.is_flag else strength})[kind.name] == strength
    assert len(kind.strengths) in ((1,) if kind.is_flag else (0, 2))
    assert kind.check
    assert kind.says[0].islower()
    assert not kind.says.endswith(".")


def test_there_are_faults_of_every_level() -> None:
    assert {kind.level for kind in FAULTS.values()} == set(Level)
