"""LiveKit's avatar protocol (PROTOCOLS 1): names on the wire, and each payload's encode and strict decode.

No I/O and no `livekit` import. What is ours alone is named `bench.*` and disturbs no peer that does not know it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, TypeVar

from avatar_core.errors import WireError
from avatar_core.wire.codec import Length, Within, from_fields, parse_object, to_fields, to_json

ATTRIBUTE_PUBLISH_ON_BEHALF: Final = "lk.publish_on_behalf"
ATTRIBUTE_AGENT_STATE: Final = "lk.agent.state"
AgentState = Literal["initializing", "idle", "listening", "thinking", "speaking"]

TOPIC_AUDIO_STREAM: Final = "lk.audio_stream"
AUDIO_STREAM_NAME_PREFIX: Final = "AUDIO_"
AUDIO_STREAM_MIME_TYPE: Final = "application/octet-stream"
BYTES_PER_SAMPLE: Final = 2
"""Payload of the audio stream: PCM s16le, interleaved, cut anywhere on byte boundaries."""

RPC_CLEAR_BUFFER: Final = "lk.clear_buffer"
RPC_PLAYBACK_STARTED: Final = "lk.playback_started"
RPC_PLAYBACK_FINISHED: Final = "lk.playback_finished"
RPC_SWAP_AVATAR: Final = "swap_avatar"
"""Served by the agent (seed 000's example): asks it to replace the avatar."""
RPC_OK: Final = "ok"
RPC_REJECT: Final = "reject"
"""The normal answer to a caller who has no business here: not an RPC error (PROTOCOLS 1.4)."""

TRACK_AUDIO: Final = "avatar_audio"
TRACK_VIDEO: Final = "avatar_video"
AVATAR_STREAM = "avatar"
"""Sound and picture share a media stream, so that receivers hold the picture back for the sound."""

TOPIC_BENCH_REPORT: Final = "bench.avatar_report"
"""Lossy data packets, worker to bench agent: `AvatarReport`."""
ATTRIBUTE_BENCH_SEGMENT: Final = "bench.segment_id"
ATTRIBUTE_BENCH_GENERATION: Final = "bench.segment_generation"

MAX_RPC_PAYLOAD_BYTES: Final = 15_360
MAX_REPORT_BYTES: Final = 1_200
MAX_SEGMENT_ID_LENGTH: Final = 64
MAX_SEGMENTS_NAMED: Final = 64
"""In one call: with the longest ids they fit into MAX_RPC_PAYLOAD_BYTES."""

SegmentId = Annotated[str, Length(1, MAX_SEGMENT_ID_LENGTH)]
Generation = Annotated[int, Within(0, 1_000_000)]
PositionS = Annotated[float, Within(0, 86_400)]
"""Seconds of speech within one segment."""


@dataclass(frozen=True, slots=True)
class AudioStreamHeader:
    """Attributes of the byte stream that carries one segment (PROTOCOLS 1.3).

    `segment_id` and `generation` are our extra attributes: None and 0 from a sender that is not ours (B3).
    """

    sample_rate: Annotated[int, Within(8_000, 192_000)]
    num_channels: Annotated[int, Within(1, 8)]
    segment_id: SegmentId | None = None
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class PlaybackStarted:
    """Payload of `lk.playback_started`. Theirs is empty; ours names the segment, to a sender that named it first."""

    segment_id: SegmentId | None = None
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """Payload of `lk.playback_finished`: seconds heard, and whether the segment was cut.

    The segment goes along only to a sender that named it in the stream header: livekit-agents answers error 1500 to
    any key it does not know.
    """

    playback_position: PositionS
    interrupted: bool
    synchronized_transcript: Annotated[str, Length(0, 8_000)] | None = None
    segment_id: SegmentId | None = None
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class SegmentName:
    """What a sender of ours calls a segment."""

    segment_id: SegmentId
    generation: Generation = 0


@dataclass(frozen=True, slots=True)
class ClearBuffer:
    """Payload of `lk.clear_buffer`. Theirs is empty; ours names what is void, to a worker that sent reports before.

    In the SDK the call may overtake the header of a stream that was sent before it, which would then be played.
    """

    segments: Annotated[tuple[SegmentName, ...], Length(0, MAX_SEGMENTS_NAMED)] = ()


@dataclass(frozen=True, slots=True)
class SegmentReport:
    """What a worker knows of one segment: seconds received but not played, and seconds played."""

    segment_id: SegmentId
    generation: Generation
    buffered_s: PositionS
    played_s: PositionS


@dataclass(frozen=True, slots=True)
class PictureReport:
    """A picture with sound that left the worker: its number, and when it left - when its sound did (+ = audio leads).

    The number is the one that the sync pattern shows (`media.sync_picture`).
    """

    number: Annotated[int, Within(0, 2**53)]
    offset_ms: Annotated[float, Within(-60_000, 60_000)]


@dataclass(frozen=True, slots=True)
class AvatarReport:
    """One packet on `TOPIC_BENCH_REPORT`: state of the open segments at `at_s` (CLOCK_MONOTONIC of the worker).

    `pictures` are those that left since the report before, the newest ones where they are more than fit.
    Packets may be lost or come late; a receiver keeps the highest `sequence`. Meaningful in seconds of the reader's
    own clock only on the machine of the worker.
    """

    sequence: Annotated[int, Within(0, 2**53)]
    at_s: Annotated[float, Within(0, 1e12)]
    segments: Annotated[tuple[SegmentReport, ...], Length(0, 8)]
    pictures: Annotated[tuple[PictureReport, ...], Length(0, 16)] = ()


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """Payload of the `swap_avatar` RPC. Empty means: a fresh avatar of the same provider, beside the old one."""

    provider: Annotated[str, Length(1, 128)] | None = None
    mode: Literal["beside", "in_place"] = "beside"
    policy: Literal["finish", "carry"] | None = None


RpcPayload = TypeVar("RpcPayload", ClearBuffer, PlaybackStarted, PlaybackFinished, SwapRequest)


def encode_audio_stream_attributes(header: AudioStreamHeader) -> dict[str, str]:
    """The stream attributes: every value a text, ours only where the segment is named."""
    attributes = {"sample_rate": str(header.sample_rate), "num_channels": str(header.num_channels)}
    if header.segment_id is not None:
        attributes[ATTRIBUTE_BENCH_SEGMENT] = header.segment_id
        attributes[ATTRIBUTE_BENCH_GENERATION] = str(header.generation)
    return attributes


def decode_audio_stream_attributes(attributes: Mapping[str, str]) -> AudioStreamHeader:
    """Read the attributes of an audio stream; unknown ones are ignored, WireError says which one is wrong (B11)."""
    raw: dict[str, Any] = {}
    for key, field in (
        ("sample_rate", "sample_rate"),
        ("num_channels", "num_channels"),
        (ATTRIBUTE_BENCH_GENERATION, "generation"),
    ):
        if key in attributes:
            raw[field] = _whole_number(attributes[key], key)
    if ATTRIBUTE_BENCH_SEGMENT in attributes:
        raw["segment_id"] = attributes[ATTRIBUTE_BENCH_SEGMENT]
    return from_fields(
        AudioStreamHeader, raw, where=f"attributes of a {TOPIC_AUDIO_STREAM} stream", ignore_unknown=True
    )


def encode_clear_buffer(message: ClearBuffer) -> str:
    """Empty, as livekit-agents sends it, unless segments are named."""
    return to_json(message) if message.segments else ""


def decode_clear_buffer(payload: str) -> ClearBuffer:
    """Read the payload of `lk.clear_buffer`; raises WireError."""
    return _decode_rpc(ClearBuffer, payload, RPC_CLEAR_BUFFER) if payload else ClearBuffer()


def encode_playback_started(message: PlaybackStarted) -> str:
    """Empty, as livekit-agents sends it, unless the segment is named."""
    return "" if message.segment_id is None else to_json(message)


def decode_playback_started(payload: str) -> PlaybackStarted:
    """Read the payload of `lk.playback_started`; raises WireError."""
    if not payload:
        return PlaybackStarted()
    return _decode_rpc(PlaybackStarted, payload, RPC_PLAYBACK_STARTED)


def encode_playback_finished(message: PlaybackFinished) -> str:
    """LiveKit's three keys, and the segment where it is named."""
    fields = to_fields(message)
    if message.segment_id is None:
        del fields["segment_id"], fields["generation"]
    return to_json(fields)


def decode_playback_finished(payload: str) -> PlaybackFinished:
    """Read the payload of `lk.playback_finished`; unknown keys are ignored, wrong types and values raise WireError."""
    return _decode_rpc(PlaybackFinished, payload, RPC_PLAYBACK_FINISHED)


def encode_report(report: AvatarReport) -> bytes:
    """One lossy packet; raises WireError where it would not fit into one datagram."""
    packet = to_json(report).encode()
    if len(packet) > MAX_REPORT_BYTES:
        raise WireError(f"{TOPIC_BENCH_REPORT}: {len(packet)} bytes do not fit into a packet of {MAX_REPORT_BYTES}")
    return packet


def decode_report(packet: bytes) -> AvatarReport:
    """Read a packet of `TOPIC_BENCH_REPORT`; raises WireError."""
    raw = parse_object(packet, where=TOPIC_BENCH_REPORT, max_bytes=MAX_REPORT_BYTES)
    return from_fields(AvatarReport, raw, where=TOPIC_BENCH_REPORT, ignore_unknown=True)


def encode_swap_request(request: SwapRequest) -> str:
    """The payload of a `swap_avatar` call."""
    return to_json(request)


def decode_swap_request(payload: str) -> SwapRequest:
    """Read the payload of a `swap_avatar` call; empty means the defaults; raises WireError."""
    return _decode_rpc(SwapRequest, payload, RPC_SWAP_AVATAR) if payload else SwapRequest()


def _decode_rpc(cls: type[RpcPayload], payload: str, method: str) -> RpcPayload:
    raw = parse_object(payload, where=method, max_bytes=MAX_RPC_PAYLOAD_BYTES)
    return from_fields(cls, raw, where=method, ignore_unknown=True)


def _whole_number(text: str, name: str) -> int:
    # isascii: int() would take digits of other scripts, and underscores.
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise WireError(f"{TOPIC_AUDIO_STREAM} attribute {name}: expected a whole number, got {text[:40]!r}")
    return int(text)
