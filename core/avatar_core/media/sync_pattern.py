"""The sync pattern: what generator and detector agree on, so that an A/V offset can be measured to the millisecond.

Sound: each second, first at BEEP_PHASE_S, a beep of BEEP_S at BEEP_HZ with a sharp onset; under it a quiet carrier
whose frequency tells the utterance. Picture: a flash in every frame whose time touches the beep. The picture's layout
and its readers are in sync_picture, the detector of beeps in beeps.
"""

import functools
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from avatar_core.media.frames import Samples

Number = TypeVar("Number", np.float64, np.complex128)

BEEP_PERIOD_S = 1.0
BEEP_PHASE_S = 0.5
"""From the start of an utterance to its first beep: room for a codec or a jitter buffer to settle."""
BEEP_S = 0.06
BEEP_HZ = 1000.0
BEEP_LEVEL = 0.5
"""Peak, as a share of full scale."""

UTTERANCES = 15
"""Utterances that can be told apart; the index wraps."""
CARRIER_LEVEL = 0.08
CARRIER_FADE_S = 0.005
"""The carrier fades in at the start of an utterance: its own onset must not look like a beep."""

_CARRIER_FIRST_HZ = 1500.0
_CARRIER_STEP_HZ = 150.0
_CARRIER_MIN_LEVEL = 0.01
_CARRIER_DOMINANCE = 4.0
"""How many times the amplitude of the next best carrier the right one has; speech has no such line."""

_BLOCK_S = 0.002
"""Two periods of the beep: the shortest block in which it is told from the carrier."""
_BEEP_MIN_LEVEL = 0.12
_BEEP_MIN_SHARE = 0.6


def carrier_hz(utterance: int) -> float:
    """The carrier's frequency for an utterance, 1500 to 3600 Hz: below 8 kHz sampling's limit, above the beep."""
    return _CARRIER_FIRST_HZ + _CARRIER_STEP_HZ * (utterance % UTTERANCES)


def synthesize(utterance: int, start: int, stop: int, sample_rate_hz: int) -> Samples:
    """Samples `start` up to `stop` of an utterance's sound, mono [samples]; any cutting gives the same sound."""
    index = np.arange(start, stop)
    time_s = index / sample_rate_hz
    fade = np.clip(time_s / CARRIER_FADE_S, 0.0, 1.0)
    sound = CARRIER_LEVEL * fade * np.sin(2 * np.pi * carrier_hz(utterance) * time_s)
    # Counted in samples, so that an onset never moves by a rounded float.
    period = round(BEEP_PERIOD_S * sample_rate_hz)
    into_beep = (index - round(BEEP_PHASE_S * sample_rate_hz)) % period
    beeping = (into_beep < round(BEEP_S * sample_rate_hz)) & (index >= round(BEEP_PHASE_S * sample_rate_hz))
    sound += np.where(beeping, BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * into_beep / sample_rate_hz), 0.0)
    return np.rint(sound * 32767).astype(np.int16)


def has_beep(samples: Samples, sample_rate_hz: int) -> bool:
    """Whether the beep sounds anywhere in `samples` [samples] or [samples, channels], at full strength for 2 ms.

    For a generator that holds the undistorted sound of one video frame; through a codec use beeps.BeepDetector.
    """
    sound = _mono(samples)
    block = max(1, round(_BLOCK_S * sample_rate_hz))
    if len(sound) < block:
        return False
    spun = sound * np.exp(-2j * np.pi * BEEP_HZ / sample_rate_hz * np.arange(len(sound)))
    tone = 2 * np.abs(_sliding_mean(spun, block))
    power = _sliding_mean(sound * sound, block)
    return bool(np.any((tone > _BEEP_MIN_LEVEL) & (tone * tone / 2 > _BEEP_MIN_SHARE * power)))


@functools.lru_cache(maxsize=8)
def _carriers(length: int, sample_rate_hz: int) -> npt.NDArray[np.complex128]:
    """What turns each utterance's carrier to a standstill [utterances, samples]; pictures have few lengths of sound."""
    angle = -2j * np.pi * np.arange(length) / sample_rate_hz
    return np.exp(np.outer([carrier_hz(utterance) for utterance in range(UTTERANCES)], angle))


def read_utterance(samples: Samples, sample_rate_hz: int) -> int | None:
    """The utterance whose carrier sounds in `samples`, None when none does; 10 ms at least, better 20."""
    sound = _mono(samples)
    if len(sound) < round(0.01 * sample_rate_hz):
        return None
    window = np.hanning(len(sound) + 2)[1:-1]
    # Not a matrix product: those start threads, which cost more than they do on a busy machine.
    spun = _carriers(len(sound), sample_rate_hz) * (sound * window)
    amplitude = 2 * np.abs(spun.sum(axis=1)) / window.sum()
    best = int(np.argmax(amplitude))
    # Neighbours within the window's main lobe carry the same tone.
    reach = 1 + int(2 * sample_rate_hz / len(sound) / _CARRIER_STEP_HZ)
    others = np.delete(amplitude, range(max(0, best - reach), min(UTTERANCES, best + reach + 1)))
    rival = float(others.max()) if len(others) else 0.0
    if amplitude[best] < _CARRIER_MIN_LEVEL or amplitude[best] < _CARRIER_DOMINANCE * rival:
        return None
    return best


def _mono(samples: Samples) -> npt.NDArray[np.float64]:
    sound = samples.astype(np.float64) / 32768
    return sound.mean(axis=1) if sound.ndim == 2 else sound


def _sliding_mean(values: npt.NDArray[Number], length: int) -> npt.NDArray[Number]:
    summed = np.concatenate((np.zeros(1, dtype=values.dtype), np.cumsum(values)))
    mean: npt.NDArray[Number] = (summed[length:] - summed[:-length]) / length
    return mean
