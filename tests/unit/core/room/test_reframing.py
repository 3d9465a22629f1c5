"""Bytes in pieces of any length become frames of one length."""

import numpy as np
import pytest

from avatar_core.room.reframing import Reframer
from avatar_core.wire.livekit import AudioStreamHeader


@pytest.mark.parametrize(("channels", "cut"), [(1, 1), (1, 333), (1, 15_000), (2, 7), (6, 15_000)])
def test_every_sample_comes_out_once_in_frames_of_one_length(channels: int, cut: int) -> None:
    samples = np.arange(16_000 * channels, dtype=np.int16).reshape(-1, channels)
    pcm = samples.tobytes()
    reframer = Reframer(AudioStreamHeader(16_000, channels), 30)
    frames = [frame for start in range(0, len(pcm), cut) for frame in reframer.push(pcm[start : start + cut])]
    rest = reframer.rest()
    assert {frame.samples_per_channel for frame in frames} == {480}
    assert rest is not None
    assert rest.samples_per_channel == 16_000 % 480
    assert np.array_equal(np.concatenate([frame.samples for frame in (*frames, rest)]), samples)
    assert reframer.rest() is None


def test_sample_cut_at_the_end_is_lost() -> None:
    reframer = Reframer(AudioStreamHeader(8_000, 2), 20)
    assert reframer.push(b"\1\0\2\0\3\0\4") == []
    rest = reframer.rest()
    assert rest is not None
    assert rest.samples.tolist() == [[1, 2]]
