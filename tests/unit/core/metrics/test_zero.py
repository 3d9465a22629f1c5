"""The zero block: what the receiver adds, and how far that wanders."""

import pytest

from avatar_core.metrics.zero import BLOCK, ZeroBlock


def fed(*zeros_ms: float, source_ms: float = 80.0) -> ZeroBlock:
    block = ZeroBlock()
    for at, zero_ms in enumerate(zeros_ms):
        block.source(source_ms)
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
        block.source(200.0)
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
        block.source(0.0)
        block.received(30.0 + at, -60.0)
    assert (block.zero_ms, block.most_moved_ms) == (-60.0, 0.0)


def test_without_a_report_of_the_source_nothing_is_known() -> None:
    block = ZeroBlock()
    for at in range(2 * BLOCK):
        block.received(float(at), -30.0)
    assert (block.zero_ms, len(block.differences)) == (None, 0)
