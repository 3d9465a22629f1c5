"""Finding the sync pattern's flashes in received pictures, while they stream in."""

from avatar_core.media.frames import Pixels
from avatar_core.media.sync_picture import read_flash

_ON = 0.6
_OFF = 0.35


class FlashDetector:
    """Announces each flash once, at the first picture that shows it; a flash ends when the panel has gone dark."""

    def __init__(self) -> None:
        self._lit = False

    def push(self, luma: Pixels, time_s: float) -> float | None:
        """`time_s` when the picture `luma` [height, width] shown at that time begins a flash, else None."""
        level = read_flash(luma)
        if self._lit:
            self._lit = level > _OFF
            return None
        self._lit = level > _ON
        return time_s if self._lit else None
