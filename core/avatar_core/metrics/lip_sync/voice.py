"""What a mouth may follow in a voice: its power by bands, 100 times a second, and from it envelopes like loudness."""

import numpy as np

from avatar_core.media.frames import Samples
from avatar_core.metrics.observations import Floats

HOP_S = 0.01
_WINDOW_S = 0.02
MEL_BANDS = 10
_VOICE_HZ = (100.0, 4000.0)
_MEL_HZ = (100.0, 6000.0)
_COMPRESSION = 0.3
_LOUD_PERCENTILE = 95
_SPOKEN_SHARE = 0.003
"""Of the loud voice's power (25 dB below it), from where on a moment counts as spoken."""
_AUDIBLE_POWER = 1e-6
"""Mean square of full scale: -60 dBFS. A history whose loud moments stay below is silent."""


class VoiceBands:
    """Streaming: push sound with the time of its first sample; get the power of each band for every 10 ms.

    Column 0 is 100 to 4000 Hz, the other ten are mel bands from 100 to 6000 Hz. The sound may be cut anywhere; where
    its time jumps by more than a window it begins anew.
    """

    def __init__(self, sample_rate_hz: int) -> None:
        if sample_rate_hz < 8_000:
            raise ValueError(f"a voice needs 8000 samples a second or more, not {sample_rate_hz}")
        self._rate = sample_rate_hz
        self._hop = round(HOP_S * sample_rate_hz)
        length = 2 * self._hop
        self._taper = np.hanning(length + 1)[:-1]
        self._weights = _weights(sample_rate_hz, length) / (self._taper**2).sum() / length * 2
        self._sound = np.zeros(0)
        self._start_s = 0.0

    def push(self, samples: Samples, start_s: float) -> tuple[Floats, Floats]:
        """Times [n] of the middle of each 10 ms step that is complete now, and powers [n, 11] of full scale."""
        end_s = self._start_s + len(self._sound) / self._rate
        if not len(self._sound) or abs(start_s - end_s) > _WINDOW_S:
            self._sound, self._start_s = np.zeros(0), start_s
        else:
            # A receiver's clock is corrected by fractions of a frame all the time; the newest is the best.
            self._start_s += start_s - end_s
        sound = samples.astype(np.float64) / 32768
        self._sound = np.concatenate((self._sound, sound.mean(axis=1) if sound.ndim == 2 else sound))
        steps = max(0, (len(self._sound) - len(self._taper)) // self._hop + 1)
        if not steps:
            return np.zeros(0), np.zeros((0, 1 + MEL_BANDS))
        frames = np.lib.stride_tricks.sliding_window_view(self._sound, len(self._taper))[:: self._hop][:steps]
        spectrum = np.abs(np.fft.rfft(frames * self._taper, axis=1)) ** 2
        times_s = self._start_s + (np.arange(steps) + 1) * self._hop / self._rate
        self._sound = self._sound[steps * self._hop :]
        self._start_s += steps * self._hop / self._rate
        powers: Floats = spectrum @ self._weights
        return times_s, powers


def envelopes(powers: Floats) -> Floats:
    """Powers [m, bands] as loudness, 1 for the loud moments of each band; all zero for a silent history."""
    loud = np.percentile(powers, _LOUD_PERCENTILE, axis=0)
    audible: Floats = (powers / np.maximum(loud, _AUDIBLE_POWER)) ** _COMPRESSION
    return audible


def spoken_share(powers: Floats) -> float:
    """The share of moments in which there is speech, 0 to 1; `powers` [m, bands]."""
    voice = powers[:, 0]
    loud = float(np.percentile(voice, _LOUD_PERCENTILE))
    return float(np.mean(voice > _SPOKEN_SHARE * loud)) if loud > _AUDIBLE_POWER else 0.0


def _weights(rate_hz: int, length: int) -> Floats:
    """How much of each bin [length // 2 + 1] goes into each band [1 + MEL_BANDS]."""
    bins_hz = np.fft.rfftfreq(length, 1 / rate_hz)
    voice = ((bins_hz >= _VOICE_HZ[0]) & (bins_hz <= _VOICE_HZ[1])).astype(float)
    edges_hz = _from_mel(np.linspace(_to_mel(_MEL_HZ[0]), _to_mel(_MEL_HZ[1]), MEL_BANDS + 2))
    rise = (bins_hz[:, np.newaxis] - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    fall = (edges_hz[2:] - bins_hz[:, np.newaxis]) / (edges_hz[2:] - edges_hz[1:-1])
    return np.column_stack((voice, np.clip(np.minimum(rise, fall), 0.0, None)))


def _to_mel(hz: float) -> float:
    return float(2595 * np.log10(1 + hz / 700))


def _from_mel(mel: Floats) -> Floats:
    hertz: Floats = 700 * (10 ** (mel / 2595) - 1)
    return hertz
