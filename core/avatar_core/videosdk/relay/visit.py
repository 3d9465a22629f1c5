"""One stay in a meeting: join and leave, with errors that say why; the peer's coming, its streams, its words."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from avatar_core.errors import RoomConnectError, RoomError
from avatar_core.signal import Signal
from avatar_core.videosdk.relay.surface import (
    CAME,
    LEFT,
    LiveMeeting,
    MediaStream,
    MeetingParticipant,
    MeetingSdk,
)
from avatar_core.wire.relay import MeetingPlace
from avatar_core.wire.videosdk import Reliability

_log = logging.getLogger(__name__)

JOIN_S: Final = 30.0
_LEAVE_S: Final = 2.0
_SOCKET_LOST: Final = "Internal socket Error"
"""VideoSDK's word for the loss of its signalling, from which its SDK does not come back."""


class Said(NamedTuple):
    """One message of the peer."""

    payload: bytes | str
    channel: Reliability


class MeetingVisit:
    """As one participant, looking at the participant `place.peer` alone; what others say is counted in `refused`.

    `peer_came` comes with the peer, before its streams; `lost` with the reason once the meeting is gone though nobody
    left it. Streams of a shared screen are left alone.
    """

    def __init__(self, sdk: MeetingSdk, place: MeetingPlace) -> None:
        self.peer_came: Signal[MeetingParticipant] = Signal("meeting peer came")
        self.peer_left: Signal[None] = Signal("meeting peer left")
        self.stream_began: Signal[MediaStream] = Signal("meeting stream began")
        self.stream_ended: Signal[MediaStream] = Signal("meeting stream ended")
        self.said: Signal[Said] = Signal("meeting message")
        self.lost: Signal[str] = Signal("meeting lost")
        self.peer: MeetingParticipant | None = None
        self.refused = 0
        self.meeting: LiveMeeting = sdk.meeting(place)
        self._sdk = sdk
        self._place = place
        self._listener = _PeerListener(self)
        # Why it was not joined; empty once it was.
        self._joined: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._left = asyncio.Event()
        self._leaving = False
        self.meeting.add_event_listener(self)

    async def join(self, *, timeout_s: float = JOIN_S) -> None:
        """Return once it is joined; RoomConnectError says why not."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.meeting.async_join()
                why = await self._joined
        except TimeoutError:
            why = f"no answer in {timeout_s:g} s"
        if why:
            raise RoomConnectError(f"The meeting {self._place.meeting_id} can't be joined: {self._explained(why)}")

    async def send(self, said: Said) -> None:
        """To everybody in the meeting; RoomError where that fails."""
        try:
            await self.meeting.send(said.payload, {"reliability": said.channel})
        except Exception as failure:
            # Code of others, which raises what it likes.
            raise RoomError(f"The meeting took no message of {len(said.payload)}: {failure}") from failure

    async def aclose(self) -> None:
        """Leave; harmless twice."""
        if self._leaving:
            return
        self._leaving = True
        self._forget_peer()
        self.meeting.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_S):
                await self._left.wait()

    def handle_event(self, action: str, data: Any) -> None:
        """VideoSDK's call for each event of a meeting."""
        if action == "data":
            self._hear(data)
        elif action in CAME:
            self._meet(data)
        elif action in LEFT:
            if data.id == self._place.peer and self.peer is not None:
                self._forget_peer()
                self.peer_left.emit(None)
        elif action == "meeting-joined":
            self._answer("")
        elif action == "error":
            _log.warning("the meeting tells of an error: %s", data)
            if self._joined.done() and str(data) == _SOCKET_LOST:
                self._lose(self._sdk.complaint or _SOCKET_LOST)
            self._answer(str(data))
        elif action == "meeting-left":
            self._left.set()
            self._answer("it was left")
            self._lose("it was ended, or the connection to it was lost")

    def _lose(self, why: str) -> None:
        if not self._leaving:
            self.lost.emit(why)

    def _answer(self, why: str) -> None:
        if not self._joined.done():
            self._joined.set_result(why)

    def _hear(self, data: Mapping[str, Any]) -> None:
        if str(data.get("from", "")) != self._place.peer:
            self.refused += 1
            return
        self.said.emit(Said(data["payload"], data["reliability"]))

    def _meet(self, participant: MeetingParticipant) -> None:
        if participant.id != self._place.peer:
            return
        self._forget_peer()
        self.peer = participant
        participant.add_event_listener(self._listener)
        self.peer_came.emit(participant)
        for stream in tuple(participant.streams.values()):
            self._listener.handle_event("stream-enabled", stream)

    def _forget_peer(self) -> None:
        peer, self.peer = self.peer, None
        if peer is not None:
            # VideoSDK's participant drops all listeners when it leaves.
            with contextlib.suppress(ValueError):
                peer.remove_event_listener(self._listener)

    def _explained(self, why: str) -> str:
        """The SDK's own words, and what to try for those that are known."""
        cause = self._sdk.complaint or why
        for sign, advice in _ADVICE.items():
            if sign in cause:
                return f"{advice} ({cause})"
        return cause


class _PeerListener:
    """VideoSDK's ParticipantEventHandler for the peer."""

    def __init__(self, visit: MeetingVisit) -> None:
        self._visit = visit

    def handle_event(self, action: str, data: Any) -> None:
        if data is None or getattr(data, "kind", "") not in ("audio", "video"):
            return
        if action == "stream-enabled":
            self._visit.stream_began.emit(data)
        elif action == "stream-disabled":
            self._visit.stream_ended.emit(data)


_ADVICE: Final[Mapping[str, str]] = {
    "401": "the token was refused; check VIDEOSDK_AUTH_TOKEN, or VIDEOSDK_API_KEY and VIDEOSDK_SECRET_KEY",
    "403": "the token may not join it; check its permissions and VIDEOSDK_ROOM_ID",
    "404": "there is no such meeting; check VIDEOSDK_ROOM_ID",
    "400": "VideoSDK takes it for no meeting; check VIDEOSDK_ROOM_ID and the token",
    "resolve": "VideoSDK can't be reached; check the network and VIDEOSDK_SIGNALING_BASE_URL",
    "refused": "VideoSDK can't be reached; check the network and VIDEOSDK_SIGNALING_BASE_URL",
}
