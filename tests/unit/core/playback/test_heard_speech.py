import numpy as np
import pytest

from avatar_core.playback.heard_speech import HeardSpeech, Placed
from tests.fakes.audio_output import RATE_HZ, speech


def heard(placed: list[Placed]) -> list[tuple[float, int, int]]:
    """When, first and last sample of each stretch; a sample tells its place (see `speech`)."""
    return [(round(p.start_s, 4), int(p.samples[0]) - 1, int(p.samples[-1])) for p in placed]


def captured(*durations_s: float, limit_s: float = 60.0) -> HeardSpeech:
    kept = HeardSpeech(RATE_HZ, limit_s=limit_s)
    position_s = 0.0
    for duration_s in durations_s:
        kept.push(speech(duration_s, start_s=position_s))
        position_s += duration_s
    return kept


def test_without_progress_it_is_placed_at_its_start_when_it_finishes() -> None:
    kept = captured(1.0)
    kept.started(10.0)
    assert heard(kept.finished(0.5, 99.0)) == [(10.0, 0, 4_000)]


def test_without_a_start_it_ended_now() -> None:
    assert heard(captured(1.0).finished(0.5, 99.0)) == [(98.5, 0, 4_000)]


def test_reports_that_scatter_are_joined_without_a_gap() -> None:
    kept = captured(1.0)
    kept.started(10.0)
    placed = kept.progressed(0.0, 0.2, 10.01) + kept.progressed(0.2, 0.2, 10.24) + kept.finished(0.6, 11.0)
    assert heard(placed) == [(10.01, 0, 1_600), (10.21, 1_600, 3_200), (10.41, 3_200, 4_800)]


def test_a_pause_moves_what_follows() -> None:
    kept = captured(1.0)
    placed = kept.progressed(0.0, 0.2, 10.0) + kept.progressed(0.2, 0.2, 15.0)
    assert heard(placed) == [(10.0, 0, 1_600), (15.0, 1_600, 3_200)]
    assert kept.placed_until_s == pytest.approx(15.2)


def test_what_a_swap_cut_is_left_out() -> None:
    """P10: the new output goes on behind what the old one was given."""
    kept = captured(3.0)
    placed = kept.progressed(0.0, 0.5, 10.0) + kept.progressed(2.0, 0.5, 10.6) + kept.finished(1.0, 12.0)
    assert heard(placed) == [(10.0, 0, 4_000), (10.6, 16_000, 20_000)]


def test_report_that_overlaps_places_nothing_twice() -> None:
    kept = captured(1.0)
    placed = kept.progressed(0.0, 0.3, 10.0) + kept.progressed(0.2, 0.2, 10.2)
    assert heard(placed) == [(10.0, 0, 2_400), (10.3, 2_400, 3_200)]


def test_what_is_kept_is_bounded_and_the_rest_counted() -> None:
    kept = captured(1.0, 1.0, limit_s=1.5)
    assert kept.unkept_s == pytest.approx(0.5)
    kept.started(10.0)
    assert heard(kept.finished(2.0, 12.0)) == [(10.0, 0, 8_000), (11.0, 8_000, 12_000)]


def test_rates_are_converted_and_keep_their_length() -> None:
    kept = HeardSpeech(48_000, limit_s=60.0)
    kept.push(speech(1.0, rate_hz=8_000))
    kept.started(10.0)
    placed = kept.finished(1.0, 11.0)
    assert sum(len(p.samples) for p in placed) == 48_000
    assert all(p.samples.dtype == np.int16 and p.samples.ndim == 1 for p in placed)
