"""Congestion control feedback, read back by a decoder written from the draft and sharing nothing with the encoder."""

import struct
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.twcc import CAPACITY, WINDOW, FeedbackRecorder

SENDER, MEDIA = 0x11111111, 0x22222222


class Feedback(NamedTuple):
    sender_ssrc: int
    media_ssrc: int
    feedback_count: int
    statuses: dict[int, int | None]
    """By sequence number, in order: the arrival in 250 us, None if not received."""


def decode(packet: bytes) -> Feedback:
    flags, kind, words, sender, media, base, status_count = struct.unpack_from("!BBHIIHH", packet)
    assert (flags & 0xDF, kind, len(packet)) == (0x8F, 205, 4 * (words + 1))
    padding = packet[-1] if flags & 0x20 else 0
    assert padding < 4
    time = int.from_bytes(packet[16:19], "big") * 256
    symbols: list[int] = []
    position = 20
    while len(symbols) < status_count:
        bits = f"{int.from_bytes(packet[position : position + 2], 'big'):016b}"
        position += 2
        if bits[0] == "0":
            symbols += [int(bits[1:3], 2)] * int(bits[3:], 2)
        elif bits[1] == "0":
            symbols += [int(bit) for bit in bits[2:]]
        else:
            symbols += [int(bits[index : index + 2], 2) for index in range(2, 16, 2)]
    statuses: dict[int, int | None] = {}
    for step, symbol in enumerate(symbols[:status_count]):
        assert symbol in (0, 1, 2)
        if symbol:
            time += int.from_bytes(packet[position : position + symbol], "big", signed=symbol == 2)
            position += symbol
        statuses[(base + step) & 0xFFFF] = time if symbol else None
    assert position == len(packet) - padding
    return Feedback(sender, media, packet[19], statuses)


def recorder_with(arrivals: list[tuple[int, float]]) -> FeedbackRecorder:
    recorder = FeedbackRecorder(SENDER, MEDIA)
    for number, arrival_s in arrivals:
        recorder.record(number & 0xFFFF, arrival_s)
    return recorder


def take_statuses(recorder: FeedbackRecorder) -> list[dict[int, int | None]]:
    return [decode(packet).statuses for packet in recorder.take_feedback()]


def test_feedback_matches_a_packet_worked_out_by_hand() -> None:
    # Received at 64 ms, 65 ms; one lost; received at 200 ms: 4 ticks later, then 540 ticks, which takes two bytes.
    recorder = recorder_with([(10, 0.064), (11, 0.065), (13, 0.2)])
    assert recorder.take_feedback() == [
        bytes.fromhex("af cd 0006 11111111 22222222 000a 0004 000001 00") + bytes.fromhex("d480 00 04 021c 0002")
    ]


def test_nothing_is_told_without_an_arrival() -> None:
    recorder = FeedbackRecorder(SENDER, MEDIA)
    assert recorder.take_feedback() == []
    recorder.record(1, 1.0)
    assert len(recorder.take_feedback()) == 1
    assert recorder.take_feedback() == []


def test_feedback_names_both_streams_and_follows_a_change_of_the_media_stream() -> None:
    recorder = recorder_with([(1, 1.0)])
    first = decode(recorder.take_feedback()[0])
    recorder.media_ssrc = 99
    recorder.record(2, 1.1)
    second = decode(recorder.take_feedback()[0])
    assert (first.sender_ssrc, first.media_ssrc) == (SENDER, MEDIA)
    assert (second.sender_ssrc, second.media_ssrc) == (SENDER, 99)


def test_loss_between_two_feedbacks_is_told_by_the_second() -> None:
    recorder = recorder_with([(1, 1.0), (2, 1.0)])
    assert take_statuses(recorder) == [{1: 4000, 2: 4000}]
    recorder.record(5, 1.5)
    assert take_statuses(recorder) == [{3: None, 4: None, 5: 6000}]


def test_late_packet_makes_the_next_feedback_begin_with_it_and_repeat_what_was_told() -> None:
    recorder = recorder_with([(1, 1.0), (3, 1.001), (5, 1.002)])
    assert take_statuses(recorder) == [{1: 4000, 2: None, 3: 4004, 4: None, 5: 4008}]
    recorder.record(6, 1.003)
    recorder.record(2, 1.004)
    assert take_statuses(recorder) == [{2: 4016, 3: 4004, 4: None, 5: 4008, 6: 4012}]


def test_first_arrival_of_a_repeated_packet_counts() -> None:
    recorder = recorder_with([(1, 1.0), (1, 2.0)])
    assert take_statuses(recorder) == [{1: 4000}]
    recorder.record(1, 3.0)
    assert recorder.take_feedback() == []


def test_sequence_numbers_wrap() -> None:
    recorder = recorder_with([(65534, 1.0), (1, 1.001), (65535, 1.002)])
    assert take_statuses(recorder) == [{65534: 4000, 65535: 4008, 0: None, 1: 4004}]


def test_packets_before_the_first_to_arrive_may_come_late_across_the_wrap() -> None:
    assert take_statuses(recorder_with([(0, 1.0), (65535, 1.001)])) == [{65535: 4004, 0: 4000}]


def test_feedback_count_wraps_at_256() -> None:
    recorder = FeedbackRecorder(SENDER, MEDIA)
    counts = []
    for number in range(300):
        recorder.record(number, number / 100)
        counts += [decode(packet).feedback_count for packet in recorder.take_feedback()]
    assert counts == [number & 0xFF for number in range(300)]


def test_reference_time_wraps_at_24_bits() -> None:
    wrap_s = (1 << 24) * 0.064
    assert take_statuses(recorder_with([(1, wrap_s - 0.001), (2, wrap_s + 0.001)])) == [
        {1: (1 << 32) - 4, 2: (1 << 32) + 4}
    ]
    assert take_statuses(recorder_with([(1, wrap_s + 0.25)])) == [{1: 1000}]


@pytest.mark.parametrize(("pause_ticks", "size"), [(0, 1), (255, 1), (256, 2), (32767, 2), (-1, 2), (-32768, 2)])
def test_pause_takes_one_byte_or_two(pause_ticks: int, size: int) -> None:
    # The first delta takes one byte; header, chunk, deltas and padding make whole words.
    [packet] = recorder_with([(1, 10.0), (2, 10 + pause_ticks / 4000)]).take_feedback()
    assert decode(packet).statuses == {1: 40000, 2: 40000 + pause_ticks}
    assert len(packet) - (packet[-1] if packet[0] & 0x20 else 0) == 20 + 2 + 1 + size


@pytest.mark.parametrize("pause_ticks", [32768, -32769])
def test_pause_beyond_two_bytes_splits_and_still_tells_what_was_lost_in_it(pause_ticks: int) -> None:
    recorder = recorder_with([(1, 10.0), (3, 10 + pause_ticks / 4000)])
    assert take_statuses(recorder) == [{1: 40000}, {2: None, 3: 40000 + pause_ticks}]


def test_largest_gap_is_told_as_lost() -> None:
    told = take_statuses(recorder_with([(1, 1.0), (1 + WINDOW, 1.1)]))
    statuses = [status for packet in told for status in packet.items()]
    assert statuses == [(1, 4000), *((number, None) for number in range(2, 1 + WINDOW)), (1 + WINDOW, 4400)]


def test_packet_as_late_as_the_window_is_late_and_not_a_jump() -> None:
    recorder = recorder_with([(WINDOW, 1.0), (0, 1.1)])
    told = [number for statuses in take_statuses(recorder) for number in statuses]
    assert told == list(range(WINDOW + 1))


@pytest.mark.parametrize("jump", [WINDOW + 1, 30000, -WINDOW - 2, -30000])
def test_jump_splits_and_calls_nothing_lost(jump: int) -> None:
    recorder = recorder_with([(40000, 1.0), (40001, 1.0), (40001 + jump, 1.001), (40002 + jump, 1.001)])
    assert take_statuses(recorder) == [
        {40000: 4000, 40001: 4000},
        {(40001 + jump) & 0xFFFF: 4004, (40002 + jump) & 0xFFFF: 4004},
    ]


def test_jump_between_two_feedbacks_calls_nothing_lost() -> None:
    recorder = recorder_with([(5, 1.0)])
    recorder.take_feedback()
    recorder.record(20000, 2.0)
    assert take_statuses(recorder) == [{20000: 8000}]


def test_many_arrivals_split_into_packets_below_a_common_mtu_that_join_up() -> None:
    # Alternately early and late by 100 ms, so that every delta takes two bytes and no status repeats for long.
    recorder = recorder_with([(number, 10 + 0.1 * (number % 3)) for number in range(60000, 62500)])
    packets = recorder.take_feedback()
    assert len(packets) > 1
    assert max(map(len, packets)) <= 1200
    told = [number for packet in packets for number in decode(packet).statuses]
    assert told == list(range(60000, 62500))


def test_arrivals_are_bounded_and_the_untold_counted_when_feedback_is_never_taken() -> None:
    recorder = recorder_with([(number, 1.0) for number in range(10)])
    recorder.take_feedback()
    for number in range(10, 2 * CAPACITY + 3):
        recorder.record(number, 1.0)
    # The ten that were told took room as well, but are no loss.
    assert recorder.dropped == 2 * CAPACITY - 10
    assert take_statuses(recorder) == [dict.fromkeys(range(2 * CAPACITY, 2 * CAPACITY + 3), 4000)]


def test_nothing_is_dropped_while_feedback_is_taken() -> None:
    recorder = FeedbackRecorder(SENDER, MEDIA)
    for number in range(3 * CAPACITY):
        recorder.record(number, number / 1000)
        if number % 100 == 0:
            recorder.take_feedback()
    assert recorder.dropped == 0


@pytest.mark.parametrize("length", [1, 6, 7, 8, 13, 14, 15, 28, 100])
@pytest.mark.parametrize("pattern", ["rrr", "rl", "rrrrrrrl", "r-", "r-----------------l", "rlllllllllll-"])
def test_every_pattern_of_statuses_survives(pattern: str, length: int) -> None:
    expected: dict[int, int | None] = {}
    time = 4096
    for number in range(length):
        kind = "r" if number == length - 1 else pattern[number % len(pattern)]
        time += {"r": 1, "l": 300, "-": 0}[kind]
        expected[number] = None if kind == "-" else time
    recorder = recorder_with([(number, time / 4000) for number, time in expected.items() if time is not None])
    assert take_statuses(recorder) == [expected]


@settings(deadline=None)
@given(st.data())
def test_what_is_told_is_what_arrived(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, 0xFFFF), "start")
    steps = data.draw(st.lists(st.sampled_from((1, 1, 1, 2, 5, 40, -1, -3, -20)), min_size=1, max_size=120), "steps")
    pauses = data.draw(st.lists(st.integers(0, 2000), min_size=len(steps), max_size=len(steps)), "pauses in ticks")
    takes = data.draw(st.sets(st.integers(0, len(steps) - 1)), "feedback taken after")
    recorder = FeedbackRecorder(SENDER, MEDIA)
    arrived: dict[int, int] = {}
    told: set[int] = set()
    number, ticks = start, 400_000
    for index, (step, pause) in enumerate(zip(steps, pauses, strict=True)):
        number = (number + step) & 0xFFFF
        ticks += pause
        arrived.setdefault(number, ticks)
        recorder.record(number, ticks / 4000)
        if index in takes or index == len(steps) - 1:
            for statuses in take_statuses(recorder):
                assert statuses == {told_number: arrived.get(told_number) for told_number in statuses}
                told |= statuses.keys()
            assert told >= arrived.keys()
