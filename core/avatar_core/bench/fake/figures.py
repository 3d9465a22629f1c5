"""What the fake session offers and measures: invented providers, sources, and metric rows from samples."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from avatar_core.bench.snapshot import LedgerBalance, MetricRow, ProviderInfo, SourceInfo
from avatar_core.bench.states import ProviderState, SourceKind, Verdict

PROVIDERS = (
    ProviderInfo("talking-head", "Talking head", "Reference, ours", 24_000, ProviderState.NOT_STARTED),
    ProviderInfo("sync-pattern", "Sync pattern", "Reference, ours", 48_000, ProviderState.NOT_STARTED),
    ProviderInfo("audio-wave", "Audio wave", "Reference, ours", 24_000, ProviderState.NOT_STARTED),
    ProviderInfo(
        "northlight",
        "Northlight",
        "LiveKit plugin",
        24_000,
        ProviderState.NOT_STARTED,
        needs_key=True,
        key_present=True,
    ),
    ProviderInfo(
        "kestrel",
        "Kestrel",
        "Dispatch URL",
        16_000,
        ProviderState.KEY_MISSING,
        why="KESTREL_API_KEY is not set",
        needs_key=True,
    ),
)

SOURCES = (
    SourceInfo("ada-monologue", "Ada, monologue", SourceKind.FILE, 30.0),
    SourceInfo("ben-numbers", "Ben, long numbers and dates", SourceKind.FILE, 14.0),
    SourceInfo("ada-bilabials", "Ada, bilabials: b, m, p", SourceKind.FILE, 11.0),
    SourceInfo("sync-pattern", "Sync pattern", SourceKind.PATTERN, 20.0),
    SourceInfo("microphone", "Microphone", SourceKind.MICROPHONE, None, available=False, why="No microphone found."),
)

# Name, unit, limit: the order in which a report lists them.
_METRICS: tuple[tuple[str, str, float | None], ...] = (
    ("av_offset_ms", "ms", 45.0),
    ("av_offset_source_ms", "ms", 45.0),
    ("av_offset_slope_ms_per_s", "ms/s", 3.0),
    ("audio_delay_ms", "ms", None),
    ("interrupt_to_silence_ms", "ms", 500.0),
    ("interrupt_leak_ms", "ms", 100.0),
    ("ack_ms", "ms", 500.0),
    ("swap_video_gap_ms", "ms", 500.0),
    ("swap_audio_gap_ms", "ms", 200.0),
    ("swap_lost_ms", "ms", 0.0),
    ("fps", "fps", None),
    ("freeze_count", "", 0.0),
    ("create_s", "s", None),
    ("join_s", "s", None),
    ("first_frame_s", "s", 10.0),
    ("first_sound_s", "s", 2.5),
    ("utterance_latency_ms", "ms", None),
)
# A vendor's clock is not ours: what left its worker is estimated.
_ESTIMATED = frozenset({"av_offset_source_ms"})
# Commands to the room keep their figures in an untrusted time; what depends on the host's load does not.
_HOST_BOUND = frozenset(
    {
        "av_offset_ms",
        "av_offset_source_ms",
        "av_offset_slope_ms_per_s",
        "audio_delay_ms",
        "fps",
        "freeze_count",
        "first_frame_s",
        "first_sound_s",
    }
)


def metric_rows(
    samples: Mapping[str, deque[float]], *, trusted: bool, judged: bool, balance: LedgerBalance
) -> tuple[MetricRow, ...]:
    """A row for every metric; one without samples, or not trusted, carries no figure."""
    rows = [
        _row(name, unit, limit, samples.get(name), trusted or name not in _HOST_BOUND, judged)
        for name, unit, limit in _METRICS
    ]
    for name, count in (("segments_opened", balance.opened), ("segments_finished", balance.finished)):
        rows.append(MetricRow(name, "", 1, float(count), float(count), float(count), float(count)))
    return tuple(rows)


def _row(
    name: str, unit: str, limit: float | None, values: deque[float] | None, trusted: bool, judged: bool
) -> MetricRow:
    estimated = name in _ESTIMATED
    if not trusted:
        return MetricRow(name, unit, limit=limit, estimated=estimated, trusted=False)
    if not values:
        return MetricRow(name, unit, limit=limit, estimated=estimated)
    p50, p95 = (float(figure) for figure in np.percentile(np.asarray(values), (50, 95)))
    verdict = None
    if judged and limit is not None:
        verdict = Verdict.PASS if abs(values[-1]) <= limit else Verdict.WARN
    return MetricRow(name, unit, len(values), values[-1], p50, p95, max(values), limit, verdict, estimated)
