import pytest

from avatar_core.viewer.statistics import Inbound, rate_between, read_inbound

BEFORE = Inbound(1_000, 2, 100, 0.004, 3.0, 100)


def test_statistics_without_a_received_track_say_nothing() -> None:
    assert read_inbound([]) is None
    assert read_inbound([{"codec": {}}, {"transport": {}}]) is None


def test_the_received_part_is_found_among_the_others() -> None:
    received = {"packets_lost": 3, "packets_received": 97, "jitter": 0.002}
    inbound = {"bytes_received": 5_000, "jitter_buffer_delay": 1.5, "jitter_buffer_emitted_count": 50}
    entries = [{"codec": {}}, {"inbound_rtp": {"inbound": inbound, "received": received}}]
    assert read_inbound(entries) == Inbound(5_000, 3, 97, 0.002, 1.5, 50)


def test_what_is_not_told_counts_as_nothing() -> None:
    assert read_inbound([{"inbound_rtp": {}}]) == Inbound(0, 0, 0, 0.0, 0.0, 0)


def test_rates_are_of_the_time_between_two_readings() -> None:
    rate = rate_between(BEFORE, Inbound(11_000, 12, 190, 0.006, 5.0, 150), 2.0)
    assert rate.bitrate_bps == 40_000
    assert rate.buffer_ms == pytest.approx(40.0)
    assert rate.loss_percent == pytest.approx(10.0)
    assert rate.jitter_ms == pytest.approx(6.0)


def test_a_track_that_stood_still_has_no_buffer_figure_and_no_loss() -> None:
    rate = rate_between(BEFORE, BEFORE, 1.0)
    assert (rate.bitrate_bps, rate.buffer_ms, rate.loss_percent) == (0.0, None, 0.0)


def test_counters_that_began_anew_give_no_negative_rate() -> None:
    rate = rate_between(BEFORE, Inbound(10, 0, 1, 0.0, 0.1, 1), 1.0)
    assert (rate.bitrate_bps, rate.buffer_ms, rate.loss_percent) == (0.0, None, 0.0)
