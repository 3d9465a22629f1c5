"""One stay in a meeting, on one whose events are told by hand: how joining fails, and what is heard of whom."""

import asyncio
from typing import Any

import pytest

from avatar_core.errors import RoomConnectError
from avatar_core.videosdk.relay.surface import LiveMeeting
from avatar_core.videosdk.relay.visit import MeetingVisit, Said
from avatar_core.wire.relay import MeetingPlace

PLACE = MeetingPlace("videosdk", "abcd-efgh", "agent", "avatar", "token")


class ToldMeeting:
    """VideoSDK's Meeting and its SDK in one; `on_join` is what it tells when it is asked to join."""

    id = "abcd-efgh"
    track_ended = EOFError

    def __init__(self, *on_join: tuple[str, Any]) -> None:
        self.on_join = on_join
        self.complaint = ""
        self.participants: dict[str, Any] = {}
        self.left = 0
        self._listeners: list[Any] = []

    def meeting(self, place: MeetingPlace) -> LiveMeeting:
        return self  # type: ignore[return-value]

    def add_event_listener(self, event_listener: Any) -> None:
        self._listeners.append(event_listener)

    async def async_join(self) -> None:
        for action, data in self.on_join:
            self.tell(action, data)

    def leave(self) -> None:
        self.left += 1
        self.tell("meeting-left", {})

    def tell(self, action: str, data: Any) -> None:
        for listener in tuple(self._listeners):
            listener.handle_event(action, data)


class Somebody:
    """A participant with one stream."""

    def __init__(self, name: str, kind: str = "audio") -> None:
        self.id = self.display_name = name
        self.meta_data = None
        self.kind = kind
        self.streams = {"s": self}
        self.listeners: list[Any] = []

    def add_event_listener(self, event_handler: Any) -> None:
        self.listeners.append(event_handler)

    def remove_event_listener(self, event_handler: Any) -> None:
        self.listeners.remove(event_handler)


def visit(meeting: ToldMeeting) -> MeetingVisit:
    return MeetingVisit(meeting, PLACE)  # type: ignore[arg-type]


JOINED = ("meeting-joined", {})
FAILED = ("error", "Failed to Join in the Meeting")


@pytest.mark.parametrize(
    ("complaint", "says"),
    [
        ("Failed to Join :: 401 Client Error: Unauthorized", "the token was refused; check VIDEOSDK_AUTH_TOKEN"),
        ("Failed to Join :: 404 Client Error: Not Found", "no such meeting; check VIDEOSDK_ROOM_ID"),
        ("Failed to Join :: Failed to resolve 'api.videosdk.live'", "can't be reached; check the network"),
        ("Failed to Join :: something new", "something new"),
        ("", "Failed to Join in the Meeting"),
    ],
)
async def test_a_failed_join_says_why_and_what_to_try(complaint: str, says: str) -> None:
    """VideoSDK's SDK raises nothing, tells the same words each time, and logs the cause."""
    meeting = ToldMeeting(FAILED)
    meeting.complaint = complaint
    with pytest.raises(RoomConnectError, match=says) as failure:
        await visit(meeting).join()
    assert "abcd-efgh" in str(failure.value)


async def test_a_join_that_is_not_answered_ends() -> None:
    with pytest.raises(RoomConnectError, match="no answer"):
        await visit(ToldMeeting()).join(timeout_s=0.01)


async def test_the_peer_is_met_whoever_else_is_there_and_its_streams_follow() -> None:
    meeting = ToldMeeting(JOINED)
    stay = visit(meeting)
    met: list[Any] = []
    stay.peer_came.connect(met.append)
    stay.stream_began.connect(met.append)
    await stay.join()
    other, avatar, again = Somebody("other"), Somebody("avatar"), Somebody("avatar", "share")
    for participant in (other, avatar):
        meeting.tell("participant-joined", participant)
    assert met == [avatar, avatar]
    # Agents have events of their own; it comes again, and shares its screen alone.
    meeting.tell("agent-joined", again)
    assert met == [avatar, avatar, again]
    assert (avatar.listeners, len(again.listeners)) == ([], 1)


async def test_others_are_not_heard_and_counted() -> None:
    """V17."""
    meeting = ToldMeeting(JOINED)
    stay = visit(meeting)
    said: list[Said] = []
    stay.said.connect(said.append)
    await stay.join()
    for sender in ("other", "avatar"):
        meeting.tell("data", {"payload": b"\xff", "from": sender, "reliability": "RELIABLE"})
    assert said == [Said(b"\xff", "RELIABLE")]
    assert stay.refused == 1


@pytest.mark.parametrize("event", [("meeting-left", {}), ("error", "Internal socket Error")])
async def test_a_meeting_that_goes_is_told_of_unless_it_was_left(event: tuple[str, Any]) -> None:
    meeting = ToldMeeting(JOINED)
    stay = visit(meeting)
    lost: list[str] = []
    stay.lost.connect(lost.append)
    await stay.join()
    meeting.tell(*event)
    assert len(lost) == 1
    await stay.aclose()
    await stay.aclose()
    assert (len(lost), meeting.left) == (1, 1)


async def test_other_errors_of_a_meeting_end_nothing() -> None:
    meeting = ToldMeeting(JOINED)
    stay = visit(meeting)
    lost: list[str] = []
    stay.lost.connect(lost.append)
    await stay.join()
    meeting.tell("error", "Error while Handling Consumer")
    await asyncio.sleep(0)
    assert lost == []
