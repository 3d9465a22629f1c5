"""A room in memory: RoomConnection's surface, as far as the avatar wire uses it, between participants of one loop.

Messages arrive in the order in which they were sent, one turn of the loop later. Nothing is lost unless a test says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room.incoming_stream import StreamAborted
from avatar_core.room.routes import Routes
from avatar_core.room.rpc import RpcCall, RpcError, RpcErrorCode
from avatar_core.room.values import (
    ConnectionState,
    DataPacket,
    Participant,
    ParticipantLeft,
    Publication,
    StateChanged,
    TrackKind,
    TrackSource,
)
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup


class FakeRoom:
    """Who is in it. `rpc_failures` are raised, one each, by the next calls; `deaf_to` are methods never answered.

    While `way` is not set nothing more goes out on streams. `untold` are members that the others are not told of yet,
    `gone` those that left.
    """

    def __init__(self) -> None:
        self.members: dict[str, FakeConnection] = {}
        self.calls: list[tuple[str, str, str]] = []
        self.rpc_failures: list[RpcError] = []
        self.deaf_to: set[str] = set()
        self.untold: set[str] = set()
        self.gone: set[str] = set()
        self.ids = count(1)
        self.way = asyncio.Event()
        self.way.set()

    def connection(self, identity: str) -> "FakeConnection":
        """A connection that has not joined yet."""
        return FakeConnection(self, identity)

    def join(self, identity: str, *, active: bool = True) -> "FakeConnection":
        """A connection that has."""
        connection = self.connection(identity)
        connection.join(active=active)
        return connection


class FakeConnection:
    """One participant."""

    def __init__(self, room: FakeRoom, identity: str) -> None:
        self.room = room
        self.identity = identity
        self.state = ConnectionState.NEW
        self.active = True
        self.publications: tuple[Publication, ...] = ()
        self.audio: list[FakeAudioTrack] = []
        self.video: list[FakeVideoTrack] = []
        self.events = SimpleNamespace(
            state_changed=Signal[StateChanged]("state_changed"),
            participant_connected=Signal[Participant]("participant_connected"),
            participant_disconnected=Signal[ParticipantLeft]("participant_disconnected"),
            data_received=Signal[DataPacket]("data_received"),
            changed=Signal[None]("changed"),
        )
        self.room_name = "fake-room"
        self.rpc = FakeRpc(self)
        self.streams = FakeStreams(self)
        self.tasks = TaskGroup()

    @property
    def participants(self) -> Mapping[str, Participant]:
        others = [one for one in self.room.members.values() if one is not self and one.identity not in self.room.untold]
        return {other.identity: other.as_participant() for other in others} if self.state.value == "connected" else {}

    def participant(self, identity: str) -> Participant | None:
        return self.participants.get(identity)

    def has_left(self, identity: str) -> bool:
        return identity in self.room.gone

    def as_participant(self) -> Participant:
        return Participant(self.identity, "PA", "", "agent", "", {}, self.active, self.publications)

    def join(self, *, active: bool = True) -> None:
        self.active = active
        self.state = ConnectionState.CONNECTED
        self.room.members[self.identity] = self
        self.room.gone.discard(self.identity)
        self.tell_others(lambda other: other.events.participant_connected.emit(self.as_participant()))

    def activate(self) -> None:
        self.active = True
        self.tell_others(lambda _: None)

    def publish(self, kind: TrackKind) -> None:
        publication = Publication("TR", self.identity, kind.value, kind, TrackSource.UNKNOWN, False, False, "")
        self.publications += (publication,)
        self.tell_others(lambda _: None)

    def leave(self) -> None:
        """Go, with whatever streams are open, as a process that was killed."""
        del self.room.members[self.identity]
        self.room.gone.add(self.identity)
        self.streams.abort()
        self.tell_others(
            lambda other: other.events.participant_disconnected.emit(ParticipantLeft(self.as_participant(), ""))
        )

    def lose(self) -> None:
        previous, self.state = self.state, ConnectionState.LOST
        self.events.state_changed.emit(StateChanged(previous, self.state, "TEST"))
        self.events.changed.emit(None)

    def tell_others(self, tell: Callable[["FakeConnection"], None]) -> None:
        for other in self.room.members.values():
            if other is not self:
                tell(other)
                other.events.changed.emit(None)

    async def wait_for(self, find: Callable[[], object], *, what: str, timeout_s: float) -> object:
        found = asyncio.Event()
        stop = self.events.changed.connect(lambda _: found.set())
        try:
            async with asyncio.timeout(timeout_s):
                while (result := find()) is None:
                    if self.state is ConnectionState.LOST:
                        raise RoomError("the room is lost")
                    found.clear()
                    await found.wait()
                return result
        except TimeoutError:
            raise RoomError(f"Waited for {what}") from None
        finally:
            stop()

    async def wait_for_participant(self, identity: str, *, timeout_s: float) -> object:
        def find() -> Participant | None:
            participant = self.participant(identity)
            return participant if participant is not None and participant.active else None

        return await self.wait_for(find, what=identity, timeout_s=timeout_s)

    async def send_data(
        self, payload: bytes, *, topic: str = "", reliable: bool = True, destinations: Sequence[str] = ()
    ) -> None:
        packet = DataPacket(payload, topic, self.identity, reliable)
        others = [member for member in self.room.members.values() if member is not self]
        for member in others:
            if not destinations or member.identity in destinations:
                member.events.data_received.emit(packet)

    async def publish_audio(self, name: str, **_: object) -> "FakeAudioTrack":
        self.publish(TrackKind.AUDIO)
        self.audio.append(FakeAudioTrack())
        return self.audio[-1]

    async def publish_video(self, name: str, *_: object) -> "FakeVideoTrack":
        self.publish(TrackKind.VIDEO)
        self.video.append(FakeVideoTrack())
        return self.video[-1]

    async def aclose(self) -> None:
        self.state = ConnectionState.CLOSED
        await self.tasks.aclose()


class FakeRpc:
    """Calls between the members of a room."""

    def __init__(self, connection: FakeConnection) -> None:
        self.routes: Routes[Callable[[RpcCall], Awaitable[str]]] = Routes(what="RPC method")
        self._connection = connection

    def register(
        self, method: str, handler: Callable[[RpcCall], Awaitable[str]], *, caller: str | None = None
    ) -> Callable[[], None]:
        return self.routes.add(method, caller, handler)

    async def perform(
        self,
        destination: str,
        method: str,
        payload: str = "",
        *,
        response_timeout_s: float | None = None,
        ack_timeout_s: float | None = None,
    ) -> str:
        room = self._connection.room
        room.calls.append((self._connection.identity, method, payload))
        await asyncio.sleep(0)
        if room.rpc_failures:
            raise room.rpc_failures.pop(0)
        if method in room.deaf_to:
            await asyncio.Event().wait()
        callee = room.members.get(destination)
        handler = callee.rpc.routes.find(method, self._connection.identity) if callee is not None else None
        if handler is None:
            raise RpcError(RpcErrorCode.UNSUPPORTED_METHOD, f"{destination} does not serve {method}")
        return await handler(RpcCall(method, self._connection.identity, payload, 15.0))


class FakeStream:
    """A byte stream as both ends see it."""

    def __init__(
        self, sender: str, stream_id: str, topic: str, attributes: Mapping[str, str], way: asyncio.Event
    ) -> None:
        self._way = way
        self.sender = sender
        self.id = stream_id
        self.topic = topic
        self.attributes = dict(attributes)
        self.closed_by_reader = False
        self.ended = False
        self._chunks: asyncio.Queue[bytes | StreamAborted | None] = asyncio.Queue()

    async def write(self, chunk: bytes) -> None:
        if self.ended:
            raise RuntimeError("this stream is closed")
        await self._way.wait()
        self._chunks.put_nowait(chunk)

    async def aclose(self, *, reason: str = "") -> None:
        if not self.ended:
            self.ended = True
            self._chunks.put_nowait(None)

    def abort(self) -> None:
        if not self.ended:
            self.ended = True
            self._chunks.put_nowait(StreamAborted("the sender is gone"))

    def close(self) -> None:
        self.closed_by_reader = True

    def __aiter__(self) -> "FakeStream":
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._chunks.get()
        if isinstance(chunk, StreamAborted):
            raise chunk
        if chunk is None:
            raise StopAsyncIteration
        return chunk


class FakeStreams:
    """Byte streams between the members of a room. `opened` are those of this member, oldest first."""

    def __init__(self, connection: FakeConnection) -> None:
        self.routes: Routes[Callable[[FakeStream], Awaitable[None]]] = Routes(what="byte stream topic")
        self.opened: list[FakeStream] = []
        self._connection = connection

    def handle_bytes(
        self, topic: str, handler: Callable[[FakeStream], Awaitable[None]], *, sender: str | None = None
    ) -> Callable[[], None]:
        return self.routes.add(topic, sender, handler)

    async def open_bytes(
        self,
        topic: str,
        *,
        name: str = "",
        destinations: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        total_bytes: int | None = None,
    ) -> FakeStream:
        await asyncio.sleep(0)
        sender = self._connection.identity
        stream = FakeStream(
            sender, f"stream-{next(self._connection.room.ids)}", topic, attributes or {}, self._connection.room.way
        )
        self.opened.append(stream)
        for identity in destinations:
            member = self._connection.room.members.get(identity)
            handler = member.streams.routes.find(topic, sender) if member is not None else None
            if member is not None and handler is not None:
                member.tasks.spawn(handler(stream), name=f"handler of {stream.id}")
        return stream

    def abort(self) -> None:
        for stream in self.opened:
            stream.abort()


class FakeAudioTrack:
    """Everything that was captured, and how often the queue was cleared."""

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.clears = 0

    async def capture(self, frame: AudioFrame) -> None:
        self.frames.append(frame)
        await asyncio.sleep(0)

    def clear_queue(self) -> None:
        self.clears += 1


class FakeVideoTrack:
    """Every picture that was captured."""

    def __init__(self) -> None:
        self.frames: list[VideoFrame] = []

    def capture(self, frame: VideoFrame) -> None:
        self.frames.append(replace(frame))
