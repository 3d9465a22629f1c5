"""The mixing track: PROTOCOLS O14 to O18."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.playback.mixing_track import MixingTrack
from tests.fakes.clock import ManualClock


@pytest.fixture
async def track(clock: ManualClock) -> AsyncIterator[MixingTrack]:
    track = MixingTrack(clock=clock)
    yield track
    await track.aclose()


def flat(value: int, count: int = 480) -> bytes:
    return np.full(count, value, dtype="<i2").tobytes()


async def first(track: MixingTrack, clock: ManualClock) -> AudioFrame:
    """The frame that is due now."""
    clock.move(0.0201)
    return await track.recv()


async def test_speech_and_background_saturate(track: MixingTrack, clock: ManualClock) -> None:
    """O17."""
    await track.push_bytes(flat(30_000))
    track.push_background(flat(10_000))
    assert ((await first(track, clock)).samples == 32_767).all()


async def test_background_alone_is_heard_and_is_no_speech(track: MixingTrack, clock: ManualClock) -> None:
    """O16: also where it is less than a frame."""
    track.push_background(flat(7, 100))
    frame = await first(track, clock)
    assert int(np.count_nonzero(frame.samples)) == 100
    assert not track.is_speaking


async def test_rest_of_the_speech_is_played_under_a_background(track: MixingTrack, clock: ManualClock) -> None:
    """O18: elsewhere it stays for ever."""
    await track.push_bytes(flat(5, 100))
    track.complete()
    track.push_background(flat(7))
    samples = (await first(track, clock)).samples[:, 0]
    assert (samples[0], samples[479], track.snapshot().buffered_s) == (12, 7, 0)


async def test_pause_and_closed_intake_hold_for_the_speech_alone(track: MixingTrack, clock: ManualClock) -> None:
    """O15, O18: elsewhere a mixing track cannot be paused, and an interrupt takes the background with it."""
    await track.push_bytes(flat(5))
    track.push_background(flat(7, 1440))
    track.pause()
    assert (await first(track, clock)).samples[0, 0] == 7
    track.enable_input(manual=True)
    track.interrupt()
    await track.push_bytes(flat(5))
    assert (await first(track, clock)).samples[0, 0] == 7
    track.clear_background()
    assert not (await first(track, clock)).samples.any()


async def test_background_beyond_a_minute_is_counted(track: MixingTrack) -> None:
    """O14."""
    track.push_background(flat(7, 24_000 * 61))
    assert track.background_dropped_s == 1.0


async def test_other_rates_channels_and_gains_hold_for_both_voices(clock: ManualClock) -> None:
    track = MixingTrack(sample_rate_hz=48_000, channels=2, gain=0.5, clock=clock)
    track.set_input_format(48_000, 2)
    await track.push_bytes(flat(1_000, 2 * 960))
    track.push_background(flat(200, 2 * 960))
    frame = await first(track, clock)
    assert (frame.sample_rate_hz, frame.samples.shape) == (48_000, (960, 2))
    assert (frame.samples == 1_100).all()
    await track.aclose()
