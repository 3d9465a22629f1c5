"""Receiver statistics against the formulas of RFC 3550, and the search for gaps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.reception import MAX_DROPOUT, MAX_GAP, MAX_MISORDER, GapDetector, ReceptionStats
from avatar_core.roomserver.rtcp import build_receiver_report

SSRC = 0xCAFE
VIDEO_HZ = 90_000
FRAME_S = 1 / 30
FRAME_TICKS = VIDEO_HZ // 30


def stats_after(numbers: list[int]) -> ReceptionStats:
    """Statistics of a stream whose packet n was sent and arrived at n thirtieths of a second."""
    stats = ReceptionStats(SSRC, VIDEO_HZ)
    for number in numbers:
        stats.record(number & 0xFFFF, number * FRAME_TICKS & 0xFFFFFFFF, number * FRAME_S)
    return stats


class TestReceptionStats:
    def test_undisturbed_stream_reports_no_loss_and_no_jitter(self) -> None:
        block = stats_after(list(range(100, 200))).report_block(10.0)
        assert block == (SSRC, 0, 0, 199, 0, 0, 0)

    def test_stream_without_a_packet_reports_nothing_lost(self) -> None:
        assert ReceptionStats(SSRC, VIDEO_HZ).report_block(1.0) == (SSRC, 0, 0, 0, 0, 0, 0)

    def test_highest_sequence_counts_the_wraps(self) -> None:
        numbers = list(range(65000, 65000 + 2 * 65536, 50))
        assert stats_after(numbers).report_block(0.0).highest_sequence == numbers[-1]

    def test_reordering_across_the_wrap_loses_nothing(self) -> None:
        block = stats_after([65534, 65536, 65535, 65538, 65537]).report_block(0.0)
        assert (block.highest_sequence, block.cumulative_lost, block.fraction_lost) == (65538, 0, 0)

    def test_fraction_lost_is_that_since_the_last_report_and_the_cumulative_that_of_all_time(self) -> None:
        stats = stats_after([number for number in range(100) if number % 4 != 1])
        first = stats.report_block(0.0)
        assert (first.cumulative_lost, first.fraction_lost) == (25, 64)
        for number in range(100, 200):
            if number not in (110, 111):
                stats.record(number, 0, 0.0)
        second = stats.report_block(0.0)
        assert (second.cumulative_lost, second.fraction_lost) == (27, 256 * 2 // 100)
        third = stats.report_block(0.0)
        assert (third.cumulative_lost, third.fraction_lost) == (27, 0)

    def test_single_loss_shows_in_the_fraction(self) -> None:
        assert stats_after([1, 2, 4]).report_block(0.0).fraction_lost == 64

    def test_almost_everything_lost_is_the_largest_fraction(self) -> None:
        stats = stats_after([0])
        stats.report_block(0.0)
        stats.record(2000, 0, 0.0)
        assert stats.report_block(0.0).fraction_lost == 255

    def test_repairs_after_the_report_take_the_loss_back(self) -> None:
        stats = stats_after([0, 1, 5])
        assert stats.report_block(0.0).cumulative_lost == 3
        for number in (2, 3, 4):
            stats.record(number, number * FRAME_TICKS, 1.0)
        block = stats.report_block(0.0)
        assert (block.cumulative_lost, block.fraction_lost) == (0, 0)

    def test_duplicates_make_the_cumulative_loss_negative(self) -> None:
        block = stats_after([5, 6, 6, 6, 7]).report_block(0.0)
        assert (block.cumulative_lost, block.fraction_lost) == (-2, 0)

    @pytest.mark.parametrize("strays", [[40000], [40000, 20000], [40000, 40002]])
    def test_stray_packets_out_of_nowhere_are_left_out(self, strays: list[int]) -> None:
        block = stats_after([8, 11, *strays, 12, 13]).report_block(0.0)
        assert (block.highest_sequence, block.cumulative_lost) == (13, 2)

    @pytest.mark.parametrize("restart", [11 + MAX_DROPOUT + 2, 11 - MAX_MISORDER - 2])
    def test_two_successive_packets_out_of_nowhere_begin_the_stream_anew(self, restart: int) -> None:
        block = stats_after([5, 7, 11, restart, restart + 1, restart + 2]).report_block(0.0)
        assert (block.highest_sequence, block.cumulative_lost) == ((restart + 2) & 0xFFFF, 0)

    def test_long_dropout_counts_as_loss(self) -> None:
        assert stats_after([1, 1 + MAX_DROPOUT]).report_block(0.0).cumulative_lost == MAX_DROPOUT - 1

    def test_successive_late_repairs_do_not_begin_the_stream_anew(self) -> None:
        newest = 1 + MAX_MISORDER
        block = stats_after([0, *range(100, newest + 1), 1, 2, 3]).report_block(0.0)
        assert (block.highest_sequence, block.cumulative_lost) == (newest, 99 - 3)

    def test_cumulative_loss_stays_within_24_bits(self) -> None:
        stats = ReceptionStats(SSRC, VIDEO_HZ)
        for count in range(3000):
            stats.record(count * MAX_DROPOUT & 0xFFFF, 0, 0.0)
        block = stats.report_block(0.0)
        assert block.cumulative_lost == 0x7FFFFF
        assert len(build_receiver_report(1, [block])) == 32

    def test_jitter_follows_the_formula_of_the_rfc(self) -> None:
        delays_s = [0.0, 0.010, 0.002, 0.002, 0.030, 0.005]
        stats = ReceptionStats(SSRC, VIDEO_HZ)
        expected = 0.0
        for number, delay_s in enumerate(delays_s):
            stats.record(number, 1000 + number * FRAME_TICKS, number * FRAME_S + delay_s)
            if number:
                expected += (abs(delay_s - delays_s[number - 1]) * VIDEO_HZ - expected) / 16
        assert expected > 100
        assert stats.report_block(0.0).jitter == pytest.approx(expected, abs=1)

    def test_jitter_ignores_the_wrap_of_the_timestamp(self) -> None:
        stats = ReceptionStats(SSRC, VIDEO_HZ)
        for number in range(10):
            stats.record(number, (0xFFFFFFFF - 4 * FRAME_TICKS + number * FRAME_TICKS) & 0xFFFFFFFF, number * FRAME_S)
        assert stats.report_block(0.0).jitter == 0

    def test_late_repair_does_not_count_as_jitter(self) -> None:
        stats = stats_after([0, 1, 3, 4])
        stats.record(2, 2 * FRAME_TICKS, 9.0)
        stats.record(4, 4 * FRAME_TICKS, 9.0)
        stats.record(5, 5 * FRAME_TICKS, 5 * FRAME_S)
        assert stats.report_block(0.0).jitter == 0

    def test_sender_report_is_echoed_with_the_time_since(self) -> None:
        stats = stats_after([0])
        stats.sender_report(0x11112222_33334444, 100.0)
        block = stats.report_block(101.5)
        assert block.last_sender_report == 0x22223333
        assert block.delay_since_sender_report == 0x18000

    def test_delay_since_a_very_old_sender_report_fits_its_field(self) -> None:
        stats = stats_after([0])
        stats.sender_report(1 << 63, 0.0)
        assert stats.report_block(1e6).delay_since_sender_report == 0xFFFFFFFF

    @settings(deadline=None)
    @given(st.integers(0, 0xFFFF), st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=300))
    def test_loss_is_expected_less_received_however_packets_are_reordered(
        self, start: int, fates: list[tuple[bool, int]]
    ) -> None:
        delays = {start + 1 + index: delay for index, (kept, delay) in enumerate(fates) if kept}
        numbers = [start, *sorted(delays, key=lambda number: number + delays[number])]
        block = stats_after(numbers).report_block(0.0)
        assert block.highest_sequence == max(numbers)
        assert block.cumulative_lost == max(numbers) - start + 1 - len(numbers)


class TestGapDetector:
    def test_packets_in_order_miss_nothing(self) -> None:
        detector = GapDetector()
        assert [detector.record(number & 0xFFFF) for number in range(65530, 65545)] == [()] * 15
        assert detector.due(1.0) == ()

    def test_gap_is_asked_for_at_once_across_the_wrap(self) -> None:
        detector = GapDetector()
        detector.record(65533)
        assert detector.record(2) == (65534, 65535, 0, 1)
        assert detector.record(3) == ()

    def test_missing_packet_is_asked_for_again_at_the_interval_only(self) -> None:
        detector = GapDetector(interval_s=0.1)
        detector.record(1)
        detector.record(3)
        due = [detector.due(now_s) for now_s in (10.0, 10.05, 10.125, 10.2, 10.25)]
        assert due == [(), (), (2,), (), (2,)]

    def test_late_arrival_is_no_longer_asked_for(self) -> None:
        detector = GapDetector(interval_s=0.1)
        detector.record(1)
        assert detector.record(4) == (2, 3)
        detector.due(0.0)
        assert detector.record(2) == ()
        assert detector.due(1.0) == (3,)
        assert detector.record(3) == ()
        assert detector.due(2.0) == ()
        assert detector.given_up == 0

    def test_packet_is_given_up_after_its_last_request(self) -> None:
        detector = GapDetector(interval_s=0.1, max_requests=3)
        detector.record(1)
        assert detector.record(3) == (2,)
        due = [detector.due(float(now_s)) for now_s in range(6)]
        assert due == [(), (2,), (2,), (), (), ()]
        assert detector.given_up == 1

    def test_requests_of_two_gaps_run_apart(self) -> None:
        detector = GapDetector(interval_s=1.0)
        detector.record(1)
        detector.record(3)
        detector.due(0.0)
        detector.record(5)
        assert [detector.due(now_s) for now_s in (0.5, 1.0, 1.5)] == [(), (2,), (4,)]

    def test_old_packets_are_given_up_while_the_stream_goes_on(self) -> None:
        detector = GapDetector(interval_s=0.0)
        detector.record(65000)
        detector.record(65002)
        detector.due(0.0)
        for number in range(65003, 65001 + MAX_GAP + 1):
            detector.record(number & 0xFFFF)
        assert detector.due(1.0) == (65001,)
        detector.record((65001 + MAX_GAP + 1) & 0xFFFF)
        assert detector.due(2.0) == ()
        assert detector.given_up == 1

    def test_largest_gap_is_asked_for_and_a_larger_one_is_a_new_beginning(self) -> None:
        detector = GapDetector()
        detector.record(0)
        assert len(detector.record(MAX_GAP)) == MAX_GAP - 1
        assert detector.record(2 * MAX_GAP + 1) == ()
        assert detector.due(0.0) == detector.due(9.0) == ()
        assert detector.given_up == MAX_GAP - 1
        assert detector.record(2 * MAX_GAP + 3) == (2 * MAX_GAP + 2,)

    def test_jump_back_is_a_new_beginning(self) -> None:
        detector = GapDetector()
        detector.record(5000)
        assert detector.record(100) == ()
        assert detector.record(102) == (101,)

    def test_repeated_packet_leaves_the_missing_ones_to_be_asked_for(self) -> None:
        detector = GapDetector()
        detector.record(1)
        detector.record(3)
        assert detector.record(3) == ()
        assert detector.record(3 - MAX_GAP & 0xFFFF) == ()
        detector.due(0.0)
        assert detector.due(1.0) == (2,)

    def test_reordered_and_repeated_packets_miss_nothing(self) -> None:
        detector = GapDetector()
        assert [detector.record(number) for number in (7, 7, 6, 3, 8)] == [()] * 5

    @settings(deadline=None)
    @given(st.integers(0, 0xFFFF), st.lists(st.sampled_from((1, 1, 1, 2, 9, 300, -2, -30)), max_size=150))
    def test_what_is_missing_is_bounded_recent_and_never_arrived(self, start: int, steps: list[int]) -> None:
        detector = GapDetector(interval_s=0.0, max_requests=1000)
        number = highest = start
        arrived = {start}
        asked: set[int] = set()
        detector.record(start & 0xFFFF)
        detector.due(0.0)
        for tick, step in enumerate(steps):
            number = max(number + step, highest - 100)
            highest = max(highest, number)
            arrived.add(number)
            newly_missing = detector.record(number & 0xFFFF)
            assert asked.isdisjoint(newly_missing)
            asked.update(newly_missing)
            detector.due(float(tick))
            expected = [
                missing & 0xFFFF for missing in range(max(start, highest - MAX_GAP), highest) if missing not in arrived
            ]
            assert list(detector.due(tick + 0.5)) == expected
