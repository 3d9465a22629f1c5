"""Observations and references between processes, as files: too large for a line, and of no use for longer than a run.

Blocking; who calls it does so in a thread.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from avatar_core.errors import WireError
from avatar_core.metrics.observations import THUMBNAIL, Observation, Picture, Sound


def save_observation(path: Path, observation: Observation) -> None:
    """Write it; raises OSError."""
    sound = observation.sound or Sound(np.zeros(0, np.int16), 0)
    pictures = observation.pictures
    np.savez(
        path,
        samples=sound.samples,
        sound=np.array([sound.sample_rate_hz, sound.start_s]),
        times=np.array([picture.at_s for picture in pictures], dtype=np.float64),
        sizes=np.array([(picture.width_px, picture.height_px) for picture in pictures], dtype=np.int32).reshape(-1, 2),
        thumbnails=np.array([picture.thumbnail for picture in pictures], dtype=np.uint8).reshape(-1, *THUMBNAIL),
    )


def load_observation(path: Path) -> Observation:
    """Read it; raises WireError where it can't be read."""
    try:
        # np.load leaves a file open that it can't read.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            rate, start_s = file["sound"]
            sound = Sound(file["samples"], int(rate), float(start_s)) if rate else None
            pictures = tuple(
                Picture(float(at_s), int(size[0]), int(size[1]), thumbnail)
                for at_s, size, thumbnail in zip(file["times"], file["sizes"], file["thumbnails"], strict=True)
            )
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise WireError(f"the observation {path.name} can't be read: {error}") from error
    return Observation(sound, pictures)
