"""result.json and the table on the terminal: what a run measured, in the form users script against (DESIGN.md)."""

import math
import os
import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from avatar_core import __version__
from avatar_core.bench.avatar_metrics import TimedAvatarMetrics
from avatar_core.bench.figures.figures import Sample
from avatar_core.bench.scenarios.catalogue import Scenario
from avatar_core.bench.scenarios.steps import Step
from avatar_core.bench.snapshot import Finding, MetricRow, SessionSnapshot, TrustInfo
from avatar_core.bench.timeline_snapshot import TimelineSnapshot, UntrustedTime
from avatar_core.metrics.picture_health import INTERVAL_EDGES_MS, interval_histogram
from avatar_core.metrics.verdicts import Check, Limits

SCHEMA = 1
_MISSING = f"{chr(0x2013):>9}"  # an en dash, as everywhere where a figure is missing
_PACKAGES = ("livekit", "aiortc", "av", "numpy", "PySide6-Essentials")


def verdict_of(
    steps: Sequence[Step],
    checks: Sequence[Check] = (),
    *,
    strict: bool = True,
    untrusted: Sequence[UntrustedTime] = (),
) -> str:
    """pass, fail, or broken.

    Broken where the bench could not even connect. Then whatever failed and can be trusted makes it a fail. Else it is
    broken where a step failed in a time that is not trusted, or where a check's figure can't be trusted: any check's
    where `strict`, else only where that is so of all.
    """
    if not steps or not steps[0].ok:
        return "broken"
    failed = [step for step in steps if not step.ok]
    if any(not step.doubt(untrusted) for step in failed) or any(check.verdict == "fail" for check in checks):
        return "fail"
    measured = [check.verdict for check in checks if check.verdict != "skipped"]
    doubtful = "broken" in measured if strict else bool(measured) and set(measured) == {"broken"}
    return "broken" if doubtful or failed else "pass"


def build_result(
    snapshot: SessionSnapshot,
    timeline: TimelineSnapshot,
    steps: Sequence[Step],
    *,
    scenario: Scenario,
    provider: str,
    swap_to: str | None,
    swap_policy: str | None,
    seed: int,
    faults: Mapping[str, float],
    samples: Sequence[Sample] = (),
) -> dict[str, Any]:
    """The whole of result.json. `timeline` covers the whole run; figures are of trusted time alone."""
    verdict = verdict_of(steps, snapshot.checks, strict=scenario.strict, untrusted=timeline.untrusted)
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "run_id": snapshot.run_id,
        "versions": _versions(),
        "host": {"cores": os.cpu_count(), "load_percent": snapshot.trust.load_percent, "system": platform.platform()},
        "calibration": _calibration(snapshot.trust),
        "seed": seed,
        "swap_policy": swap_policy,
        "runs": [
            {
                "scenario": scenario.name,
                "provider": provider,
                "swap_to": swap_to,
                "faults": dict(faults),
                "room": {"kind": snapshot.room.kind, "why": snapshot.room.why},
                "verdict": verdict,
                "trusted": not timeline.untrusted,
                "untrusted_s": _untrusted_s(snapshot, timeline),
                "excluded_samples": snapshot.trust.excluded_samples,
                "metrics": {row.name: _figures(row) for row in snapshot.metrics if row.n},
                "frame_interval_histogram": _histogram(samples),
                "not_measured": {row.name: row.note for row in snapshot.metrics if row.note and not row.n},
                "avatar_metrics": [_avatar_metrics(told) for told in snapshot.avatar_metrics],
                "checks": [
                    *(_step_check(step, timeline.untrusted) for step in steps),
                    *(_metric_check(one) for one in snapshot.checks),
                ],
            }
        ],
        "findings": [_finding(finding, snapshot.wall_offset_s) for finding in snapshot.findings],
    }


def step_line(step: Step) -> str:
    """One step for a terminal."""
    return f"{'✓' if step.ok else '✗'} {step.name:<26} {step.elapsed_ms:7.0f} ms  {step.text}"


def table(snapshot: SessionSnapshot, timeline: TimelineSnapshot) -> str:
    """The figures for a terminal, and how much of the run they leave out."""
    lines = [f"{'metric':<28} {'n':>5} {'p50':>9} {'p95':>9} {'max':>9}  unit"]
    lines += [_row(row) for row in snapshot.metrics if row.n]
    named: dict[str, list[str]] = {}
    for row in snapshot.metrics:
        if row.note:
            named.setdefault(row.note, []).append(row.name)
    lines += ["", *(f"{', '.join(names)}: {note}" for note, names in named.items())] if named else []
    if timeline.untrusted:
        reasons = ", ".join(dict.fromkeys(span.reason for span in timeline.untrusted))
        lines += [
            "",
            f"Not trusted for {_untrusted_s(snapshot, timeline):.1f} s ({reasons}): "
            f"{snapshot.trust.excluded_samples} samples are left out.",
        ]
    judged = [check for check in snapshot.checks if check.verdict not in ("pass", "skipped")]
    if judged:
        lines += ["", *(f"{one.verdict:<6} {one.threshold.metric}: {one.why}" for one in judged)]
    lines += ["", "A/V offset: + = audio leads, video is late."]
    if snapshot.findings:
        lines += ["", "Findings (docs/protocols.md):"]
        lines += [f"{finding.id:<4} {finding.provider_id}: {finding.evidence}" for finding in snapshot.findings]
    return "\n".join(lines)


def _untrusted_s(snapshot: SessionSnapshot, timeline: TimelineSnapshot) -> float:
    ends = ((span.end_s if span.end_s is not None else snapshot.time_s) - span.start_s for span in timeline.untrusted)
    return round(sum(ends), 3)


def _histogram(samples: Sequence[Sample]) -> Mapping[str, Any]:
    intervals = [one.value for one in samples if one.metric == "frame_interval_ms" and one.trusted]
    return {"edges_ms": list(INTERVAL_EDGES_MS), "counts": interval_histogram(intervals)}


def _figures(row: MetricRow) -> Mapping[str, Any]:
    figures = {"n": row.n, "p50": row.p50, "p95": row.p95, "max": row.max, "unit": row.unit}
    return figures | ({"note": row.note} if row.note else {})


def _metric_check(check: Check) -> Mapping[str, Any]:
    threshold = check.threshold
    return {
        "name": threshold.metric,
        "verdict": check.verdict,
        "value": check.value,
        "threshold": {"figure": threshold.figure, "warn": _limits(threshold.warn), "fail": _limits(threshold.fail)},
        "source": threshold.source,
        "why": check.why,
    }


def _calibration(trust: TrustInfo) -> Mapping[str, Any] | None:
    """The machine's, where there is one, and the run's own zero block."""
    kept = trust.calibration
    if kept is None and trust.zero_ms is None:
        return None
    return {
        "zero_ms": kept.zero_ms if kept is not None else None,
        "spread_ms": kept.spread_ms if kept is not None else None,
        "n": kept.n if kept is not None else 0,
        "age_s": kept.age_s if kept is not None else None,
        "run_zero_ms": trust.zero_ms,
        "run_zero_moved_ms": trust.zero_moved_ms,
    }


def _limits(limits: Limits | None) -> float | list[float | None] | None:
    """As JSON has it, where nothing is infinite: a missing bound is null."""
    if not isinstance(limits, tuple):
        return limits
    return [bound if math.isfinite(bound) else None for bound in limits]


def _step_check(step: Step, untrusted: Sequence[UntrustedTime]) -> Mapping[str, Any]:
    doubt = step.doubt(untrusted)
    return {
        "name": step.name,
        "verdict": "pass" if step.ok else "broken" if doubt else "fail",
        "value": step.values,
        "threshold": None,
        "source": "scenario",
        "why": f"{step.text}; measurement not trusted: {doubt}" if doubt else step.text,
    }


def _avatar_metrics(told: TimedAvatarMetrics) -> Mapping[str, Any]:
    """As livekit-agents serializes it, with the times of events.jsonl beside it."""
    metrics = told.metrics
    return {
        "type": "avatar_metrics",
        "timestamp": round(metrics.timestamp, 3),
        "playback_latency": round(metrics.playback_latency, 4),
        "session_started_time": metrics.session_started_time,
        "avatar_joined_time": metrics.avatar_joined_time,
        "metadata": {"model_provider": metrics.model_provider},
        "timeline": {"segment_id": told.segment_id, "from_s": round(told.from_s, 6), "to_s": round(told.to_s, 6)},
    }


def _finding(finding: Finding, wall_offset_s: float) -> Mapping[str, Any]:
    return {
        "id": finding.id,
        "evidence": finding.evidence,
        "provider": finding.provider_id,
        "time": round(finding.time_s + wall_offset_s, 3),
    }


def _row(row: MetricRow) -> str:
    figures = [f"{value:9.2f}" if value is not None else _MISSING for value in (row.p50, row.p95, row.max)]
    return f"{row.name:<28} {row.n:>5} {' '.join(figures)}  {row.unit}"


def _versions() -> dict[str, str]:
    versions = {"avatar-testbench": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return versions
