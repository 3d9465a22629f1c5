"""When pictures may leave: slots at exactly the frame rate, in step with the pictures that are to fill them. Pure."""

import math
from fractions import Fraction

_NTSC_FPS = tuple(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120))


class FrameSlots:
    """Slot k is k frames behind the first one, counted in whole numbers, so that no rounding adds up.

    23.976 and 29.97 are taken for what they mean, 24000/1001 and 30000/1001. `align` begins to count anew.
    """

    def __init__(self, fps: float) -> None:
        ntsc = (rate for rate in _NTSC_FPS if abs(rate - Fraction(fps)) < 0.002)
        self.fps = next(ntsc, Fraction(fps).limit_denominator(1000))
        self.frame_s = float(1 / self.fps)
        self.missed = 0
        """Slots that went by with nobody there to fill them."""
        self._origin_s: float | None = None
        self._index = 0
        self._last_s: float | None = None

    @property
    def next_s(self) -> float | None:
        """The next slot; None before the first `align`."""
        if self._origin_s is None:
            return None
        slot_s = self._slot_s(self._index)
        return slot_s if self._last_s is None else max(slot_s, self._last_s + self.frame_s / 4)

    def align(self, due_s: float) -> None:
        """Have a slot where a picture is due; slots move by half a frame at most, or by less than one, once, for it."""
        frame_s, last_s = self.frame_s, self._last_s
        self._origin_s = due_s
        if last_s is None:
            self._index = 0
            return
        self._index = math.ceil((last_s + frame_s / 2 - due_s) / frame_s - 1e-9)
        if self._index == 1 and due_s >= last_s - frame_s / 4:
            self._index = 0

    def advance(self, now_s: float) -> None:
        """The next slot is used now; who is later than a frame uses the newest that has come, others are missed."""
        assert self.next_s is not None
        self._last_s = max(self.next_s, now_s)
        self._index += 1
        behind = math.floor((now_s - self._slot_s(self._index)) / self.frame_s + 1e-6) + 1
        if behind > 0:
            self.missed += behind
            self._index += behind

    def _slot_s(self, index: int) -> float:
        assert self._origin_s is not None
        return self._origin_s + index * self.fps.denominator / self.fps.numerator
