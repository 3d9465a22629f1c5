"""The sync pattern's picture: where the flash panel and the frame counter lie, how they are drawn and read back.

All places are shares of the picture, so a reader finds them after scaling; all values are luma, studio range 16..235.
"""

from dataclasses import dataclass

import numpy as np

from avatar_core.media.frames import Pixels

BLACK = 16
WHITE = 235


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in shares of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    def slices(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of it in a picture of that size."""
        return (
            slice(round(self.top * height), round(self.bottom * height)),
            slice(round(self.left * width), round(self.right * width)),
        )


FLASH_AREA = Area(0.30, 0.36, 0.70, 0.74)
COUNTER_AREA = Area(0.05, 0.07, 0.95, 0.25)

COUNTER_ROWS = 2
COUNTER_COLUMNS = 18
"""Of these the first and the last hold references: white over black, and black over white."""
COUNTER_MODULUS = 1 << 20
"""The frame counter wraps after 4.8 hours at 60 fps."""
NO_UTTERANCE = 15

_MIN_CONTRAST = 40
_PAYLOAD_BITS = 32


@dataclass(frozen=True, slots=True)
class Counter:
    """What the blocks say: the number of the frame, and the utterance it belongs to (None between utterances)."""

    frame: int
    utterance: int | None


def draw_counter(luma: Pixels, counter: Counter) -> None:
    """Write `counter` into `luma` [height, width], in place: 20 bits number, 4 bits utterance, 8 bits checksum."""
    utterance = NO_UTTERANCE if counter.utterance is None else counter.utterance
    payload = (counter.frame % COUNTER_MODULUS) << 4 | utterance
    word = payload << 8 | _checksum(payload)
    bits = [(word >> shift) & 1 for shift in range(_PAYLOAD_BITS - 1, -1, -1)]
    columns = COUNTER_COLUMNS - 2
    cells = [[1, *bits[:columns], 0], [0, *bits[columns:], 1]]
    for row, values in enumerate(cells):
        for column, bit in enumerate(values):
            luma[_cell(row, column).slices(*luma.shape)] = WHITE if bit else BLACK


def read_counter(luma: Pixels) -> Counter | None:
    """What the counter in `luma` [height, width] says; None where it is absent or too damaged to be believed."""
    means = np.array(
        [
            [_core_mean(luma, _cell(row, column), 0.3) for column in range(COUNTER_COLUMNS)]
            for row in range(COUNTER_ROWS)
        ]
    )
    white = min(means[0, 0], means[1, -1])
    black = max(means[1, 0], means[0, -1])
    if white - black < _MIN_CONTRAST:
        return None
    word = 0
    for bit in (means[:, 1:-1] > (white + black) / 2).reshape(-1):
        word = word << 1 | int(bit)
    payload = word >> 8
    if _checksum(payload) != word & 0xFF:
        return None
    utterance = payload & 0xF
    return Counter(payload >> 4, None if utterance == NO_UTTERANCE else utterance)


def read_flash(luma: Pixels) -> float:
    """How bright the flash panel of `luma` [height, width] is: 0 dark, 1 in full flash."""
    mean = _core_mean(luma, FLASH_AREA, 0.2)
    return float(np.clip((mean - BLACK) / (WHITE - BLACK), 0.0, 1.0))


def _cell(row: int, column: int) -> Area:
    area = COUNTER_AREA
    width = (area.right - area.left) / COUNTER_COLUMNS
    height = (area.bottom - area.top) / COUNTER_ROWS
    left, top = area.left + column * width, area.top + row * height
    return Area(left, top, left + width, top + height)


def _core_mean(luma: Pixels, area: Area, margin: float) -> float:
    """Mean of `area` without `margin` of its size on each side, where scaling and codecs smear the neighbours in."""
    aside, above = (area.right - area.left) * margin, (area.bottom - area.top) * margin
    height, width = luma.shape
    top, bottom = round((area.top + above) * height), round((area.bottom - above) * height)
    left, right = round((area.left + aside) * width), round((area.right - aside) * width)
    return float(luma[top : max(bottom, top + 1), left : max(right, left + 1)].mean())


def _checksum(payload: int) -> int:
    """CRC-8 (polynomial 0x07) of 24 bits, begun at 0xFF so that an all-black counter is refused."""
    crc = 0xFF
    for shift in (16, 8, 0):
        crc ^= payload >> shift & 0xFF
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
