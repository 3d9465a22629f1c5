"""What the viewer says to the app: who is there, what it sees and hears, how it does."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from avatar_core.wire.codec import Length, Within
from avatar_core.wire.control import Vocabulary
from avatar_core.wire.fields import Count, Decibels, MediaKind, MonotonicS, Name, Path, Pixels, Text
from avatar_core.wire.process_messages import ProcessFailure, ProcessLoad

MAX_STATISTICS_CHARS: Final = 25_000
"""As text in a line of JSON it may become twice as long."""
MAX_PEOPLE: Final = 100
"""Who publishes, or is an agent, comes first."""


@dataclass(frozen=True, slots=True)
class ViewerJoined:
    """The viewer is in the room under this identity."""

    identity: Name
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class TrackSubscribed:
    """A track of a participant is being received."""

    identity: Name
    kind: MediaKind
    track: Name
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class TrackUnsubscribed:
    """A track of a participant is no longer received."""

    identity: Name
    kind: MediaKind
    track: Name
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """A participant left the room, `reason` as the room told it."""

    identity: Name
    reason: Text
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as the viewer knows it: LiveKit's kind, what it publishes, and on whose behalf (or empty)."""

    identity: Name
    kind: Text
    on_behalf_of: Text
    publishes: tuple[MediaKind, ...]


@dataclass(frozen=True, slots=True)
class RoomPeople:
    """Who else is in the room, told at each change; `left_out` more are there than a line can hold."""

    people: Annotated[tuple[Person, ...], Length(0, MAX_PEOPLE)]
    left_out: Count
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class FirstMedia:
    """The first frame shown, or the first sound (not silence) heard, of a participant."""

    identity: Name
    kind: MediaKind
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class SoundChanged:
    """A participant became audible, or silent. `at_s` is the first audible or first silent sample as heard."""

    identity: Name
    audible: bool
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class MediaGap:
    """The follow-up to FollowAvatar: last sound or frame of the old participant, first of the new one.

    Negative length (`began_s` after `ended_s`): both were heard or seen for that long.
    """

    kind: MediaKind
    from_identity: Name
    to_identity: Name
    began_s: MonotonicS
    ended_s: MonotonicS


@dataclass(frozen=True, slots=True)
class VideoStats:
    """The video as received over the last second; `dropped` preview frames since the start."""

    identity: Name
    width_px: Pixels
    height_px: Pixels
    fps: Annotated[float, Within(0, 1_000)]
    bitrate_bps: Annotated[float, Within(0, 1e10)]
    dropped: Count
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class Samples:
    """New points (`at_s`, value) of a series; the series' name carries the unit, as `freeze_s`."""

    series: Name
    points: Annotated[tuple[tuple[MonotonicS, float], ...], Length(1, 1_000)]


@dataclass(frozen=True, slots=True)
class WayRead:
    """How much longer pictures are under way than sound: in the buffers; from capture to playout, by the reports."""

    at_s: MonotonicS
    buffers_ms: float
    reported_ms: float | None = None


@dataclass(frozen=True, slots=True)
class OffsetMeasured:
    """A flash and its beep were received: video time - audio time, and the number of the flash's picture."""

    at_s: MonotonicS
    offset_ms: Annotated[float, Within(-60_000, 60_000)]
    picture: Count | None = None


@dataclass(frozen=True, slots=True)
class TrackStatistics:
    """WebRTC's statistics of a received track, whole, as JSON text."""

    identity: Name
    kind: MediaKind
    entries: Annotated[str, Length(0, MAX_STATISTICS_CHARS)]
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class Levels:
    """Loudness of what is heard from a participant, in dB below full scale."""

    identity: Name
    peak_dbfs: Decibels
    rms_dbfs: Decibels
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class PreviewMemory:
    """Where preview frames are: a shared memory block of `slots` slots, `slot_bytes` each.

    Sent anew whenever the block is replaced; the reader then attaches to the new one and lets go of the old one.
    """

    memory_name: Name
    slots: Annotated[int, Within(1, 16)]
    slot_bytes: Annotated[int, Within(1, 2**30)]
    width_px: Pixels
    height_px: Pixels


@dataclass(frozen=True, slots=True)
class MonitorState:
    """What became of the monitor: `device` and `detail` in words for the user."""

    state: Literal["playing", "muted", "no_device", "failed"]
    device: Text
    detail: Text


@dataclass(frozen=True, slots=True)
class Observed:
    """The answer to Observe; `why` says why there is no file, and is empty where there is one."""

    request_id: Count
    why: Text


@dataclass(frozen=True, slots=True)
class RecordingState:
    """What became of the recording: begun, ended by Record or with the viewer, or broken off, `why` in words."""

    state: Literal["recording", "stopped", "failed"]
    path: Path
    length_s: Annotated[float, Within(0, 1e9)]
    dropped: Count
    why: Text


VIEWER_EVENTS: Final = Vocabulary(
    "viewer to app",
    ViewerJoined,
    TrackSubscribed,
    TrackUnsubscribed,
    ParticipantLeft,
    RoomPeople,
    FirstMedia,
    SoundChanged,
    MediaGap,
    VideoStats,
    Samples,
    OffsetMeasured,
    WayRead,
    TrackStatistics,
    Levels,
    PreviewMemory,
    MonitorState,
    Observed,
    RecordingState,
    ProcessLoad,
    ProcessFailure,
)
