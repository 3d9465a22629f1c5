"""A tone as a WAV file: speech that is never silent, so that what is not heard of it is missing."""

import wave
from pathlib import Path

import numpy as np

TONE_HZ, RATE_HZ = 330, 16_000


def write_tone(path: Path, *, duration_s: int) -> Path:
    """Write it; returns `path`."""
    time_s = np.arange(duration_s * RATE_HZ) / RATE_HZ
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((8_000 * np.sin(2 * np.pi * TONE_HZ * time_s)).astype("<i2").tobytes())
    return path
