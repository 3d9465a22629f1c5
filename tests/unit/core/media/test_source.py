import numpy as np
import pytest

from avatar_core.media.source import SyncPatternSource, ToneSource
from avatar_core.media.sync_pattern import synthesize


async def test_tone_has_its_length_level_and_times() -> None:
    frames = [frame async for frame in ToneSource(440, duration_s=0.25, sample_rate_hz=16000, level=0.5)]
    assert [frame.samples_per_channel for frame in frames] == [1600, 1600, 800]
    assert [frame.pts_s for frame in frames] == pytest.approx([0, 0.1, 0.2])
    assert np.abs(np.concatenate([frame.samples for frame in frames])).max() == pytest.approx(16384, rel=0.01)


async def test_pattern_source_is_the_pattern() -> None:
    frames = [frame async for frame in SyncPatternSource(3, duration_s=1.2)]
    assert np.array_equal(np.concatenate([frame.samples for frame in frames])[:, 0], synthesize(3, 0, 28800, 24000))


async def test_endless_source_ends_when_closed() -> None:
    source = ToneSource(440)
    count = 0
    async for _ in source:
        count += 1
        if count == 10:
            await source.aclose()
            await source.aclose()
    assert count == 10


def test_impossible_source_is_refused() -> None:
    with pytest.raises(ValueError):
        ToneSource(440, sample_rate_hz=10)
