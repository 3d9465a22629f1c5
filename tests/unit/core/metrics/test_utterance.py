"""Pauses that a speaker makes, also at either end, are no flaw of the avatar; what comes on top of them is."""

import numpy as np
import pytest

from avatar_core.metrics.observations import Observation, Sound
from avatar_core.metrics.utterance import Course, Measured, Memory, measure_utterance
from tests.fakes.heard_speech import SENT_S, at, heard, played, speech

_SPOKEN = speech("ada-monologue", 8.0)
_BREAK_S = 4.0
"""Where a pause is made."""
_USUAL_MS = 400
"""Silence of usual speech, between its sentences."""


def with_pauses(before_s: float, within_s: float, after_s: float) -> Sound:
    """Speech as a microphone gives it, or a recording that nobody trimmed."""
    rate_hz, samples = _SPOKEN.sample_rate_hz, _SPOKEN.samples
    before, within, after = (np.zeros(round(one_s * rate_hz), np.int16) for one_s in (before_s, within_s, after_s))
    cut = round(_BREAK_S * rate_hz)
    return Sound(np.concatenate((before, samples[:cut], within, samples[cut:], after)), rate_hz)


def measured(said: Sound, *, held_s: float = 0.0, held_at_s: float = 0.0, told_late_s: float = 0.0) -> Measured:
    """Heard whole, but for silence of `held_s` that was put in; its end is told when it is over, or so much later."""
    samples, place = played(said), at(held_at_s)
    sound = heard(np.concatenate((samples[:place], np.zeros(at(held_s), np.int16), samples[place:])))
    over_s = SENT_S + said.duration_s + held_s
    course = Course(SENT_S, started_s=SENT_S, finished_s=over_s + told_late_s, position_s=said.duration_s)
    found, utterance = measure_utterance(Observation(sound), said, course, Memory())
    assert utterance is not None
    return found


@pytest.mark.parametrize(
    "pauses_s", [(0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 3.0, 0.0), (0.0, 0.0, 0.3), (0.0, 0.0, 2.5), (1.5, 6.0, 1.5)]
)
def test_a_speakers_own_pauses_are_neither_silence_nor_a_late_end(pauses_s: tuple[float, float, float]) -> None:
    found = measured(with_pauses(*pauses_s))
    assert found["silence_in_segment_ms"][0] < _USUAL_MS
    for name in ("started_error_ms", "finished_error_ms"):
        assert found[name][0] == pytest.approx(0, abs=15)
    assert (found["audio_gap_count"], found["missing_end_ms"], found["audio_skipped_ms"]) == ((0.0,), (0.0,), (0.0,))


@pytest.mark.parametrize("position_s", [3.0, 5.4])
def test_silence_that_is_said_before_an_interrupt_is_none_of_the_avatars(position_s: float) -> None:
    """Three seconds of nothing at a microphone, and as much as a syllable, in which nothing can be recognized."""
    said = with_pauses(5.0, 0.0, 0.0)
    sound = heard(played(said)[: at(position_s)])
    course = Course(
        SENT_S, started_s=SENT_S, finished_s=SENT_S + position_s + 0.1, position_s=position_s, interrupted=True
    )
    found, utterance = measure_utterance(Observation(sound), said, course, Memory())
    assert utterance is None
    assert found["silence_in_segment_ms"][0] < _USUAL_MS


@pytest.mark.parametrize("told_late_s", [-0.25, 0.4, 1.2])
@pytest.mark.parametrize("after_s", [0.0, 0.8])
def test_an_end_that_is_told_at_a_wrong_time_is_so_whatever_silence_is_at_the_end(
    after_s: float, told_late_s: float
) -> None:
    found = measured(with_pauses(0.0, 0.0, after_s), told_late_s=told_late_s)
    assert found["finished_error_ms"][0] == pytest.approx(1000 * told_late_s, abs=15)


@pytest.mark.parametrize("pause_s", [0.0, 1.0, 3.0])
def test_silence_that_lengthens_a_pause_is_told_without_it(pause_s: float) -> None:
    said = with_pauses(0.0, pause_s, 0.0)
    found = measured(said, held_s=1.5, held_at_s=_BREAK_S + pause_s / 2)
    assert found["silence_in_segment_ms"][0] == pytest.approx(1500, abs=120)
