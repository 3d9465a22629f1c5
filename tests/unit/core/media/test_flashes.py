import numpy as np

from avatar_core.media.flashes import FlashDetector


def lit(share: float) -> np.ndarray:
    return np.full((90, 160), round(16 + share * 219), dtype=np.uint8)


def onsets(levels: list[float]) -> list[float | None]:
    detector = FlashDetector()
    return [detector.push(lit(level), float(index)) for index, level in enumerate(levels)]


def test_a_flash_is_told_once_at_its_first_picture() -> None:
    assert onsets([0, 1, 1, 0, 0, 1]) == [None, 1.0, None, None, None, 5.0]


def test_a_half_lit_picture_begins_no_flash() -> None:
    assert onsets([0, 0.5, 0.5, 0]) == [None] * 4


def test_a_flicker_above_the_lower_threshold_is_one_flash() -> None:
    assert onsets([1, 0.5, 1, 0.1, 1]) == [0.0, None, None, None, 4.0]
