"""The meter: levels in step with what is heard."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.playback.meter import SILENCE_DBFS, LevelMeter
from tests.fakes.audio_output import HandDrivenOutput
from tests.fakes.clock import ManualClock


@pytest.fixture
def leaf(clock: ManualClock) -> HandDrivenOutput:
    return HandDrivenOutput(clock=clock, pause=True)


@pytest.fixture
async def meter(leaf: HandDrivenOutput, clock: ManualClock) -> AsyncIterator[LevelMeter]:
    meter = LevelMeter(leaf, clock=clock)
    yield meter
    await meter.aclose()


def square(duration_s: float, amplitude: float) -> AudioFrame:
    count = round(duration_s * 8_000)
    samples = np.where(np.arange(count) % 8 < 4, 1, -1) * round(amplitude * 32_768)
    return AudioFrame(samples.astype(np.int16), 8_000)


async def test_level_is_that_of_the_place_being_heard(
    meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock
) -> None:
    """All is captured at once, heard later."""
    await meter.capture_frame(square(0.5, 0.5))
    await meter.capture_frame(square(0.5, 0.05))
    await meter.capture_frame(square(0.5, 0.0))
    meter.flush()
    assert meter.level().peak_dbfs == SILENCE_DBFS
    leaf.start()
    clock.move(0.1)
    assert meter.level().peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert meter.level().rms_dbfs == pytest.approx(-6.02, abs=0.05)
    clock.move(0.5)
    assert meter.level().peak_dbfs == pytest.approx(-26.0, abs=0.05)
    clock.move(0.5)
    assert meter.level().peak_dbfs == SILENCE_DBFS


async def test_rms_lies_below_the_peak(meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock) -> None:
    samples = np.zeros(800, dtype=np.int16)
    samples[::4] = 16_384
    await meter.capture_frame(AudioFrame(samples, 8_000))
    leaf.start()
    level = meter.level()
    assert level.peak_dbfs == pytest.approx(-6.02, abs=0.05)
    assert level.rms_dbfs == pytest.approx(-12.04, abs=0.05)


async def test_progress_corrects_the_place(meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock) -> None:
    await meter.capture_frame(square(1.0, 0.5))
    await meter.capture_frame(square(1.0, 0.0))
    leaf.start()
    clock.move(0.2)
    leaf.on_playback_progressed(started_at=clock.now(), offset=1.2, duration=0.1)
    assert meter.level().peak_dbfs == SILENCE_DBFS


async def test_pause_silences_and_resume_goes_on_there(
    meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock
) -> None:
    await meter.capture_frame(square(0.5, 0.5))
    await meter.capture_frame(square(0.5, 0.05))
    leaf.start()
    clock.move(0.3)
    meter.pause()
    assert meter.level().peak_dbfs == SILENCE_DBFS
    clock.move(60)
    meter.resume()
    assert meter.level().peak_dbfs == pytest.approx(-6.02, abs=0.05)
    clock.move(0.3)
    assert meter.level().peak_dbfs == pytest.approx(-26.0, abs=0.05)


async def test_finished_segment_is_silent_and_the_next_one_counts(
    meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock
) -> None:
    await meter.capture_frame(square(0.5, 0.5))
    meter.flush()
    await meter.capture_frame(square(0.5, 0.05))
    leaf.start()
    clock.move(0.2)
    leaf.finish(0.2, interrupted=True)
    assert meter.level().peak_dbfs == SILENCE_DBFS
    leaf.start()
    assert meter.level().peak_dbfs == pytest.approx(-26.0, abs=0.05)


async def test_report_that_comes_in_a_pause_does_not_let_the_level_go_on(
    meter: LevelMeter, leaf: HandDrivenOutput, clock: ManualClock
) -> None:
    await meter.capture_frame(square(2.0, 0.5))
    leaf.start()
    clock.move(0.5)
    meter.pause()
    leaf.on_playback_progressed(started_at=clock.now() - 0.5, offset=0.0, duration=0.5)
    assert meter.level().peak_dbfs == SILENCE_DBFS
    meter.resume()
    assert meter.level().peak_dbfs > SILENCE_DBFS
