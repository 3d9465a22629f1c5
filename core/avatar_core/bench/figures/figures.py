"""The session's figures: samples by metric, curves over time, and whether either can be believed."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from avatar_core.bench.figures.metric_names import METRICS, OF_THE_MACHINE, OFFSETS, SIGNED
from avatar_core.bench.settings.calibration import Calibration
from avatar_core.bench.snapshot import LedgerBalance, MetricRow, TrustInfo
from avatar_core.bench.states import SeriesName, Verdict
from avatar_core.bench.timeline_snapshot import SeriesSnapshot
from avatar_core.clock import Clock
from avatar_core.metrics.sample_window import SampleWindow, TimedValue
from avatar_core.metrics.series import Series
from avatar_core.metrics.summary import Distribution, summarize
from avatar_core.metrics.trust import TrustJudge, TrustLimits
from avatar_core.metrics.verdicts import Check, Threshold, judge
from avatar_core.metrics.way import Way
from avatar_core.metrics.zero import ZeroBlock
from avatar_core.wire.process_messages import ProcessLoad

_SAMPLES_KEPT = 20_000
_TAKEN_KEPT = 200_000
_LOAD_PERIOD_S = 1.0


class Sample(NamedTuple):
    """One value of a metric, measured until `time_s` (monotonic), and whether that time can be trusted."""

    time_s: float
    metric: str
    value: float
    trusted: bool


class _Taken(NamedTuple):
    """A sample as it was taken; whether it can be trusted is known later."""

    since_s: float
    end_s: float
    metric: str
    value: float


class _Note(NamedTuple):
    text: str
    refused: bool


class Figures:
    """Owned by the session; fed by the viewer's events and the commands, read by snapshots and reports.

    Samples of untrusted time are only counted, in `excluded`. Load is told after the fact, so a sample may be taken
    back once it turns out that its time can't be believed.
    """

    def __init__(
        self,
        clock: Clock,
        limits: TrustLimits,
        thresholds: Mapping[str, Threshold] | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self.judge = TrustJudge(limits)
        self.way = Way()
        self.zero = ZeroBlock(self.way)
        self.calibration = calibration
        self.load: ProcessLoad | None = None
        self.loop_lag_ms: float | None = None
        """Of this process's own loop: 99th percentile of its last second; `take_loop_lag` tells it."""
        self.excluded = 0
        self._clock = clock
        self._thresholds = thresholds or {}
        self._excluded: Counter[str] = Counter()
        self.estimated: set[str] = set()
        """Metrics with a value that was reckoned, not measured."""
        self._samples: dict[str, SampleWindow] = {}
        self._taken: deque[_Taken] = deque(maxlen=_TAKEN_KEPT)
        self._series = {name: Series() for name in SeriesName}
        self._notes: dict[str, _Note] = {}

    def note(self, name: str, text: str, *, refused: bool = False) -> None:
        """Say what must be known of a metric, in place of what was said; `refused`: there is no value of it now."""
        self._notes[name] = _Note(text, refused)

    def measure(self, name: str, value: float, *, since_s: float | None = None, until_s: float | None = None) -> None:
        """Add a sample of a metric that was measured from `since_s` to `until_s`, both now where not given.

        What can't be believed is only counted.
        """
        end_s = self._clock.now() if until_s is None else until_s
        begin_s = end_s if since_s is None else since_s
        self._taken.append(_Taken(begin_s, end_s, name, value))
        if not self._is_trusted(name, begin_s, end_s):
            self._exclude(name)
            return
        if name not in self._samples:
            self._samples[name] = SampleWindow(_SAMPLES_KEPT, signed=name in SIGNED)
        self._samples[name].add(TimedValue(end_s, value))

    def measure_offset(self, at_s: float, offset_ms: float, picture: int | None) -> None:
        """Add an A/V offset as it was received at a moment, with the number of its flash's picture."""
        self.point(SeriesName.AV_OFFSET_MS, at_s, offset_ms)
        self.measure("av_offset_ms", offset_ms, since_s=at_s)
        if self.judge.trusted_between(at_s, at_s):
            self.zero.received(at_s, offset_ms, picture)

    def latest(self, name: str, value: float) -> None:
        """A count that somebody else keeps: only its newest value stands."""
        self._samples[name] = SampleWindow(1, signed=name in SIGNED)
        self._samples[name].add(TimedValue(self._clock.now(), value))

    def point(self, name: SeriesName, time_s: float, value: float) -> None:
        """Add a point to a curve."""
        self._series[name].append(time_s, value)

    def break_line(self, name: SeriesName) -> None:
        """Nothing is known for a while: what comes is not joined to what was."""
        self._series[name].break_line(self._clock.now())

    def series(self, name: SeriesName, since_s: float, *, estimated: bool) -> SeriesSnapshot:
        """One curve from `since_s` on."""
        time_s, value = self._series[name].since(since_s)
        return SeriesSnapshot(name, time_s, value, estimated)

    def samples(self) -> Iterator[Sample]:
        """Every sample taken, in the order in which they were told; the last 200,000 of a long session."""
        for taken in self._taken:
            trusted = self._is_trusted(taken.metric, taken.since_s, taken.end_s)
            yield Sample(taken.end_s, taken.metric, taken.value, trusted)

    def values(self, name: str) -> list[float]:
        """Every trusted sample of a metric."""
        return self._samples[name].values() if name in self._samples else []

    def another_avatar(self) -> None:
        """Another avatar is followed from now on: what the way adds, and the zero, are its own."""
        self.way.begin()
        self.zero.begin()

    def take_load(self, load: ProcessLoad) -> None:
        """The viewer's report of the time since its last one."""
        judge, was_trusted = self.judge, self.judge.trusted
        since_s = self.load.at_s if self.load is not None else load.at_s - _LOAD_PERIOD_S
        self.load = load
        self.measure("machine_busy_percent", 100 * load.machine_busy, since_s=since_s, until_s=load.at_s)
        self.measure("machine_stolen_percent", 100 * load.machine_stolen, since_s=since_s, until_s=load.at_s)
        self.measure("viewer_lag_ms", load.lateness_p99_ms, since_s=since_s, until_s=load.at_s)
        judge.machine(since_s, load.at_s, load.machine_busy)
        judge.viewer_clock(since_s, load.at_s, load.lateness_p99_ms)
        for role, waited_ms in load.waited_ms.items():
            self.measure(f"{role}_wait_ms", waited_ms, since_s=since_s, until_s=load.at_s)
            judge.waited(role, since_s, load.at_s, waited_ms)
        if was_trusted and not judge.trusted:
            self._take_back(judge.spans[-1].start_s)

    def take_loop_lag(self, lateness_p99_ms: float) -> None:
        """How late this process's own loop was in the second that is over."""
        self.loop_lag_ms = lateness_p99_ms
        self.measure("app_lag_ms", lateness_p99_ms)

    def viewer_gone(self) -> None:
        """The next report is another viewer's."""
        self.load = None

    def trust(self) -> TrustInfo:
        """As of now."""
        judge, load = self.judge, self.load
        since_s = judge.spans[-1].start_s if judge.spans and not judge.trusted else None
        return TrustInfo(
            trusted=judge.trusted,
            reason=judge.reason,
            since_s=since_s,
            load_percent=100 * load.machine_busy if load is not None else None,
            loop_lag_p99_ms=self.loop_lag_ms,
            viewer_clock_p99_ms=load.lateness_p99_ms if load is not None else None,
            zero_ms=self.zero.zero_ms,
            zero_moved_ms=self.zero.most_moved_ms,
            calibration=self.calibration,
            zero_age_s=None if self.zero.began_s is None else self._clock.now() - self.zero.began_s,
            excluded_samples=self.excluded,
        )

    def rows(self, balance: LedgerBalance | None) -> tuple[MetricRow, ...]:
        """A row for every metric, of its trusted samples; while nothing is believed it says so.

        Without a `balance` nothing is said of the ledger.
        """
        rows = [self._row(name, unit) for name, unit in METRICS]
        if balance is None:
            return tuple(rows)
        counts = (("segments_opened", balance.opened), ("segments_finished", balance.finished))
        rows += [MetricRow(name, "", 1, float(n), float(n), float(n), float(n)) for name, n in counts]
        return tuple(rows)

    def checks(self) -> tuple[Check, ...]:
        """What the thresholds make of the trusted samples so far."""
        return tuple(self._judged(name, self._summary(name)) for name in self._thresholds)

    def _judged(self, name: str, figures: Distribution | None) -> Check:
        note = self._notes.get(name)
        unmeasured = note.text if note is not None else ""
        return judge(self._thresholds[name], figures, self._excluded[name], self._doubt(name), unmeasured)

    def _doubt(self, name: str) -> str:
        """Why no figure of an offset can be believed, where the receiver's own share of it is not known well."""
        limits, calibration = self.judge.limits, self.calibration
        if name not in OFFSETS:
            return ""
        if self.zero.most_moved_ms > limits.zero_moved_ms:
            return f"the zero moved by {self.zero.most_moved_ms:.0f} ms"
        if calibration is not None and calibration.age_s > 3600 * limits.calibration_max_age_h:
            return f"the calibration is {calibration.age_s / 3600:.0f} h old; run calibrate"
        return ""

    def _is_trusted(self, name: str, since_s: float, end_s: float) -> bool:
        return name in OF_THE_MACHINE or self.judge.trusted_between(since_s, end_s)

    def _exclude(self, name: str, count: int = 1) -> None:
        self.excluded += count
        self._excluded[name] += count

    def _row(self, name: str, unit: str) -> MetricRow:
        figures = self._summary(name)
        trusted = name in OF_THE_MACHINE or self.judge.trusted
        check = self._judged(name, figures) if name in self._thresholds else None
        verdict = Verdict(check.verdict) if check is not None and check.verdict != "skipped" else None
        note = self._notes.get(name, _Note("", False))
        if figures is None:
            return MetricRow(name, unit, verdict=verdict, trusted=trusted, note=note.text)
        return MetricRow(
            name,
            unit,
            figures.n,
            None if note.refused else self._newest(name, figures),
            figures.p50,
            figures.p95,
            figures.max,
            verdict=verdict,
            trusted=trusted,
            estimated=name in self.estimated,
            note=note.text,
        )

    def _newest(self, name: str, figures: Distribution) -> float:
        window = self._samples.get(name)
        # A count has no samples of its own: it is its own figure.
        return window.newest.value if window is not None and window.newest is not None else figures.max

    def _summary(self, name: str) -> Distribution | None:
        """How many freezes there were is known only where pictures were watched."""
        if name != "freeze_count":
            return self._samples[name].distribution() if name in self._samples else None
        return summarize([float(len(self._samples.get("freeze_s", ())))]) if self._samples.get("fps") else None

    def _take_back(self, since_s: float) -> None:
        for name, window in self._samples.items():
            if name not in OF_THE_MACHINE:
                self._exclude(name, window.take_back(since_s))
