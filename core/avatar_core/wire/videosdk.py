"""VideoSDK's avatar protocol (PROTOCOLS 3.3): the messages M1 to M4 of its data channels, encode and strict decode.

No I/O. What is ours alone is named `bench.*` and stands in texts, or keys of texts, that a peer of theirs ignores.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import numpy as np

from avatar_core.errors import WireError
from avatar_core.wire.codec import Within, from_fields, parse_object
from avatar_core.wire.livekit import BYTES_PER_SAMPLE, Generation, PositionS, SegmentId

Reliability = Literal["RELIABLE", "UNRELIABLE"]
"""VideoSDK's names of the two channels. Neither keeps an order, and the names mislead both ways (PROTOCOLS V6)."""

SAMPLE_RATE_HZ: Final = 24_000
"""No message carries it: both sides are configured alike, and this is what VideoSDK's agent sends, mono."""
MAX_MESSAGE_BYTES: Final = 15 * 1024
MAX_CHUNK_BYTES: Final = 15_000
INTERRUPT_COOLDOWN_S: Final = 0.3
"""How long their worker drops all sound after an interrupt (PROTOCOLS V15)."""

_INTERRUPT: Final = b"INTERRUPT"
_OURS: Final = "bench."
_THEIRS: Final = ("playback_position", "interrupted")
_Count = Annotated[int, Within(0, 2**53)]


@dataclass(frozen=True, slots=True)
class Audio:
    """M1: mono s16le, an even number of bytes, MAX_CHUNK_BYTES at most where ours sends it."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Interrupt:
    """M3: all that was said so far is void. `interrupts` is ours: how many there have been, None from other peers."""

    interrupts: _Count | None = None


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """M2: the speech ends. Ours names the segment, and how many bytes of sound it had: the end may overtake them."""

    segment_id: SegmentId | None = None
    generation: Generation = 0
    audio_bytes: _Count | None = None


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """M4: seconds heard of the oldest segment, and whether it was cut. Ours repeats the segment's name."""

    playback_position: PositionS
    interrupted: bool
    segment_id: SegmentId | None = None
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """Ours, agent to worker, before the sound of a segment: what follows was said after that many `interrupts`."""

    segment_id: SegmentId
    generation: Generation
    interrupts: _Count


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """Ours, worker to agent: the first sound of a segment left."""

    segment_id: SegmentId
    generation: Generation = 0


Message: TypeAlias = Audio | Interrupt | SegmentEnd | StreamEnded | SegmentStart | StreamStarted
M = TypeVar("M", SegmentEnd, StreamEnded, Interrupt, SegmentStart, StreamStarted)


def chunks(pcm: bytes) -> Iterator[Audio]:
    """Mono s16le cut into messages, in order; an odd last byte is padded, as theirs is (PROTOCOLS V5, V10)."""
    whole = pcm + bytes(len(pcm) % BYTES_PER_SAMPLE)
    for start in range(0, len(whole), MAX_CHUNK_BYTES):
        yield Audio(whole[start : start + MAX_CHUNK_BYTES])


def never_text(audio: Audio) -> Audio:
    """The same sound for a receiver of theirs, which takes for text what is valid UTF-8, and drops it (PROTOCOLS V8).

    Where it is, the sample nearest to zero becomes -1, two bytes that no text has: of silence, one step of 65536.
    """
    try:
        audio.pcm.decode()
    except UnicodeDecodeError:
        return audio
    samples = np.frombuffer(audio.pcm, dtype="<i2").copy()
    if len(samples):
        samples[np.abs(samples.astype(np.int32)).argmin()] = -1
    return Audio(samples.tobytes())


def encode(message: Message) -> bytes | str:
    """The payload of one message: bytes or text, as theirs sends it."""
    match message:
        case Audio(pcm):
            return pcm
        case Interrupt(None):
            return _INTERRUPT
        case Interrupt(interrupts):
            return _text("bench.interrupt", {"bench.interrupts": interrupts})
        case SegmentEnd(segment_id, generation, audio_bytes):
            ours: dict[str, Any] = {} if audio_bytes is None else {"bench.audio_bytes": audio_bytes}
            return _text("segment_end", _named(segment_id, generation) | ours)
        case StreamEnded(position_s, interrupted, segment_id, generation):
            data = {"playback_position": position_s, "interrupted": interrupted}
            return _text("stream_ended", {"data": data | _named(segment_id, generation)})
        case SegmentStart(segment_id, generation, interrupts):
            return _text("bench.segment_start", _named(segment_id, generation) | {"bench.interrupts": interrupts})
        case StreamStarted(segment_id, generation):
            return _text("bench.stream_started", _named(segment_id, generation))


def reliability(message: Message) -> Reliability:
    """The channel of a message: sound, and what stands in order with it, on the one; all else on the other (3.3)."""
    return "UNRELIABLE" if isinstance(message, Audio | SegmentStart) else "RELIABLE"


def decode(payload: bytes | bytearray | memoryview | str, channel: Reliability) -> Message:
    """Read one message; WireError for what is none.

    VideoSDK hands over as text whatever is valid UTF-8, sound too (PROTOCOLS V8): so a text is sound unless it has the
    exact form of a control message, or came by the channel that never carries sound.
    """
    raw = payload.encode() if isinstance(payload, str) else bytes(payload)
    if not raw or len(raw) > MAX_MESSAGE_BYTES:
        raise WireError(f"VideoSDK message: {len(raw)} bytes, 1 to {MAX_MESSAGE_BYTES} are accepted")
    # Nine bytes are no whole number of samples, so no sound of ours reads so; theirs is padded to an even number.
    if raw == _INTERRUPT:
        return Interrupt()
    if (fields := _object(raw)) is not None:
        return _control(fields)
    if isinstance(payload, str) and channel == "RELIABLE":
        raise WireError(f"VideoSDK message: the text {payload[:40]!r} is none of the protocol")
    return Audio(raw + bytes(len(raw) % BYTES_PER_SAMPLE))


def _object(raw: bytes) -> dict[str, Any] | None:
    """The JSON object that `raw` is; None where it is none, as sound is not."""
    if not (raw.startswith(b"{") and raw.rstrip().endswith(b"}")):
        return None
    try:
        return parse_object(raw, where="VideoSDK message", max_bytes=MAX_MESSAGE_BYTES)
    except WireError:
        return None


def _control(fields: dict[str, Any]) -> Message:
    kind = fields.get("type")
    match kind:
        case "segment_end":
            return _read(SegmentEnd, fields, kind)
        case "stream_ended":
            data = fields.get("data")
            if not isinstance(data, dict):
                raise WireError("VideoSDK stream_ended: data is no object")
            return _read(StreamEnded, data, kind)
        case "bench.interrupt":
            return _read(Interrupt, fields, kind)
        case "bench.segment_start":
            return _read(SegmentStart, fields, kind)
        case "bench.stream_started":
            return _read(StreamStarted, fields, kind)
    raise WireError(f"VideoSDK message: the type {str(kind)[:40]!r} is unknown")


def _read(cls: type[M], fields: Mapping[str, Any], kind: str) -> M:
    """Keys that are ours carry a prefix, so that no key of another peer is taken for one."""
    raw = {
        name.removeprefix(_OURS): value for name, value in fields.items() if name.startswith(_OURS) or name in _THEIRS
    }
    return from_fields(cls, raw, where=f"VideoSDK {kind}", ignore_unknown=True)


def _named(segment_id: str | None, generation: int) -> dict[str, Any]:
    return {} if segment_id is None else {"bench.segment_id": segment_id, "bench.generation": generation}


def _text(kind: str, fields: Mapping[str, Any]) -> str:
    # json's own separators: with nothing of ours in it the text is theirs to the byte.
    return json.dumps({"type": kind, **fields}, allow_nan=False)
