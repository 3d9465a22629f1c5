"""VideoSDK's avatar protocol (PROTOCOLS 3.3): the messages M1 to M4 of its data channels, encode and strict decode.

No I/O. What is ours alone is named `bench.*` and stands in texts, or keys of texts, that a peer of theirs ignores.
"""

import json
import zlib
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
_Crc32 = Annotated[int, Within(0, 2**32 - 1)]


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
    """M2: the speech ends. Ours names the segment and, as SoundMark does, the place: the end may overtake its sound."""

    segment_id: SegmentId | None = None
    generation: Generation = 0
    interrupts: _Count | None = None
    offset: _Count | None = None


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """M4: seconds heard of the oldest segment, and whether it was cut. Ours repeats the segment's name."""

    playback_position: PositionS
    interrupted: bool
    segment_id: SegmentId | None = None
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class SoundMark:
    """Ours, agent to worker, before each message of sound: whose it is, and where it belongs.

    `offset` counts the bytes of sound sent since the last of that many `interrupts`. `size` and `crc32` are those of
    the sound, which carries nothing else to be known by. Of no bytes, it is the end of the segment at that place.
    """

    segment_id: SegmentId
    generation: Generation
    interrupts: _Count
    offset: _Count
    size: _Count
    crc32: _Crc32


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """Ours, worker to agent: the first sound of a segment left."""

    segment_id: SegmentId
    generation: Generation = 0


Message: TypeAlias = Audio | Interrupt | SegmentEnd | StreamEnded | SoundMark | StreamStarted
M = TypeVar("M", SegmentEnd, StreamEnded, Interrupt, SoundMark, StreamStarted)


def chunks(pcm: bytes) -> Iterator[Audio]:
    """Mono s16le cut into messages, in order; an odd last byte is padded, as theirs is (PROTOCOLS V5, V10)."""
    whole = pcm + bytes(len(pcm) % BYTES_PER_SAMPLE)
    for start in range(0, len(whole), MAX_CHUNK_BYTES):
        yield Audio(whole[start : start + MAX_CHUNK_BYTES])


def fingerprint(pcm: bytes) -> tuple[int, int]:
    """What a mark knows sound by: its size in bytes, and its CRC-32."""
    return len(pcm), zlib.crc32(pcm)


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
        case SegmentEnd(segment_id, generation, interrupts, offset):
            placed = {"bench.interrupts": interrupts, "bench.offset": offset}
            known = {name: value for name, value in placed.items() if value is not None}
            return _text("segment_end", _named(segment_id, generation) | known)
        case StreamEnded(position_s, interrupted, segment_id, generation):
            data = {"playback_position": position_s, "interrupted": interrupted}
            return _text("stream_ended", {"data": data | _named(segment_id, generation)})
        case SoundMark():
            fields = {name: getattr(message, name) for name in ("interrupts", "offset", "size", "crc32")}
            ours = {f"{_OURS}{name}": value for name, value in fields.items()}
            return _text("bench.sound", _named(message.segment_id, message.generation) | ours)
        case StreamStarted(segment_id, generation):
            return _text("bench.stream_started", _named(segment_id, generation))


def reliability(message: Message) -> Reliability:
    """The channel of a message: theirs as theirs sends it, sound on the one and all else on the other (3.3).

    What only an end of ours understands goes by UNRELIABLE, the one that loses nothing (V6), answers by name too. An
    interrupt of ours alone does not: it would wait for the sound there.
    """
    named = isinstance(message, StreamEnded) and message.segment_id is not None
    return "UNRELIABLE" if named or isinstance(message, Audio | SoundMark | StreamStarted) else "RELIABLE"


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
        case "bench.sound":
            return _read(SoundMark, fields, kind)
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
