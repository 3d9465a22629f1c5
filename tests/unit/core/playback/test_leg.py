"""A leg: where it is thought to be, and its one rate."""

import pytest

from avatar_core.playback.leg import Leg
from avatar_core.playback.segment import SegmentRef
from tests.fakes.audio_output import HandDrivenOutput, speech


def leg_at(sample_rate_hz: int | None = None, *, sent_s: float = 1.0) -> Leg:
    return Leg(HandDrivenOutput(sample_rate_hz=sample_rate_hz), SegmentRef("s"), base_s=0.0, sent_s=sent_s)


def test_position_is_nothing_before_the_start() -> None:
    """P9."""
    assert leg_at().played_s(100.0) == 0


def test_position_is_the_time_since_the_start_as_far_as_sent() -> None:
    """P9."""
    leg = leg_at()
    leg.started_at = 10.0
    assert [leg.played_s(now_s) for now_s in (9.0, 10.25, 12.0)] == [0, 0.25, 1.0]


def test_reported_position_is_believed_before_the_clock() -> None:
    """P9."""
    leg = leg_at()
    leg.started_at, leg.reported_s = 10.0, 0.1
    assert leg.played_s(10.9) == 0.1


def test_leg_taken_back_is_not_heard_any_longer() -> None:
    leg = leg_at()
    leg.started_at, leg.recalled_at = 10.0, 10.5
    assert leg.played_s(99.0) == 0.5


def test_frames_of_the_right_rate_pass_untouched() -> None:
    frame = speech(0.1)
    assert leg_at().convert(frame) is frame
    assert leg_at(8_000).convert(frame) is frame


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
def test_conversion_keeps_the_length(rate_hz: int) -> None:
    """B21."""
    leg = leg_at(rate_hz)
    samples = sum(leg.convert(speech(0.1, start_s=n / 10)).samples_per_channel for n in range(5))
    assert leg.converts
    remainder = leg.take_remainder()
    assert remainder is not None
    assert samples + remainder.samples_per_channel == rate_hz // 2
    assert leg.take_remainder() is None


def test_end_is_said_once() -> None:
    leg = leg_at()
    leg.end()
    leg.end()
    assert isinstance(leg.sink, HandDrivenOutput)
    assert leg.sink.calls == ["flush"]
