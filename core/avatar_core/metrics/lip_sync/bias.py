"""What a mouth in sync reads: it depends on how a vendor animates it and on what is said; calibration alone knows."""

from collections.abc import Mapping
from dataclasses import dataclass

RELATIVE_ONLY = "relative only"
UNCERTAIN_MS = (-35.0, 75.0)
"""Without calibration the true offset lies about so far around what is read (5th and 95th percentile)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """`raw_ms` as read; `offset_ms` with the bias taken off, None where it is not known."""

    raw_ms: float
    bias_ms: float | None

    @property
    def offset_ms(self) -> float | None:
        """Video time minus audio time."""
        return self.raw_ms - self.bias_ms if self.bias_ms is not None else None

    @property
    def note(self) -> str:
        """For people, beside the figure."""
        if self.bias_ms is not None:
            return f"raw {self.raw_ms:+.0f} ms, calibrated bias {self.bias_ms:+.0f} ms"
        low, high = UNCERTAIN_MS
        return f"{RELATIVE_ONLY}: not calibrated, the true offset lies between {-high:+.0f} and {-low:+.0f} ms of it"


class Biases:
    """By provider and utterance, in ms: the same face reads up to 23 ms otherwise with another text."""

    def __init__(self, known_ms: Mapping[tuple[str, str], float] | None = None) -> None:
        self._known_ms = dict(known_ms or {})

    def read(self, raw_ms: float, *, provider: str, utterance: str) -> Reading:
        """A raw offset with what is known of it; the bias of another utterance is not borrowed."""
        return Reading(raw_ms, self._known_ms.get((provider, utterance)))


def relative_note(confidence: float) -> str:
    """What is said beside an offset whose bias is not known."""
    return f"confidence {confidence:.2f}; {Reading(0.0, bias_ms=None).note}"
