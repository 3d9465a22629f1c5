"""Old speech that is heard after an interrupt: going on, coming back, or under what is said next. Pure."""

import numpy as np

from avatar_core.avatar.faults.planted import Faults
from avatar_core.media.frames import Samples

LEAK_AFTER_S = 0.4
"""Longer than what counts as silence: sooner it would be a stop that is late."""
_KEPT_S = 3.0
_BLOCK_S = 0.01
_LOUD = 1_000
"""A block that reaches this is heard as speech, whatever else is heard meanwhile: 3 % of full scale."""

ECHO_FAULTS = ("late_stop_ms", "leak_ms", "stale_speech_ms")


class Echo:
    """Sits in a stream of sound that never stops, silence included.

    Of what was said last that stretch is heard again which pauses least, looped if it is too short: old speech that
    pauses is not heard for as long as was asked for.
    """

    def __init__(self, faults: Faults, sample_rate_hz: int, channels: int) -> None:
        self._late, self._leak, self._stale = (round(faults[name] / 1000 * sample_rate_hz) for name in ECHO_FAULTS)
        self._leak_after = round(LEAK_AFTER_S * sample_rate_hz)
        self._kept = np.zeros((0, channels), dtype=np.int16)
        self._keep = round(_KEPT_S * sample_rate_hz)
        self._block = round(_BLOCK_S * sample_rate_hz)
        self._pending = np.zeros((0, channels), dtype=np.int16)
        self._waiting_for_speech = np.zeros((0, channels), dtype=np.int16)

    def interrupted(self) -> None:
        """What was said last is void: from here on it would be silent."""
        if not self._kept.any():
            return
        longest = self._late + self._leak_after + self._leak
        self._pending = np.zeros((longest if self._leak else self._late, self._kept.shape[1]), dtype=np.int16)
        self._pending[: self._late] = self._looped(self._late)
        if self._leak:
            self._pending[-self._leak :] = self._looped(self._leak)
        self._waiting_for_speech = self._looped(self._stale)
        self._kept = self._kept[:0]

    def push(self, samples: Samples) -> Samples:
        """The next samples [samples, channels], with what is heard again added; as many come out."""
        if samples.any() and len(self._waiting_for_speech):
            self._pending, self._waiting_for_speech = self._waiting_for_speech, self._waiting_for_speech[:0]
        if samples.any():
            self._kept = np.concatenate((self._kept, samples))[-self._keep :]
        if not len(self._pending):
            return samples
        old = self._pending[: len(samples)]
        self._pending = self._pending[len(samples) :]
        mixed = samples.astype(np.int32)
        mixed[: len(old)] += old
        return np.clip(mixed, -32768, 32767).astype(np.int16)

    def _looped(self, length: int) -> Samples:
        if not length:
            return self._kept[:0]
        old = self._loudest(length)
        return np.tile(old, (-(-length // len(old)), 1))[-length:]

    def _loudest(self, length: int) -> Samples:
        """The last of the stretches of `length` that hold the most of speech; all there is where that is less."""
        blocks = self._kept[len(self._kept) % self._block :].reshape(-1, self._block * self._kept.shape[1])
        wide = -(-length // self._block)
        if wide >= len(blocks):
            return self._kept
        said = np.cumsum(np.concatenate(([0], (np.abs(blocks.astype(np.int32)) >= _LOUD).any(axis=1))))
        spare = int((said[wide:] - said[:-wide])[::-1].argmax()) * self._block
        return self._kept[: len(self._kept) - spare][-length:]
