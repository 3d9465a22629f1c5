import pytest

from avatar_core.bench.allowed import blocked_in
from avatar_core.bench.states import Command, SessionState

OF_SPEECH = {Command.STOP, Command.PAUSE, Command.RESUME, Command.END_SEGMENT}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (SessionState.IDLE, "Not connected"),
        (SessionState.CONNECTING, "Still connecting"),
        (SessionState.FAILED, "The room is gone. Reconnect first"),
        (SessionState.CLOSING, "Closing"),
    ],
)
def test_out_of_use_everything_that_needs_a_room_is_refused_with_the_reason(state: SessionState, reason: str) -> None:
    blocked = blocked_in(state, open_segment=True, has_avatar=True)
    assert {blocked[command] for command in OF_SPEECH | {Command.SPEAK, Command.INTERRUPT, Command.SWAP}} == {reason}
    assert (Command.CONNECT in blocked) is (state not in (SessionState.IDLE, SessionState.FAILED))


def test_without_an_avatar_one_can_still_be_swapped_in() -> None:
    blocked = blocked_in(SessionState.READY, open_segment=False, has_avatar=False)
    assert Command.SWAP not in blocked
    assert blocked[Command.SPEAK] == blocked[Command.INTERRUPT] == "No avatar is in the room"


def test_speech_that_waits_for_an_avatar_can_be_interrupted() -> None:
    blocked = blocked_in(SessionState.WAITING, open_segment=True, has_avatar=False)
    assert Command.INTERRUPT not in blocked
    assert blocked[Command.SPEAK] == blocked[Command.RESUME] == "No avatar is in the room"


def test_with_nothing_said_only_speech_can_begin() -> None:
    blocked = blocked_in(SessionState.READY, open_segment=False, has_avatar=True)
    assert set(blocked) == OF_SPEECH | {Command.INTERRUPT, Command.CONNECT}


def test_pause_and_resume_exclude_each_other() -> None:
    speaking = blocked_in(SessionState.SPEAKING, open_segment=True, has_avatar=True)
    paused = blocked_in(SessionState.PAUSED, open_segment=True, has_avatar=True)
    assert set(speaking) == {Command.RESUME, Command.CONNECT}
    assert set(paused) == {Command.PAUSE, Command.CONNECT}


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("open_segment", [True, False])
@pytest.mark.parametrize("has_avatar", [True, False])
def test_reconnect_marks_and_sources_are_never_refused(
    state: SessionState, open_segment: bool, has_avatar: bool
) -> None:
    blocked = blocked_in(state, open_segment=open_segment, has_avatar=has_avatar)
    assert blocked.keys().isdisjoint({Command.RECONNECT, Command.MARK, Command.SELECT_SOURCE, Command.ADD_SOURCE})
    assert all(blocked.values())
