"""Where the flags of marks go: beside each other, then in two rows, then as letters (UI.md, plots)."""

from collections.abc import Sequence
from dataclasses import dataclass

ROWS = 2


@dataclass(frozen=True, slots=True)
class FlagPlace:
    """One flag's left edge (px), its row, and whether only its letter is written."""

    left_px: float
    row: int
    letter_only: bool


def place_flags(
    marks_px: Sequence[float], full_px: Sequence[float], letter_px: float, available_px: float
) -> list[FlagPlace]:
    """A place for each mark at `marks_px` (rising), whose flag is `full_px` wide, or `letter_px` as a letter.

    A flag stands right of its mark, or left of it where the plot ends.
    """
    free_from_px = [float("-inf")] * ROWS
    places: list[FlagPlace] = []
    for mark_px, width_px in zip(marks_px, full_px, strict=True):
        left_px = mark_px if mark_px + width_px <= available_px else mark_px - width_px
        row = next((row for row in range(ROWS) if left_px >= free_from_px[row]), None)
        if row is not None:
            places.append(FlagPlace(left_px, row, letter_only=False))
            free_from_px[row] = max(mark_px, left_px + width_px)
            continue
        row = min(range(ROWS), key=lambda one: free_from_px[one])
        places.append(FlagPlace(mark_px, row, letter_only=True))
        free_from_px[row] = max(free_from_px[row], mark_px + letter_px)
    return places
