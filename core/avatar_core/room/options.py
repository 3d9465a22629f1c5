"""How to join a room and how to publish into it: frozen values, validated here, translated to the SDK elsewhere."""

from dataclasses import dataclass
from enum import Enum

MAX_STREAM_BYTES = 256 * 1024 * 1024
_BITS_PER_PIXEL = 0.09
_BITRATE_LIMITS_BPS = (400_000, 8_000_000)


class VideoCodec(Enum):
    """Codecs that the SDK can publish."""

    VP8 = "vp8"
    H264 = "h264"
    VP9 = "vp9"
    AV1 = "av1"
    H265 = "h265"


@dataclass(frozen=True)
class ConnectOptions:
    """How to join a room.

    `timeout_s` bounds the whole join, `attempt_timeout_s` each of the SDK's attempts to reach the server.
    `single_peer_connection` None leaves the choice to the SDK (1.1.21 and 1.2.0: single first, dual where a server
    lacks it). An incoming data stream larger than `max_stream_bytes` ends with an error.
    """

    auto_subscribe: bool = True
    single_peer_connection: bool | None = None
    timeout_s: float = 15.0
    attempt_timeout_s: float = 5.0
    max_stream_bytes: int = MAX_STREAM_BYTES

    def __post_init__(self) -> None:
        if self.timeout_s <= 0 or self.attempt_timeout_s <= 0 or self.max_stream_bytes <= 0:
            raise ValueError("timeouts and the stream limit must be positive")


@dataclass(frozen=True)
class AudioPublishOptions:
    """How an audio track is encoded and queued. `queue_ms` is how much the native source holds before capture waits.

    `max_bitrate_bps` None leaves the bitrate to the SDK. `dtx` off keeps silence on the wire, so that a receiver can
    tell it from loss.
    """

    sample_rate_hz: int = 48_000
    num_channels: int = 1
    queue_ms: int = 1000
    max_bitrate_bps: int | None = None
    dtx: bool = False
    red: bool = False
    stream: str = ""
    """Tracks of one named media stream are played in sync by receivers; empty: a stream of its own."""


@dataclass(frozen=True)
class VideoPublishOptions:
    """How a video track is encoded. None leaves a choice to the SDK; simulcast is off, one viewer needs one layer."""

    width_px: int
    height_px: int
    codec: VideoCodec = VideoCodec.VP8
    max_bitrate_bps: int | None = None
    max_fps: float | None = None
    simulcast: bool = False
    stream: str = ""
    """As for audio."""


def video_bitrate_bps(width_px: int, height_px: int, fps: float) -> int:
    """What the encoder may use: enough for a face at that size and rate, 2.5 Mbit/s at 720p30."""
    wanted = width_px * height_px * fps * _BITS_PER_PIXEL
    low, high = _BITRATE_LIMITS_BPS
    return round(min(max(wanted, low), high))
