"""The zero block: what the receiver adds, and how far that wanders."""

import pytest

from avatar_core.metrics.way import Way
from avatar_core.metrics.zero import BLOCK, ZeroBlock


def fed(*zeros_ms: float, source_ms: float = 80.0) -> ZeroBlock:
    block = ZeroBlock(Way())
    for at, zero_ms in enumerate(zeros_ms):
        block.left(source_ms, at)
        block.received(float(at), source_ms + zero_ms)
    return block


def test_the_zero_is_the_median_of_what_was_received_beyond_the_source() -> None:
    block = fed(-30.0, -32.0, -31.0, -200.0, -30.0)
    assert block.zero_ms == -31.0
    assert block.began_s == BLOCK - 1
    assert block.most_moved_ms == 0.0


def test_before_the_block_is_whole_there_is_none() -> None:
    assert fed(*[-30.0] * (BLOCK - 1)).zero_ms is None


def test_a_planted_offset_does_not_move_it() -> None:
    block = fed(*[-30.0] * BLOCK, source_ms=0.0)
    for at in range(20):
        block.left(200.0, at)
        block.received(10.0 + at, 170.0)
    assert (block.zero_ms, block.most_moved_ms) == (-30.0, 0.0)


def test_one_stray_moves_nothing_and_a_shift_that_stays_does() -> None:
    block = fed(*[-30.0] * BLOCK, -90.0, *[-30.0] * BLOCK)
    assert block.most_moved_ms == 0.0
    for at in range(BLOCK):
        block.received(20.0 + at, 80.0 - 45.0)
    assert block.most_moved_ms == pytest.approx(15.0)


def test_another_avatar_has_a_zero_of_its_own() -> None:
    block = fed(*[-30.0] * BLOCK)
    block.begin()
    assert block.zero_ms is None
    for at in range(BLOCK):
        block.left(0.0, at)
        block.received(30.0 + at, -60.0)
    assert (block.zero_ms, block.most_moved_ms) == (-60.0, 0.0)


def test_without_a_report_of_the_source_nothing_is_known() -> None:
    block = ZeroBlock(Way())
    for at in range(2 * BLOCK):
        block.received(float(at), -30.0)
    assert (block.zero_ms, len(block.differences)) == (None, 0)


def test_what_the_way_adds_is_not_of_the_zero() -> None:
    block = ZeroBlock(Way())
    block.left(0.0, 0)
    block.way_told(0.0, -45.0, -20.0)
    for at in range(30):
        # The sound's buffer grows by 90 ms meanwhile; the statistics come a little after what was received.
        way_ms = -20.0 - 3 * at
        block.received(at + 0.9, way_ms - 3 * 0.9 - 15.0)
        block.way_told(at + 1.0, way_ms - 3 - 25.0, way_ms - 3)
    assert block.zero_ms == pytest.approx(-15.0)
    assert block.most_moved_ms == pytest.approx(0.0, abs=1e-6)


def test_a_shift_that_the_way_does_not_tell_moves_it() -> None:
    block = ZeroBlock(Way())
    block.left(0.0, 0)
    block.way_told(0.0, -45.0, -20.0)
    for at in range(30):
        block.received(at + 0.5, -35.0 if at < 10 else -55.0)
        block.way_told(at + 1.0, -45.0, -20.0)
    assert block.most_moved_ms == pytest.approx(20.0)


def test_the_way_becoming_known_begins_a_new_block() -> None:
    block = fed(*[-50.0] * BLOCK)
    block.way_told(10.0, -45.0, -30.0)
    assert (block.zero_ms, len(block.differences)) == (None, 0)
    for at in range(BLOCK + 9):
        block.received(10.5 + at, 80.0 - 50.0)
        block.way_told(11.0 + at, -45.0, -30.0)
    assert (block.zero_ms, block.most_moved_ms) == (-20.0, 0.0)


def test_one_reading_of_the_way_that_is_a_grain_off_moves_nothing() -> None:
    block = ZeroBlock(Way())
    block.left(0.0, 0)
    for at in range(40):
        block.received(at + 0.5, -35.0)
        block.way_told(at + 1.0, -45.0, -12.0 if at % 5 == 4 else -20.0)
    assert block.zero_ms == pytest.approx(-15.0)
    assert block.most_moved_ms == 0.0


def test_until_reports_tell_the_way_the_receivers_buffers_are_taken_off() -> None:
    block = ZeroBlock(Way())
    block.left(0.0, 0)
    for at in range(30):
        # Sound's buffer grows by 60 ms meanwhile.
        buffers_ms = -20.0 - 2 * at
        block.way_told(float(at), buffers_ms, None)
        block.received(at + 0.5, buffers_ms - 1 + 5.0)
    assert (block.zero_ms, block.most_moved_ms) == (pytest.approx(5.0), pytest.approx(0.0, abs=1e-6))
    block.way_told(30.0, -80.0, -40.0)
    assert (block.zero_ms, len(block.differences)) == (None, 0)
    for at in range(30, 50):
        block.received(at + 0.5, -55.0)
        block.way_told(at + 1.0, -80.0, -40.0)
    assert (block.zero_ms, block.most_moved_ms) == (-15.0, 0.0)


def test_an_event_is_told_against_its_own_picture_whenever_that_is_reported() -> None:
    block = ZeroBlock(Way())
    block.left(0.0, 0)
    block.way_told(0.0, -45.0, -20.0)
    for at in range(1, 20):
        late_ms = 5.0 * (at % 4)
        block.received(at + 0.4, late_ms - 35.0, at)
        block.left(late_ms, at)
        block.left(99.0, 1_000 + at)
        block.way_told(at + 1.0, -45.0, -20.0)
    assert {one.zero_ms for one in block.differences} == {-15.0}
    assert [one.source_ms for one in block.differences][:4] == [5.0, 10.0, 15.0, 0.0]


def test_a_picture_whose_report_was_lost_is_told_against_the_last_one_known() -> None:
    block = ZeroBlock(Way())
    block.left(3.0, 7)
    block.received(1.0, -12.0, 8)
    assert [one.zero_ms for one in block.differences] == [-15.0]


def test_numbers_of_another_avatar_are_not_taken_for_its_own() -> None:
    block = ZeroBlock(Way())
    block.left(80.0, 8)
    block.begin()
    block.left(0.0, 1)
    block.received(1.0, -15.0, 8)
    assert [one.source_ms for one in block.differences] == [0.0]
