"""A tone as a WAV file: speech that never falls silent, so that what is not heard of it is missing."""

import wave
from pathlib import Path

import numpy as np

TONE_S, TONE_HZ, TONE_RATE_HZ = 120, 330, 16_000


def write_tone(path: Path, *, duration_s: float = TONE_S) -> Path:
    """Write `duration_s` of it, two minutes by default; returns `path`."""
    time_s = np.arange(round(duration_s * TONE_RATE_HZ)) / TONE_RATE_HZ
    samples = (8_000 * np.sin(2 * np.pi * TONE_HZ * time_s)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(TONE_RATE_HZ)
        file.writeframes(samples.tobytes())
    return path
