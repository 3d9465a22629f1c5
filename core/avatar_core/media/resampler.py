"""Streaming conversion of PCM to one rate and channel count, with exact length accounting."""

from fractions import Fraction
from math import ceil, gcd

import av
import numpy as np
from av.audio.resampler import AudioResampler

from avatar_core.media.frames import AudioFrame, Samples

_EDGE_S = 0.004
"""Longer than the filter: what a joint of two rates is extended by on either side."""


class Resampler:
    """Turns frames of any rate and channel count into samples [samples, channels] of one rate and channel count.

    What was pushed since the last flush or change of rate comes out as exactly `round(samples * out / in)` samples,
    however it was cut. Equal rates pass through untouched. A change of rate inside a stream makes no click: both
    sides are extended over the joint by their own mirror image, turned over, so value and slope go on.
    Channels are averaged to mono and repeated from mono.
    """

    def __init__(self, sample_rate_hz: int, channels: int = 1) -> None:
        if sample_rate_hz <= 0 or channels not in (1, 2):
            raise ValueError(
                f"cannot resample to {sample_rate_hz} Hz and {channels} channels; 1 or 2 channels are known"
            )
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._layout = "mono" if channels == 1 else "stereo"
        self._source_rate_hz: int | None = None
        self._converter: AudioResampler | None = None
        # Samples into and out of the present conversion; of its first ones, how many belong to the extension.
        self._taken = 0
        self._given = 0
        self._skip = 0
        self._last = self._nothing()

    def push(self, frame: AudioFrame) -> Samples:
        """Convert `frame`; the filter holds its last samples (about 1 ms) back until the next push or flush."""
        samples = remix(frame.samples, self.channels)
        if not len(samples):
            return samples
        ended = self._nothing()
        if frame.sample_rate_hz != self._source_rate_hz:
            joined = self._source_rate_hz is not None
            ended = self._end(extend=True)
            self._begin(frame.sample_rate_hz, samples if joined else None)
        self._taken += len(samples)
        self._last = np.concatenate((self._last, samples))[-self._edge() :]
        converted = self._convert(samples)
        return np.concatenate((ended, converted)) if len(ended) else converted

    def flush(self) -> Samples:
        """What the filter still holds, to the exact length; the next push begins a new stream."""
        return self._end(extend=False)

    def reset(self) -> None:
        """Forget what the filter holds: what comes next has nothing to do with it."""
        self._source_rate_hz = None
        self._converter = None
        self._taken = self._given = self._skip = 0
        self._last = self._nothing()

    def _begin(self, source_rate_hz: int, joined_to: Samples | None) -> None:
        self._source_rate_hz = source_rate_hz
        if source_rate_hz == self.sample_rate_hz:
            return
        self._converter = AudioResampler(format="s16", layout=self._layout, rate=self.sample_rate_hz)
        if joined_to is not None:
            edge = self._edge()
            self._skip = edge * self.sample_rate_hz // source_rate_hz
            self._convert(_extended(joined_to[: edge + 1], edge, before=True))

    def _end(self, *, extend: bool) -> Samples:
        if self._converter is None:
            self.reset()
            return self._nothing()
        assert self._source_rate_hz is not None
        # The filter lags behind, so what was given never exceeds the whole.
        missing = round(self._taken * Fraction(self.sample_rate_hz, self._source_rate_hz)) - self._given
        tail = self._convert(_extended(self._last, self._edge(), before=False)) if extend else self._nothing()
        tail = np.concatenate((tail, self._unpack(self._converter.resample(None))))[:missing]
        if len(tail) < missing:
            last = tail[-1:] if len(tail) else np.zeros((1, self.channels), dtype=np.int16)
            tail = np.concatenate((tail, np.repeat(last, missing - len(tail), axis=0)))
        self.reset()
        return tail

    def _convert(self, samples: Samples) -> Samples:
        if self._converter is None:
            return samples
        packed = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout=self._layout)
        packed.sample_rate = self._source_rate_hz or 0
        converted = self._unpack(self._converter.resample(packed))
        skipped = min(self._skip, len(converted))
        self._skip -= skipped
        self._given += len(converted) - skipped
        return converted[skipped:]

    def _edge(self) -> int:
        """Samples of an extension: a whole number of samples at the other rate, too."""
        source_rate_hz = self._source_rate_hz or self.sample_rate_hz
        step = source_rate_hz // gcd(source_rate_hz, self.sample_rate_hz)
        return step * ceil(_EDGE_S * source_rate_hz / step)

    def _unpack(self, frames: list[av.AudioFrame]) -> Samples:
        parts = [frame.to_ndarray().reshape(-1, self.channels).astype(np.int16, copy=False) for frame in frames]
        return np.concatenate(parts) if parts else self._nothing()

    def _nothing(self) -> Samples:
        return np.zeros((0, self.channels), dtype=np.int16)


def _extended(samples: Samples, count: int, *, before: bool) -> Samples:
    """`count` samples that go on from an end of `samples`, by reflection in its outermost sample."""
    if len(samples) < 2:
        return np.repeat(samples, count, axis=0)
    lengths = (count, 0) if before else (0, count)
    wide = np.pad(samples.astype(np.int32), (lengths, (0, 0)), mode="reflect", reflect_type="odd")
    wide = wide[:count] if before else wide[-count:]
    return np.clip(wide, -32768, 32767).astype(np.int16)


def remix(samples: Samples, channels: int) -> Samples:
    """`samples` [samples, any channels] with `channels` channels: averaged to mono first, then repeated."""
    if samples.shape[1] == channels:
        return samples
    if samples.shape[1] > 1:
        samples = np.rint(samples.mean(axis=1, keepdims=True)).astype(np.int16)
    return np.repeat(samples, channels, axis=1)
