"""Observations and references between processes, as files: too large for a line, and of no use for longer than a run.

Blocking; who calls it does so in a thread.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from avatar_core.errors import WireError
from avatar_core.metrics.observations import Observation, Picture, Sound
from avatar_core.metrics.thumbnails import THUMBNAIL
from avatar_core.viewer.recollection import Recalled


def save_recalled(path: Path, recalled: Recalled) -> None:
    """Write it; raises OSError."""
    sound = recalled.sound or Sound(np.zeros(0, np.int16), 0)
    np.savez(
        path,
        samples=sound.samples,
        sound=np.array([sound.sample_rate_hz, sound.start_s]),
        times=recalled.times_s,
        sizes=recalled.sizes_px,
        thumbnails=recalled.thumbnails,
    )


def save_sound(path: Path, sound: Sound) -> None:
    """Write an observation without pictures, as a reference is; raises OSError."""
    nothing = np.zeros((0, *THUMBNAIL), np.uint8)
    save_recalled(path, Recalled(sound, np.zeros(0), np.zeros((0, 2), np.int32), nothing))


def load_observation(path: Path) -> Observation:
    """Read it; raises WireError where it can't be read."""
    try:
        # np.load leaves a file open that it can't read.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            rate, start_s = file["sound"]
            sound = Sound(file["samples"], int(rate), float(start_s)) if rate else None
            rows = zip(file["times"], file["sizes"], file["thumbnails"], strict=True)
            pictures = tuple(Picture(float(at_s), int(size[0]), int(size[1]), small) for at_s, size, small in rows)
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise WireError(f"the observation {path.name} can't be read: {error}") from error
    return Observation(sound, pictures)
