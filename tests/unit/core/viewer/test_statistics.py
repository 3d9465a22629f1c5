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


def test_sound_that_was_made_up_is_told_as_a_share_and_silence_is_no_loss() -> None:
    inbound = {"total_samples_received": 96_000, "concealed_samples": 9_600, "silent_concealed_samples": 4_800}
    after = read_inbound([{"inbound_rtp": {"inbound": inbound}}])
    assert after is not None
    assert rate_between(Inbound(0, 0, 0, 0.0, 0.0, 0), after, 1.0).concealed_percent == pytest.approx(5.0)
    assert rate_between(after, after, 1.0).concealed_percent is None


def test_freezes_are_counted_as_webrtc_tells_them() -> None:
    inbound = read_inbound([{"inbound_rtp": {"inbound": {"freeze_count": 2}}}])
    assert inbound is not None and inbound.freezes == 2


def test_the_way_is_from_capture_to_playout_by_the_reports_of_the_sender() -> None:
    played_ntp_ms = 2_208_988_800_000 + 1_000_000.0
    entry = {"rtc": {"timestamp": "1000040500"}, "inbound": {"estimated_playout_timestamp": played_ntp_ms}}
    inbound = read_inbound([{"inbound_rtp": entry}])
    assert inbound is not None and inbound.way_ms == pytest.approx(40.5)


def test_before_the_sender_reported_the_way_is_not_known() -> None:
    entry = {"rtc": {"timestamp": "1000040500"}, "inbound": {"estimated_playout_timestamp": 0.0}}
    inbound = read_inbound([{"inbound_rtp": entry}])
    assert inbound is not None and inbound.way_ms is None
