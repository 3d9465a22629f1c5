"""Frozen values that describe a session at one moment: what a window or a report may show.

No behaviour beyond arithmetic on its own fields; contract.py says who makes these and when.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from avatar_core.bench.avatar_metrics import TimedAvatarMetrics
from avatar_core.bench.settings.calibration import Calibration
from avatar_core.bench.states import (
    Command,
    PreviewState,
    ProviderState,
    Role,
    SegmentState,
    SessionState,
    Severity,
    SourceKind,
    Verdict,
)
from avatar_core.metrics.verdicts import Check


@dataclass(frozen=True, slots=True)
class Participant:
    """One participant of the room."""

    identity: str
    role: Role


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """The room in use: its kind, why this one, and how the viewer's connection does. None: not known yet."""

    kind: str
    why: str
    name: str
    joined_s: float | None = None
    loss_percent: float | None = None
    jitter_ms: float | None = None
    participants: tuple[Participant, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """One provider that can be the avatar. `id` is stable and fit for an objectName."""

    id: str
    name: str
    kind: str
    sample_rate_hz: int
    state: ProviderState
    why: str = ""
    needs_key: bool = False
    key_present: bool = False
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A speech source on offer. `duration_s` is None for one without an end; `why` says why it can't be used."""

    id: str
    name: str
    kind: SourceKind
    duration_s: float | None
    available: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class SpeechProgress:
    """The source that speaks now and how far it has been heard."""

    source_id: str
    segment_id: str
    position_s: float
    duration_s: float | None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of DESIGN.md's list. `value` is the newest sample.

    Not `trusted`: what comes now can't be believed; figures, if any, are of the samples of trusted time alone.
    """

    name: str
    unit: str
    n: int = 0
    value: float | None = None
    p50: float | None = None
    p95: float | None = None
    max: float | None = None
    limit: float | None = None
    verdict: Verdict | None = None
    estimated: bool = False
    trusted: bool = True
    note: str = ""
    """What must be known of the figures; where there is no `value`, why."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One segment. `ended` says how it ended, in words; empty while it is open."""

    segment_id: str
    provider: str
    state: SegmentState
    pushed_s: float
    played_s: float
    ended: str = ""


@dataclass(frozen=True, slots=True)
class LedgerBalance:
    """The law of one finish per opened segment, as counts over the whole session."""

    opened: int = 0
    finished: int = 0
    open: int = 0

    @property
    def balanced(self) -> bool:
        """True while every opened segment is either finished or still open."""
        return self.opened == self.finished + self.open


@dataclass(frozen=True, slots=True)
class TrustInfo:
    """Whether figures can be believed, and what that rests on. `reason` is two or three words; `since_s` monotonic.

    `excluded_samples`: how many were measured in untrusted time and are in no figure.
    """

    trusted: bool = True
    reason: str = ""
    since_s: float | None = None
    load_percent: float | None = None
    loop_lag_p99_ms: float | None = None
    viewer_clock_p99_ms: float | None = None
    zero_ms: float | None = None
    zero_age_s: float | None = None
    zero_moved_ms: float = 0.0
    calibration: Calibration | None = None
    excluded_samples: int = 0


@dataclass(frozen=True, slots=True)
class PreviewInfo:
    """The picture as the viewer gets it. `since_s`: monotonic start of loading, or the time of the last frame."""

    state: PreviewState = PreviewState.EMPTY
    provider: str = ""
    width_px: int = 0
    height_px: int = 0
    fps: float | None = None
    bitrate_bps: float | None = None
    frames_dropped: int = 0
    since_s: float | None = None
    usual_start_s: float | None = None


@dataclass(frozen=True, slots=True)
class MonitorInfo:
    """The viewer's loudspeaker; `why` says why there is none (the sound is measured all the same)."""

    available: bool = True
    device: str = ""
    muted: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What is being recorded, to which file, since when (monotonic)."""

    path: str
    since_s: float


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """A button of a notice, handed back by `Session.act_on_notice`."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A message that stays until it is dealt with. `details` are redacted and ready to copy; `count`: how often."""

    id: str
    severity: Severity
    title: str
    body: str
    actions: tuple[NoticeAction, ...] = ()
    details: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw of a provider that was seen: its number in docs/protocols.md, what showed it, and when (monotonic)."""

    id: str
    evidence: str
    time_s: float
    provider_id: str


@dataclass(frozen=True, slots=True)
class Levels:
    """Loudness of what the viewer hears, in dBFS (0 is full scale); None where nothing is heard."""

    rms_dbfs: float | None = None
    peak_dbfs: float | None = None


@dataclass(frozen=True, slots=True)
class SessionSnapshot:
    """The whole session at `time_s`. Add `wall_offset_s` to a monotonic time to get wall time.

    `blocked` gives the reason for each command that can't be used now. `ledger` is newest first and bounded;
    `balance` counts the whole session. `faults` are planted in what is started from now on. `observing` names whom
    somebody else drives; then there is no speech, no source and no ledger.
    """

    time_s: float
    wall_offset_s: float
    state: SessionState
    run_id: str
    room: RoomInfo
    live_since_s: float | None = None
    providers: tuple[ProviderInfo, ...] = ()
    current_provider_id: str | None = None
    sources: tuple[SourceInfo, ...] = ()
    selected_source_id: str | None = None
    speech: SpeechProgress | None = None
    preview: PreviewInfo = PreviewInfo()
    monitor: MonitorInfo = MonitorInfo()
    recording: RecordingInfo | None = None
    metrics: tuple[MetricRow, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    balance: LedgerBalance = LedgerBalance()
    trust: TrustInfo = TrustInfo()
    notices: tuple[Notice, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()
    avatar_metrics: tuple[TimedAvatarMetrics, ...] = ()
    faults: Mapping[str, float] = field(default_factory=dict)
    blocked: Mapping[Command, str] = field(default_factory=dict)
    observing: str = ""
