import pytest

from avatar_core.bench.doctor.livekit import Answer
from avatar_core.bench.doctor.report import State
from avatar_core.bench.doctor.room import judge_room, refusal
from avatar_core.bench.settings.room_choice import RoomKind


def test_a_room_that_lets_us_in_is_ok() -> None:
    assert judge_room(refusal(Answer(200, "success")), RoomKind.EMBEDDED).state is State.OK


@pytest.mark.parametrize(
    ("answer", "said"), [(Answer(401, "bad token"), "401: bad token"), (Answer(None, "refused"), "nothing: refused")]
)
def test_a_room_that_starts_but_does_not_let_us_in_is_no_use(answer: Answer, said: str) -> None:
    assert said in judge_room(refusal(answer), RoomKind.EMBEDDED).found


@pytest.mark.parametrize(
    ("wanted", "state"),
    [(RoomKind.EMBEDDED, State.FAIL), (RoomKind.SERVER, State.WARN), (RoomKind.URL, State.WARN)],
)
def test_a_room_that_does_not_start_fails_only_where_it_is_the_room(wanted: RoomKind, state: State) -> None:
    check = judge_room("it ended\nwith a reason", wanted)
    assert check.state is state
    assert check.found == "it ended with a reason"
