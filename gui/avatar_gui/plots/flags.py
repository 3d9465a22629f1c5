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
) -> list[FlagPlace | None]:
    """A place for each mark at `marks_px` (rising), whose flag is `full_px` wide, or `letter_px` as a letter.

    A flag stands right of its mark, or left of it where the plot ends. None covers another: where both rows are taken
    the older flag becomes a letter, and a letter gives way by its own width at most; None where even that is too near.
    """
    rows = [_Row(letter_px) for _ in range(ROWS)]
    for index, (mark_px, width_px) in enumerate(zip(marks_px, full_px, strict=True)):
        left_px = mark_px if mark_px + width_px <= available_px else mark_px - width_px
        if (row := next((row for row in rows if row.free_px <= left_px), None)) is None:
            row = next((row for row in rows if row.free_when_short_px <= left_px), None)
        if row is not None:
            row.put(index, mark_px, left_px, width_px)
            continue
        row = min(rows, key=lambda one: one.free_when_short_px)
        short_px = max(min(mark_px, available_px - letter_px), row.free_when_short_px)
        if short_px <= min(mark_px, available_px - letter_px) + letter_px:
            row.put(index, mark_px, short_px, None)
    places: list[FlagPlace | None] = [None] * len(marks_px)
    for number, row in enumerate(rows):
        for index, (left_px, short) in row.flags.items():
            places[index] = FlagPlace(left_px, number, short)
    return places


class _Row:
    """One row while it is filled from the left; only its last flag can still become a letter."""

    def __init__(self, letter_px: float) -> None:
        self.flags: dict[int, tuple[float, bool]] = {}
        self.free_px = self.free_when_short_px = float("-inf")
        self._letter_px = letter_px
        self._last: tuple[int, float] | None = None

    def put(self, index: int, mark_px: float, left_px: float, width_px: float | None) -> None:
        """Add a flag; without a width it is a letter. One that is in its way becomes a letter."""
        if left_px < self.free_px and self._last is not None:
            last_index, last_mark_px = self._last
            self.flags[last_index] = (last_mark_px, True)
        self.flags[index] = (left_px, width_px is None)
        if width_px is None:
            self._last = None
            self.free_px = self.free_when_short_px = left_px + self._letter_px
        else:
            self._last = (index, mark_px)
            self.free_px = max(mark_px, left_px + width_px)
            self.free_when_short_px = mark_px + self._letter_px
