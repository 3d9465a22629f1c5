"""The last two minutes of what a viewer got of one participant, kept so that an utterance can be measured after it."""

from collections import deque

from avatar_core.media.frames import Pixels
from avatar_core.metrics.observations import Mono, Observation, Picture, Sound, joined, thumbnail_of

KEPT_S = 130.0
_MAX_FPS = 61
_PIECES_A_SECOND = 100


class Recollection:
    """Owned by the watch of one participant, which adds; what is older than KEPT_S falls out."""

    def __init__(self) -> None:
        self._sound: deque[Sound] = deque(maxlen=round(KEPT_S * _PIECES_A_SECOND))
        self._pictures: deque[Picture] = deque(maxlen=round(KEPT_S * _MAX_FPS))

    def add_sound(self, samples: Mono, sample_rate_hz: int, start_s: float) -> None:
        """Mono samples whose first one was heard at `start_s`."""
        self._sound.append(Sound(samples, sample_rate_hz, start_s))

    def add_picture(self, luma: Pixels, at_s: float) -> None:
        """A picture, of which its size and its thumbnail are kept; `luma` is [height, width]."""
        height_px, width_px = luma.shape
        self._pictures.append(Picture(at_s, width_px, height_px, thumbnail_of(luma)))

    def since(self, since_s: float) -> Observation:
        """What came from `since_s` on. Values are shared, not copied: neither side changes them."""
        pieces = [piece for piece in self._sound if piece.end_s > since_s]
        return Observation(joined(pieces), tuple(picture for picture in self._pictures if picture.at_s >= since_s))
