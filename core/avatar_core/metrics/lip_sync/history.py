"""The last seconds of picture and voice, as they come: bounded, and cut to one stretch that both cover."""

from collections import deque
from dataclasses import dataclass

import numpy as np

from avatar_core.media.frames import Pixels
from avatar_core.metrics.lip_sync.signals import RATE_HZ, band_pass, clock, pictures_at, powers_at
from avatar_core.metrics.lip_sync.voice import VoiceBands, envelopes, spoken_share
from avatar_core.metrics.observations import Floats, Observation, Sound
from avatar_core.metrics.thumbnails import THUMBNAIL

HISTORY_S = 24.0
REACH_S = 0.5
"""The largest offset that is looked for, either way."""
_MARGIN_S = REACH_S + 0.1
_PICTURES_A_S = 120
_CUT_GRAYS = 14.0
"""How far the mean picture of one second lies from that of the newest, where it is another scene; of 0 to 255."""
_CUT_LASTS_S = 3
"""A cut away and back within this is none: avatars cut to their idle picture and return."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Both signals over the same moments, RATE_HZ a second, band-passed.

    `cells` [m, 576] begin and end REACH_S within `sounds` [m + 2 REACH_S RATE_HZ, 11], so that each lag finds its
    sound. `cut`: the scene changed within the history, and only what came after it is here.
    """

    start_s: float
    cells: Floats
    sounds: Floats
    spoken: float
    cut: bool

    @property
    def length_s(self) -> float:
        """Of the pictures."""
        return len(self.cells) / RATE_HZ

    @property
    def middle_s(self) -> float:
        """What an offset of the whole stretch is dated."""
        return self.start_s + self.length_s / 2


class History:
    """Owned by one follower; holds the newest HISTORY_S and its margins."""

    def __init__(self) -> None:
        capacity_s = HISTORY_S + 2 * _MARGIN_S + 1
        self._voice: VoiceBands | None = None
        self._heard_until_s = 0.0
        self._times_s: deque[float] = deque(maxlen=round(capacity_s * _PICTURES_A_S))
        self._grids: deque[Floats] = deque(maxlen=round(capacity_s * _PICTURES_A_S))
        self._sound_s: deque[float] = deque(maxlen=round(capacity_s * RATE_HZ))
        self._powers: deque[Floats] = deque(maxlen=round(capacity_s * RATE_HZ))

    def add(self, observation: Observation) -> None:
        """What came next; what was added before, and is in it again, is left out."""
        for picture in observation.pictures:
            if not self._times_s or picture.at_s > self._times_s[-1]:
                self._times_s.append(picture.at_s)
                self._grids.append(_coarse(picture.thumbnail))
        if self._times_s:
            self.forget_before(self._times_s[-1] - HISTORY_S - 2 * _MARGIN_S)
        if observation.sound is not None:
            self._hear(observation.sound.between(self._heard_until_s, observation.sound.end_s))

    def forget_before(self, at_s: float) -> None:
        """Leave out the pictures from before `at_s`."""
        while self._times_s and self._times_s[0] < at_s:
            self._times_s.popleft()
            self._grids.popleft()

    def _hear(self, sound: Sound) -> None:
        if not len(sound.samples):
            return
        if self._voice is None:
            self._voice = VoiceBands(sound.sample_rate_hz)
        self._heard_until_s = sound.end_s
        for time_s, powers in zip(*self._voice.push(sound.samples, sound.start_s), strict=True):
            if not self._sound_s or time_s > self._sound_s[-1]:
                self._sound_s.append(float(time_s))
                self._powers.append(powers)

    def stretch(self) -> Stretch | None:
        """What both cover, None where that is under two seconds."""
        if len(self._times_s) < 2 or len(self._sound_s) < 2:
            return None
        times_s = np.array(self._times_s)
        since_s = self._scene_since_s(times_s)
        start_s = max(since_s, self._sound_s[0] + REACH_S)
        end_s = min(times_s[-1], self._sound_s[-1] - REACH_S)
        start_s = max(start_s, end_s - HISTORY_S)
        if end_s - start_s < 2:
            return None
        moments_s = clock(start_s, end_s)
        grids = np.stack(self._grids).reshape(len(times_s), -1)
        margin_s = np.arange(round(REACH_S * RATE_HZ)) / RATE_HZ
        around_s = np.concatenate((start_s - REACH_S + margin_s, moments_s, moments_s[-1] + 1 / RATE_HZ + margin_s))
        powers = powers_at(np.array(self._sound_s), np.stack(self._powers), around_s)
        return Stretch(
            start_s=float(start_s),
            cells=band_pass(pictures_at(times_s, grids, moments_s)),
            sounds=band_pass(envelopes(powers)),
            spoken=spoken_share(powers),
            cut=bool(since_s > times_s[0]),
        )

    def _scene_since_s(self, times_s: Floats) -> float:
        """When the scene that is seen now began; the beginning of the history where it has always been the same."""
        second = np.floor(times_s[-1] - times_s).astype(int)
        # A few pictures of each second tell its scene.
        means = {
            int(age): np.mean([self._grids[index] for index in np.flatnonzero(second == age)[::6]], axis=0)
            for age in np.unique(second)
        }
        now = means[0]
        other = 0
        for age in sorted(means):
            other = other + 1 if np.mean(abs(means[age] - now)) > _CUT_GRAYS else 0
            if other >= _CUT_LASTS_S:
                return float(times_s[-1] - (age - _CUT_LASTS_S + 1))
        return float(times_s[0])


def _coarse(thumbnail: Pixels) -> Floats:
    """Means of 2 x 2 cells [18, 32]: coarser loses the mouth of a small face, finer gains nothing."""
    rows, columns = THUMBNAIL
    means: Floats = thumbnail.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    return means
