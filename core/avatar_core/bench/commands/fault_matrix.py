"""The fault matrix: every fault is planted at its strengths in a run of its own, and as many runs are clean.

Each run must show what was planted, and nothing else; here is what came of it, how it is run is `fault_runs`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from avatar_core.avatar.faults.table import FaultKind
from avatar_core.bench.scenarios.steps import Step
from avatar_core.bench.snapshot import Finding, SessionSnapshot
from avatar_core.metrics.verdicts import Check

_FIRED = ("warn", "fail")
_OFFSET = "av_offset_ms"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one run showed: its checks, its findings, the steps that failed, and how much of it was not trusted.

    `way_ms` is what the way added to the A/V offset, 0 where that is not known.
    """

    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    failed_steps: tuple[str, ...]
    excluded: int
    way_ms: float = 0.0

    @property
    def fired(self) -> frozenset[str]:
        """Everything that is not content, by name, as `FaultKind.check` names it."""
        metrics = {check.threshold.metric for check in self.checks if check.verdict in _FIRED}
        found = {f"finding:{finding.id}" for finding in self.findings}
        return frozenset(metrics | found | {f"step:{name}" for name in self.failed_steps})

    def value(self, metric: str) -> float | None:
        """What was measured of a metric that is judged."""
        return next((check.value for check in self.checks if check.threshold.metric == metric), None)

    @property
    def offset_ms(self) -> float | None:
        """The A/V offset less what the way added, which differs from run to run."""
        value = self.value(_OFFSET)
        return value - self.way_ms if value is not None else None

    def trusted(self, check: str) -> bool:
        """Whether the figure of a check can be believed; steps and findings don't hang on the clock."""
        return not any(one.threshold.metric == check and one.verdict == "broken" for one in self.checks)


def what_was_seen(snapshot: SessionSnapshot, steps: Sequence[Step]) -> Seen:
    """Of one run that is over."""
    failed = tuple(step.name for step in steps if not step.ok)
    way_ms = next((row.p50 for row in snapshot.metrics if row.name == "av_offset_way_ms"), None)
    return Seen(snapshot.checks, snapshot.findings, failed, snapshot.trust.excluded_samples, way_ms or 0.0)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the matrix; `kind` is None for a clean run. `zero_ms` is the offset of clean runs, less the way."""

    kind: FaultKind | None
    strength: float
    seen: Seen
    zero_ms: float = 0.0
    attempts: int = 1

    @property
    def trusted(self) -> bool:
        """Whether the run says anything: of its fault, or, where it is clean, of more than half of what is judged."""
        if self.kind is not None:
            return self.seen.trusted(self.kind.check)
        told = [check.verdict for check in self.seen.checks if check.verdict != "skipped"]
        return told.count("broken") * 2 < len(told)

    @property
    def is_told(self) -> bool:
        """Whether the run is trusted and measured what is to catch its fault: that may be left out, by chance."""
        own = self.kind.check if self.kind is not None else ""
        skipped = {check.threshold.metric for check in self.seen.checks if check.verdict == "skipped"}
        return self.trusted and own not in skipped

    @property
    def why(self) -> str:
        """Why it can't be trusted; empty where it can."""
        broken = [check for check in self.seen.checks if check.verdict == "broken"]
        own = [check for check in broken if self.kind is None or check.threshold.metric == self.kind.check]
        return "" if self.trusted or not own else own[0].why

    @property
    def caught(self) -> bool:
        """Whether the fault's own check fired."""
        return self.kind is not None and self.kind.check in self.seen.fired

    @property
    def detected(self) -> float | None:
        """The figure of the fault's check, an offset against the zero."""
        if self.kind is None:
            return None
        if self.kind.check != _OFFSET:
            return self.seen.value(self.kind.check)
        return self.seen.offset_ms - self.zero_ms if self.seen.offset_ms is not None else None

    @property
    def injected(self) -> float:
        """What the figure should be, where it is the strength."""
        return -self.strength if self.kind is not None and self.kind.name == "early_finished_ms" else self.strength

    @property
    def within(self) -> bool | None:
        """Whether the figure is as near to the strength as it should be; None where it is no such figure."""
        if self.kind is None or self.kind.within is None or self.detected is None:
            return None
        return -self.kind.within <= self.detected - self.injected <= self.kind.within + self.kind.beyond

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """What fired without being planted."""
        allowed = {self.kind.check, *self.kind.follows} if self.kind is not None else set()
        return tuple(sorted(self.seen.fired - allowed))

    @property
    def alarms(self) -> str:
        """The false ones, with the figure of those that have one, for a person."""
        figures = ((alarm, self.seen.value(alarm)) for alarm in self.false_alarms)
        return ", ".join(alarm if figure is None else f"{alarm} {figure:.4g}" for alarm, figure in figures)

    @property
    def ok(self) -> bool:
        """Caught, or clean; within its error; and nothing else."""
        right = self.caught and self.within is not False if self.kind is not None else True
        return self.trusted and right and not self.false_alarms


def markdown(rows: Iterable[Row]) -> str:
    """The matrix as a table, faults first, clean runs in one line."""
    rows = tuple(rows)
    lines = [
        "| fault | injected | check | detected | within | false alarms |",
        "|---|---|---|---|---|---|",
        *(_line(row) for row in rows if row.kind is not None),
    ]
    clean = [row for row in rows if row.kind is None and row.trusted]
    alarms = [alarm for row in clean for alarm in row.false_alarms]
    planted = [row for row in rows if row.kind is not None and row.trusted]
    lines += [
        "",
        f"Trusted runs with a fault: {len(planted)} of {sum(row.kind is not None for row in rows)}; "
        f"caught {sum(row.caught for row in planted)}; with false alarms {sum(bool(r.false_alarms) for r in planted)}. "
        f"Clean runs trusted: {len(clean)} of {sum(row.kind is None for row in rows)}; "
        f"false alarms in them: {len(alarms)}{' (' + ', '.join(sorted(set(alarms))) + ')' if alarms else ''}.",
    ]
    return "\n".join(lines)


def row_object(row: Row) -> dict[str, object]:
    """One line for JSON."""
    return {
        "fault": row.kind.name if row.kind is not None else None,
        "level": row.kind.level.value if row.kind is not None else None,
        "injected": row.injected if row.kind is not None else None,
        "unit": row.kind.unit if row.kind is not None else None,
        "check": row.kind.check if row.kind is not None else None,
        "caught": row.caught,
        "detected": row.detected,
        "within": row.within,
        "false_alarms": list(row.false_alarms),
        "trusted": row.trusted,
        "attempts": row.attempts,
        "why": row.why,
        "ok": row.ok,
    }


def _line(row: Row) -> str:
    kind = row.kind
    assert kind is not None
    injected = "yes" if kind.is_flag else f"{row.injected:+g} {kind.unit}"
    if not row.trusted:
        return f"| `{kind.name}` | {injected} | `{kind.check}` | {row.why} | | |"
    detected = f"{row.detected:.4g}" if row.detected is not None else ("yes" if row.caught else "no")
    within = "" if row.within is None else ("yes" if row.within else "no")
    caught = detected if row.caught else f"{detected}, not caught"
    return f"| `{kind.name}` | {injected} | `{kind.check}` | {caught} | {within} | {row.alarms} |"
