"""Where a segment went over from one output to another: how much of what is silent there was silent as it was said."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from avatar_core.metrics.observations import Sound
from avatar_core.metrics.sound_health import audible_stretches
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.segment import SegmentRef

_KEPT = 8
_LOOKED_AT_S = 5.0
"""Of what was said before and after: whoever is silent for longer is not asked for a gap."""


@dataclass(slots=True)
class _Crossing:
    ref: SegmentRef
    old: AudioOutput
    silent_before_s: float
    new: AudioOutput | None = None
    said_after: Callable[[], Sound | None] | None = None


class Crossings:
    """The last few, in order. Outputs are the ones that hand over, or one that goes on after a pause."""

    def __init__(self) -> None:
        self._kept: deque[_Crossing] = deque(maxlen=_KEPT)

    def left(self, ref: SegmentRef, old: AudioOutput, said_before: Sound | None) -> None:
        """An output gave a segment up that goes on; it was heard to the end of `said_before`."""
        self._kept.append(_Crossing(ref, old, _silent_end_s(said_before) if said_before is not None else 0.0))

    def entered(self, ref: SegmentRef, new: AudioOutput, said_after: Callable[[], Sound | None]) -> None:
        """An output is given a segment, from the beginning of what `said_after` will tell to have been said by then."""
        for crossing in self._kept:
            if crossing.ref == ref and crossing.new is None:
                crossing.new, crossing.said_after = new, said_after

    def silence_s(self, old: AudioOutput, new: AudioOutput) -> float | None:
        """What nobody was to hear between the two; None where no segment went from one to the other."""
        for crossing in reversed(self._kept):
            if crossing.old is old and crossing.new is new and crossing.said_after is not None:
                after = crossing.said_after()
                return crossing.silent_before_s + (_silent_start_s(after) if after is not None else 0.0)
        return None


def _silent_end_s(sound: Sound) -> float:
    part = sound.between(sound.end_s - _LOOKED_AT_S, sound.end_s)
    audible = audible_stretches(part)
    return part.end_s - audible[-1][1] if audible else part.duration_s


def _silent_start_s(sound: Sound) -> float:
    part = sound.between(sound.start_s, sound.start_s + _LOOKED_AT_S)
    audible = audible_stretches(part)
    return audible[0][0] - part.start_s if audible else part.duration_s
