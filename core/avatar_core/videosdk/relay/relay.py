"""The relay: in the meeting it stands for a participant of the room, in the room for one of the meeting, whole.

Each of the two comes and goes with the one it stands for. What the one says or publishes goes to the other, as it is.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal

from avatar_core.clock import Clock
from avatar_core.errors import BenchError, RoomConnectError, RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import ConnectionState, Publication, StateChanged, TrackKind
from avatar_core.tasks import TaskGroup, cancel_and_wait
from avatar_core.videosdk.relay.delays import DelayMeter
from avatar_core.videosdk.relay.media import frames_of, publish_pictures, publish_sound
from avatar_core.videosdk.relay.messages import MessageWay
from avatar_core.videosdk.relay.surface import MediaStream, MeetingParticipant, MeetingSdk
from avatar_core.videosdk.relay.visit import MeetingVisit, Said
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.wire.relay import JoinBoth, MeetingJoined, PeerCame, PeerLeft, RelayEnded
from avatar_core.wire.videosdk import Reliability

_log = logging.getLogger(__name__)

CHANNELS: Final[tuple[Reliability, ...]] = ("RELIABLE", "UNRELIABLE")
_ATTRIBUTES: Final = "videosdk."
"""So that nothing said in the meeting is taken for an attribute of the room's own."""
EndReason = Literal["stopped", "not_joined", "meeting_lost", "room_lost", "failed"]


class Relay:
    """Run once by `run`; `tell` hears of what happens meanwhile, in messages of RELAY_EVENTS."""

    def __init__(self, sdk: MeetingSdk, order: JoinBoth, clock: Clock, tell: Callable[[object], None]) -> None:
        self._sdk = sdk
        self._order = order
        self._clock = clock
        self._tell = tell
        self._visit = MeetingVisit(sdk, order.meeting)
        self._came = asyncio.Event()
        self._went = asyncio.Event()
        self._over: asyncio.Future[tuple[EndReason, str]] = asyncio.get_running_loop().create_future()
        self._presence: _Presence | None = None
        self._counts: Counter[str] = Counter()
        self._visit.peer_came.connect(lambda _: self._came.set())
        self._visit.peer_left.connect(lambda _: self._went.set())
        self._visit.lost.connect(lambda why: self._end("meeting_lost", why))

    async def run(self) -> RelayEnded:
        """Be in both until that is over; never raises for what can go wrong there.

        Its end is told before it leaves, so that its owner knows why, and returned behind that.
        """
        tasks = TaskGroup(on_failure=self._on_failure)
        try:
            await self._visit.join()
            self._tell(MeetingJoined(self._clock.now()))
            tasks.spawn(self._stand_in_room(), name="relay in the room")
            reason, detail = await self._over
        except BenchError as failure:
            reason, detail = "not_joined", str(failure)
        try:
            ended = RelayEnded(reason, detail[:4_000], at_s=self._clock.now(), **_counted(self._tally()))
            self._tell(ended)
            return ended
        finally:
            await tasks.aclose()
            await self._visit.aclose()

    def stop(self) -> None:
        """Let `run` come to its end."""
        self._end("stopped", "told to stop")

    async def _stand_in_room(self) -> None:
        """Each time the peer is in the meeting, be it in the room."""
        while True:
            await self._came.wait()
            self._came.clear()
            self._went.clear()
            peer = self._visit.peer
            if peer is None:
                continue
            presence = _Presence(self._sdk, self._visit, peer, self._order, self._clock, self._tell, self._end)
            self._presence = presence
            try:
                await presence.begin()
                await self._went.wait()
            finally:
                await presence.aclose()
                self._presence = None
                self._counts.update(presence.tally())
            self._tell(PeerLeft(self._clock.now()))

    def _tally(self) -> Counter[str]:
        now = self._presence.tally() if self._presence is not None else {}
        return self._counts + Counter(now) + Counter(refused=self._visit.refused)

    def _on_failure(self, name: str, failure: BaseException) -> None:
        if isinstance(failure, RoomConnectError):
            self._end("not_joined", str(failure))
            return
        if not isinstance(failure, RoomError):
            _log.error("%s failed", name, exc_info=failure)
        self._end("failed", f"{name}: {failure}")

    def _end(self, reason: EndReason, detail: str) -> None:
        if not self._over.done():
            self._over.set_result((reason, detail))


class _Presence:
    """The meeting's peer, while it is there, as a participant of the room."""

    def __init__(
        self,
        sdk: MeetingSdk,
        visit: MeetingVisit,
        peer: MeetingParticipant,
        order: JoinBoth,
        clock: Clock,
        tell: Callable[[object], None],
        end: Callable[[EndReason, str], None],
    ) -> None:
        self._sdk = sdk
        self._visit = visit
        self._peer = peer
        self._room = order.room
        self._clock = clock
        self._tell = tell
        self._end = end
        self._connection = RoomConnection(clock=clock)
        self._data = RoomMeeting(self._connection, destinations=[order.room.peer])
        self._refused = 0
        self._tasks = TaskGroup(on_failure=self._on_failure)
        self._carried: dict[str, asyncio.Task[None]] = {}
        self._into_meeting = {name: MessageWay(visit.send, name=f"{name} into the meeting") for name in CHANNELS}
        self._into_room = {name: MessageWay(self._send, name=f"{name} into the room") for name in CHANNELS}
        self._disconnect = (
            self._connection.events.state_changed.connect(self._on_state),
            self._connection.events.track_subscribed.connect(self._on_track),
            self._connection.events.track_unsubscribed.connect(self._on_track_ended),
            visit.said.connect(lambda said: self._into_room[said.channel].put(said)),
            visit.stream_began.connect(self._on_stream),
            visit.stream_ended.connect(self._on_stream_ended),
        )

    async def begin(self) -> None:
        """Join the room; RoomConnectError."""
        self._data.add_event_listener(self)
        await self._connection.connect(self._room.url, self._room.token)
        if self._connection.grants.can_update_own_metadata:
            described = self._peer.meta_data if isinstance(self._peer.meta_data, dict) else {}
            attributes = {f"{_ATTRIBUTES}{key}": _text(value) for key, value in described.items()}
            await self._connection.update_self(name=self._peer.display_name, attributes=attributes)
        for stream in tuple(self._peer.streams.values()):
            self._on_stream(stream)
        self._tell(PeerCame(str(self._peer.display_name or "")[:256], self._clock.now()))

    def tally(self) -> Mapping[str, int]:
        """Messages that passed, those of others than the room's peer, those that were lost."""
        ways = (*self._into_meeting.values(), *self._into_room.values())
        return {
            "messages": sum(way.passed for way in ways),
            "refused": self._refused,
            "lost": sum(way.lost for way in ways),
        }

    async def aclose(self) -> None:
        """Leave the room; harmless twice."""
        for disconnect in self._disconnect:
            disconnect()
        await self._tasks.aclose()
        for way in (*self._into_meeting.values(), *self._into_room.values()):
            await way.aclose()
        self._data.close()
        await self._connection.aclose()

    def handle_event(self, action: str, data: Mapping[str, Any]) -> None:
        """What somebody in the room says; the agent alone is passed on (PROTOCOLS V17)."""
        if action != "data":
            return
        if data["from"] != self._room.peer:
            self._refused += 1
            return
        channel: Reliability = data["reliability"]
        self._into_meeting[channel].put(Said(data["payload"], channel))

    async def _send(self, said: Said) -> None:
        await self._data.send(said.payload, {"reliability": said.channel})

    def _on_stream(self, stream: MediaStream) -> None:
        """The meeting's peer publishes: publish it in the room."""
        if stream.id in self._carried or self._connection.state is not ConnectionState.CONNECTED:
            return
        sound = stream.kind == "audio"
        publish = publish_sound if sound else publish_pictures
        meter = DelayMeter("audio" if sound else "video", self._tell, self._clock)
        carrying = publish(stream.track, self._sdk.track_ended, self._connection, meter.passed, self._clock)
        self._carried[stream.id] = self._tasks.spawn(carrying, name=f"relay {stream.kind} into the room")

    def _on_stream_ended(self, stream: MediaStream) -> None:
        carrying = self._carried.pop(stream.id, None)
        if carrying is not None:
            self._tasks.spawn(cancel_and_wait(carrying), name=f"end of {stream.kind} in the room")

    def _on_track(self, track: Publication) -> None:
        """The room's peer publishes: publish it in the meeting."""
        if track.owner != self._room.peer:
            return
        meeting = self._visit.meeting
        if track.kind is TrackKind.AUDIO:
            sound = self._connection.read_audio(track.sid)
            meeting.add_custom_audio_track(self._sdk.audio_track(frames_of(sound)))
        else:
            pictures = self._connection.read_video(track.sid)
            meeting.add_custom_video_track(self._sdk.video_track(frames_of(pictures)))

    def _on_track_ended(self, track: Publication) -> None:
        if track.owner == self._room.peer:
            take_back: Callable[[], Awaitable[None] | None] = (
                self._visit.meeting.disable_mic if track.kind is TrackKind.AUDIO else self._visit.meeting.disable_webcam
            )
            take_back()

    def _on_state(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST:
            self._end("room_lost", change.reason or "no reason given")

    def _on_failure(self, name: str, failure: BaseException) -> None:
        if not isinstance(failure, RoomError):
            _log.error("%s failed", name, exc_info=failure)
        self._end("failed", f"{name}: {failure}")


def _counted(tally: Mapping[str, int]) -> dict[str, int]:
    """With a zero for what did not happen."""
    return {name: tally.get(name, 0) for name in ("messages", "refused", "lost")}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
