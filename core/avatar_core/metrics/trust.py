"""Whether figures can be believed: the machine's load and the lateness of clocks against limits (DESIGN, "Trust")."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

_SPANS_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class TrustLimits:
    """From where on figures are not trusted; assets/thresholds/trust.toml holds the ones in force."""

    machine_busy: float
    """Share of all cores, 0 to 1, that is too much where it lasts for `busy_for_s`."""
    busy_for_s: float
    viewer_lateness_p99_ms: float
    """How late the viewer's clock may tick, 99th percentile of a second."""
    worker_wait_ms: float
    """How long the avatar's process may wait for a core at a time."""
    room_wait_ms: float
    """How long the embedded room's process may."""
    calm_for_s: float
    """How long everything must be within the limits before figures are trusted again, at least."""
    calm_at_most_s: float
    """The longest that it must be: between the two, as long as figures were doubtful."""
    zero_moved_ms: float
    """How far the zero of the A/V offset may wander within a run before offsets are doubted."""
    calibration_max_age_h: float
    """How old a calibration may be before offsets are doubted."""

    def __post_init__(self) -> None:
        if not 0 < self.machine_busy <= 1:
            raise ValueError("machine_busy is a share: above 0, at most 1")
        if min(self._positive) <= 0:
            raise ValueError("times must be positive")
        if self.calm_at_most_s < self.calm_for_s:
            raise ValueError("calm_at_most_s must be calm_for_s or more")

    @property
    def waits_ms(self) -> Mapping[str, float]:
        """How long a process may wait for a core at a time, by its role: an avatar's here, and the room's."""
        return {"worker": self.worker_wait_ms, "room": self.room_wait_ms}

    @property
    def _positive(self) -> tuple[float, ...]:
        return (
            self.viewer_lateness_p99_ms,
            *self.waits_ms.values(),
            self.busy_for_s,
            self.calm_for_s,
            self.zero_moved_ms,
            self.calibration_max_age_h,
        )


@dataclass(frozen=True, slots=True)
class UntrustedSpan:
    """A stretch whose figures can't be believed, in monotonic seconds; `end_s` None while it lasts."""

    start_s: float
    end_s: float | None
    reason: str


@dataclass(slots=True)
class TrustJudge:
    """Fed about once a second by whoever measures; says since when, and why, figures are not trusted.

    A report tells of the time that went before it, so what begins to be doubted has begun by then.
    """

    limits: TrustLimits
    spans: deque[UntrustedSpan] = field(default_factory=lambda: deque(maxlen=_SPANS_KEPT))
    _busy_since_s: float | None = None
    _last_bad_s: float | None = None

    @property
    def trusted(self) -> bool:
        """Whether figures taken now can be believed."""
        return not self.spans or self.spans[-1].end_s is not None

    @property
    def reason(self) -> str:
        """Why figures are not trusted now; empty while they are."""
        return "" if self.trusted else self.spans[-1].reason

    def trusted_between(self, start_s: float, end_s: float) -> bool:
        """Whether no untrusted time touches the stretch from `start_s` to `end_s`."""
        return not any(span.start_s < end_s and (span.end_s is None or span.end_s > start_s) for span in self.spans)

    def machine(self, since_s: float, at_s: float, busy: float) -> None:
        """The machine was `busy` (0 to 1) from `since_s` to `at_s`."""
        if busy <= self.limits.machine_busy:
            self._busy_since_s = None
            self._calm(at_s)
            return
        if self._busy_since_s is None:
            self._busy_since_s = since_s
        if at_s - self._busy_since_s >= self.limits.busy_for_s:
            self._doubt(at_s, self._busy_since_s, f"machine {busy * 100:.0f} % busy")

    def viewer_clock(self, since_s: float, at_s: float, lateness_p99_ms: float) -> None:
        """The viewer's clock ticked this late from `since_s` to `at_s`."""
        is_late = lateness_p99_ms > self.limits.viewer_lateness_p99_ms
        self._told(since_s, at_s, f"viewer clock {lateness_p99_ms:.0f} ms late" if is_late else "")

    def waited(self, role: str, since_s: float, at_s: float, waited_ms: float) -> None:
        """The process of a `role` of `TrustLimits.waits_ms` waited so long for a core, between `since_s` and `at_s`."""
        is_long = waited_ms > self.limits.waits_ms[role]
        self._told(since_s, at_s, f"{role} waited {waited_ms:.0f} ms for a core" if is_long else "")

    def _told(self, since_s: float, at_s: float, reason: str) -> None:
        if reason:
            self._doubt(at_s, since_s, reason)
        else:
            self._calm(at_s)

    def _doubt(self, at_s: float, since_s: float, reason: str) -> None:
        self._last_bad_s = at_s
        if self.trusted:
            self.spans.append(UntrustedSpan(since_s, None, reason))

    def _calm(self, at_s: float) -> None:
        if self.trusted or self._last_bad_s is None or at_s - self._last_bad_s < self._calm_needed_s(self._last_bad_s):
            return
        self.spans[-1] = replace(self.spans[-1], end_s=at_s)

    def _calm_needed_s(self, last_bad_s: float) -> float:
        """As long as the doubt had lasted: WebRTC's estimate of the way and its buffers take so long to recover."""
        lasted_s = last_bad_s - self.spans[-1].start_s
        return min(max(lasted_s, self.limits.calm_for_s), self.limits.calm_at_most_s)
