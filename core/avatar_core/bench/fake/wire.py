"""What a fake session pretends to send and receive: the messages of LiveKit's avatar protocol in their order."""

from avatar_core.clock import Clock
from avatar_core.room.wire_record import WireEvent
from avatar_core.signal import Signal
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
    RPC_PLAYBACK_FINISHED,
    RPC_PLAYBACK_STARTED,
    TOPIC_AUDIO_STREAM,
    TOPIC_BENCH_REPORT,
)

_BYTES_A_SECOND = 48_000


class FakeWire:
    """Owned by the fake world; `noted` tells of each event, at the time it is said to have happened."""

    def __init__(self, clock: Clock) -> None:
        self.noted: Signal[WireEvent] = Signal("fake wire")
        self._clock = clock

    def speak(self, provider_id: str, at_s: float | None = None) -> None:
        """A segment goes out and begins to sound."""
        now_s, peer = self._clock.now() if at_s is None else at_s, f"avatar-{provider_id}"
        self.noted.emit(WireEvent(now_s, "sent", "stream_begin", TOPIC_AUDIO_STREAM, peer))
        self.noted.emit(WireEvent(now_s, "received", "rpc", RPC_PLAYBACK_STARTED, peer, 52, took_ms=0.4))
        self.noted.emit(WireEvent(now_s, "received", "packet", TOPIC_BENCH_REPORT, peer, 148))

    def finish(self, provider_id: str, duration_s: float, at_s: float | None = None) -> None:
        """A segment was sent to its end, and the avatar answers it."""
        now_s, peer = self._clock.now() if at_s is None else at_s, f"avatar-{provider_id}"
        sent, took_ms = round(duration_s * _BYTES_A_SECOND), duration_s * 1000
        self.noted.emit(WireEvent(now_s, "sent", "stream_end", TOPIC_AUDIO_STREAM, peer, sent, took_ms=took_ms))
        self.noted.emit(WireEvent(now_s, "received", "rpc", RPC_PLAYBACK_FINISHED, peer, 96, took_ms=0.6))

    def clear(self, provider_id: str, took_ms: float, outcome: str = "ok", at_s: float | None = None) -> None:
        """The agent asks for silence."""
        now_s = self._clock.now() if at_s is None else at_s
        self.noted.emit(
            WireEvent(now_s, "sent", "rpc", RPC_CLEAR_BUFFER, f"avatar-{provider_id}", outcome=outcome, took_ms=took_ms)
        )
