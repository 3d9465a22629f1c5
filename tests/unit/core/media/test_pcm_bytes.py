"""Frames from bytes cut anywhere."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.media.pcm_bytes import PcmBytes


@given(st.binary(max_size=200), st.integers(1, 13), st.integers(1, 2))
def test_samples_do_not_depend_on_the_cuts(pcm: bytes, step: int, channels: int) -> None:
    joiner = PcmBytes(24_000, channels)
    frames = [joiner.join(pcm[start : start + step]) for start in range(0, len(pcm), step)]
    whole = len(pcm) - len(pcm) % (2 * channels)
    assert b"".join(frame.to_bytes() for frame in frames) == pcm[:whole]


def test_cleared_half_a_sample_does_not_shift_what_follows() -> None:
    joiner = PcmBytes(24_000, 1)
    joiner.join(b"\x01")
    joiner.clear()
    assert joiner.join(np.array([5, 6], dtype="<i2").tobytes()).samples[:, 0].tolist() == [5, 6]
