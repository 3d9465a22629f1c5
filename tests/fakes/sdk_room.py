"""A stand-in for rtc.Room and what hangs on it: no native library, no network, everything under the test's hand."""

import asyncio
from types import SimpleNamespace

from livekit import rtc
from livekit.rtc._proto.participant_pb2 import ParticipantPermission


def participant(identity: str, **values: object) -> SimpleNamespace:
    """A participant with the attributes of the SDK's, tracks by sid."""
    fields: dict[str, object] = {
        "identity": identity,
        "sid": f"PA_{identity}",
        "name": "",
        "kind": rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,
        "metadata": "",
        "attributes": {},
        "state": rtc.ParticipantState.PARTICIPANT_STATE_ACTIVE,
        "disconnect_reason": None,
        "track_publications": {},
    }
    return SimpleNamespace(**(fields | values))


def publication(sid: str, **values: object) -> SimpleNamespace:
    """A publication with the attributes of the SDK's."""
    fields: dict[str, object] = {
        "sid": sid,
        "name": "voice",
        "kind": rtc.TrackKind.KIND_AUDIO,
        "source": rtc.TrackSource.SOURCE_MICROPHONE,
        "muted": False,
        "mime_type": "audio/opus",
        "width": 0,
        "height": 0,
        "track": None,
    }
    return SimpleNamespace(**(fields | values))


class FakeStreamWriter:
    """Records what is written and closed, in order; `gate` holds every write back until it is set."""

    def __init__(self, stream_id: str = "stream-1") -> None:
        self.info = SimpleNamespace(stream_id=stream_id)
        self.log: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None

    async def write(self, chunk: bytes | str) -> None:
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        self.log.append(f"write {chunk!r}")

    async def aclose(self, *, reason: str = "") -> None:
        self.log.append(f"close {reason}".rstrip())


class FakeStreamReader:
    """An incoming stream that yields `chunks`, then fails with `failure` where one is given."""

    def __init__(self, topic: str, chunks: list[bytes], failure: Exception | None = None) -> None:
        self.info = rtc.ByteStreamInfo("stream-1", "application/octet-stream", topic, 0, 0, {"rate": "1"}, name="n")
        self.closed = False
        self._chunks = list(chunks)
        self._failure = failure

    def __aiter__(self) -> "FakeStreamReader":
        return self

    async def __anext__(self) -> bytes:
        await asyncio.sleep(0)
        if self._chunks:
            return self._chunks.pop(0)
        if self._failure is not None:
            raise self._failure
        raise StopAsyncIteration

    def close(self) -> None:
        self.closed = True


class FakeLocalParticipant:
    """Oneself: answers what the test has prepared."""

    def __init__(self) -> None:
        self.permissions = ParticipantPermission(can_publish=True, can_subscribe=True, can_publish_data=True)
        self.rpc_methods: dict[str, object] = {}
        self.rpc_calls: list[dict[str, object]] = []
        self.rpc_answer: str | Exception = "ok"
        self.writer = FakeStreamWriter()

    def register_rpc_method(self, method: str, handler: object) -> None:
        assert method not in self.rpc_methods
        self.rpc_methods[method] = handler

    async def perform_rpc(self, **call: object) -> str:
        self.rpc_calls.append(call)
        if isinstance(self.rpc_answer, Exception):
            raise self.rpc_answer
        return self.rpc_answer

    async def stream_bytes(self, name: str, **options: object) -> FakeStreamWriter:
        return self.writer

    async def stream_text(self, **options: object) -> FakeStreamWriter:
        return self.writer


class FakeSdkRoom(rtc.EventEmitter):
    """Joins when `joined` is set, or fails with `join_failure`; leaves at once."""

    def __init__(self) -> None:
        super().__init__()
        self.name = "studio"
        self.local_participant = FakeLocalParticipant()
        self.remote_participants: dict[str, SimpleNamespace] = {}
        self.joined = asyncio.Event()
        self.joined.set()
        self.join_failure: Exception | None = None
        self.leaves = asyncio.Event()
        self.leaves.set()
        self.calls: list[str] = []
        self.stream_handlers: dict[tuple[str, str], object] = {}

    async def connect(self, url: str, token: str, options: rtc.RoomOptions) -> None:
        self.calls.append(f"connect {url}")
        await self.joined.wait()
        if self.join_failure is not None:
            raise self.join_failure

    async def disconnect(self) -> None:
        self.calls.append("disconnect")
        await self.leaves.wait()

    def register_byte_stream_handler(self, topic: str, handler: object) -> None:
        assert ("bytes", topic) not in self.stream_handlers
        self.stream_handlers["bytes", topic] = handler

    def register_text_stream_handler(self, topic: str, handler: object) -> None:
        assert ("text", topic) not in self.stream_handlers
        self.stream_handlers["text", topic] = handler
