import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.media.sync_pattern import BEEP_PHASE_S, synthesize
from avatar_core.viewer.audio_probe import SILENT_AFTER_S, AudioProbe, Heard

RATE_HZ = 48_000
FRAME = 480
START_S = 100.0


def hear(probe: AudioProbe, sound: np.ndarray, start: int = 0) -> list[Heard]:
    """`sound` in frames of 10 ms, each arriving as it ends; `start` is the sample it begins at."""
    heard = []
    for first in range(0, len(sound), FRAME):
        frame = AudioFrame(sound[first : first + FRAME].astype(np.int16), RATE_HZ)
        heard.append(probe.frame(frame, START_S + (start + first + len(frame.samples)) / RATE_HZ))
    return heard


def noise(duration_s: float, level: float = 0.1) -> np.ndarray:
    return np.random.default_rng(1).normal(0, level * 32767, round(duration_s * RATE_HZ)).clip(-32767, 32767)


def silence(duration_s: float) -> np.ndarray:
    return np.zeros(round(duration_s * RATE_HZ))


def changes(heard: list[Heard]) -> list[tuple[bool, float]]:
    return [(change[0], round(change[1] - START_S, 3)) for one in heard if (change := one.became) is not None]


def test_sound_and_silence_are_dated_by_their_own_frames() -> None:
    probe = AudioProbe(RATE_HZ)
    heard = hear(probe, np.concatenate([silence(0.5), noise(0.3), silence(0.5)]))
    assert changes(heard) == [(True, 0.5), (False, 0.8)]
    assert probe.first_audible_s == pytest.approx(START_S + 0.5)
    assert not probe.audible


def test_a_gap_between_words_is_no_silence() -> None:
    pause_s = SILENT_AFTER_S - 0.05
    heard = hear(AudioProbe(RATE_HZ), np.concatenate([noise(0.2), silence(pause_s), noise(0.2)]))
    assert changes(heard) == [(True, 0.0)]


def test_a_longer_gap_is_silence_dated_back_to_its_beginning() -> None:
    pause_s = SILENT_AFTER_S + 0.1
    heard = hear(AudioProbe(RATE_HZ), np.concatenate([noise(0.2), silence(pause_s), noise(0.2)]))
    assert changes(heard) == [(True, 0.0), (False, 0.2), (True, 0.5)]


def test_an_encoders_hiss_is_silence() -> None:
    heard = hear(AudioProbe(RATE_HZ), noise(0.5, level=0.0003))
    assert changes(heard) == []
    assert max(one.rms_dbfs for one in heard) < -60


def test_levels_are_those_of_the_frame() -> None:
    full = np.where(np.arange(FRAME) % 2, 32767, -32767)
    (heard,) = hear(AudioProbe(RATE_HZ), full)
    assert heard.rms_dbfs == pytest.approx(0.0, abs=0.01)
    assert heard.peak_dbfs == pytest.approx(0.0, abs=0.01)
    (quiet,) = hear(AudioProbe(RATE_HZ), np.zeros(FRAME))
    assert (quiet.rms_dbfs, quiet.peak_dbfs) == (-120.0, -120.0)


def test_beeps_of_the_pattern_are_dated_to_the_millisecond() -> None:
    heard = hear(AudioProbe(RATE_HZ), synthesize(3, 0, 4 * RATE_HZ, RATE_HZ))
    found = [at_s - START_S for one in heard for at_s in one.beeps_s]
    assert found == pytest.approx([BEEP_PHASE_S + second for second in range(len(found))], abs=0.002)
    assert len(found) >= 3
