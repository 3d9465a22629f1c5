"""Planted faults do what they say, exactly."""

import numpy as np
import pytest

from avatar_core.avatar.faults import DelayedAudio, DelayedVideo, Faults
from avatar_core.errors import ConfigError
from tests.fakes.clock import ManualClock
from tests.fakes.room import FakeAudioTrack, FakeVideoTrack
from tests.fakes.video_generator import OPTIONS, picture, sound


async def test_delayed_sound_comes_whole_and_exactly_later() -> None:
    track = FakeAudioTrack()
    delayed = DelayedAudio(track, 0.15, OPTIONS)
    for _ in range(10):
        await delayed.capture(sound(0.0, 0.02))
    samples = np.concatenate([frame.samples[:, 0] for frame in track.frames])
    assert len(samples) == 1_600
    assert np.flatnonzero(samples)[0] == 1_200
    delayed.clear_queue()
    assert track.clears == 1


async def test_delayed_pictures_come_all_and_later() -> None:
    clock, track = ManualClock(), FakeVideoTrack()
    delayed = DelayedVideo(track, 0.2, clock)
    for index in range(3):
        delayed.capture(picture(index * 0.04))
        await clock.advance(0.04)
    assert track.frames == []
    for shown in (1, 2, 3):
        await clock.advance(0.081 if shown == 1 else 0.04)
        assert len(track.frames) == shown
    await delayed.aclose()


@pytest.mark.parametrize("faults", [{"audio_delay_ms": -1.0}, {"video_delay_ms": 9_999.0}])
def test_delays_are_bounded(faults: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="choose 0 to 5000"):
        Faults(**faults)


def test_offset_has_the_sign_of_the_bench() -> None:
    """+ = video late."""
    assert Faults(video_delay_ms=80).offset_s == pytest.approx(0.08)
    assert Faults(audio_delay_ms=80).offset_s == pytest.approx(-0.08)
