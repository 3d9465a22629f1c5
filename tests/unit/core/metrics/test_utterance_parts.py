"""Long, paused and carried utterances are measured in parts: what is planted shows in its own, the rest is clean."""

from itertools import pairwise

import numpy as np
import pytest

from avatar_core.metrics.observations import Mono, Observation, Sound
from avatar_core.metrics.utterance import Course, Measured, Memory, measure_utterance
from tests.fakes.heard_speech import SENT_S, at, heard, played, speech, spoken_places

SAID = speech("ada-monologue", 27.0)
QUIET = 12.05, 19.95
"""Where nothing is said, near which a long utterance would be cut."""
PAUSE_S = 4.0
SAYS = ("audio_gap_count", "audio_skipped_ms", "click_count", "unheard")


def quiet_places(sound: Sound) -> list[float]:
    """The quietest tenth of a second around each place."""
    samples, found = played(sound).astype(float), []
    for near_s in QUIET:
        around = samples[at(near_s - 2) : at(near_s + 2)].reshape(-1, at(0.1))
        found.append(near_s - 2 + 0.1 * (int((around**2).mean(axis=1).argmin()) + 0.5))
    return found


def part(sound: Sound, begins_s: float, ends_s: float, *, later_s: float = 0.0, **course: object) -> Measured:
    """What is measured of the reference from `begins_s` to `ends_s`, which was sent `later_s` late."""
    sent_s = SENT_S + begins_s + later_s
    seen = sound.between(sent_s - 6.0, sent_s + ends_s - begins_s + 6.0)
    reference = Sound(SAID.between(begins_s, ends_s).samples, SAID.sample_rate_hz)
    told = Course(sent_s, begins_s=begins_s, **course)
    measured, utterance = measure_utterance(Observation(seen), reference, told, Memory())
    return {**measured, "unheard": (float(utterance is None),)}


def alarms(measured: Measured) -> list[str]:
    named = [name for name in SAYS if measured[name][0]]
    edges = [name for name in ("missing_start_ms", "missing_end_ms") if measured.get(name, (0.0,))[0] > 80]
    return named + edges


def in_parts(samples: Mono) -> list[Measured]:
    sound = heard(samples)
    edges = [0.0, *quiet_places(SAID), SAID.duration_s]
    return [part(sound, begins_s, ends_s, goes_on=True) for begins_s, ends_s in pairwise(edges)]


def test_the_parts_of_a_clean_utterance_are_clean_and_only_the_first_has_a_latency() -> None:
    parts = in_parts(played(SAID))
    assert [alarms(one) for one in parts] == [[], [], []]
    assert ["utterance_latency_ms" in one for one in parts] == [True, False, False]
    assert all(abs(one["duration_ratio"][0] - 1) < 0.003 for one in parts)


def test_a_gap_and_left_out_speech_are_found_in_the_part_they_lie_in() -> None:
    samples, (first_s, second_s) = played(SAID), quiet_places(SAID)
    gap_s = next(at_s for at_s in spoken_places(samples, 0.3, 40) if first_s < at_s < second_s)
    skip_s = next(at_s for at_s in spoken_places(samples, 0.5, 40) if at_s > second_s + 2)
    samples[at(gap_s) : at(gap_s + 0.2)] = 0
    parts = in_parts(np.concatenate((samples[: at(skip_s)], samples[at(skip_s + 0.3) :])))
    assert [alarms(one) for one in parts] == [[], ["audio_gap_count"], ["audio_skipped_ms"]]
    assert parts[1]["audio_gap_ms"][0] == pytest.approx(200, abs=40)
    assert parts[2]["audio_skipped_ms"][0] == pytest.approx(300, abs=10)


@pytest.mark.parametrize("wrong_s", [0.0, 0.3, -0.3])
def test_a_pause_is_no_gap_and_words_that_are_missing_or_said_twice_at_it_are_told(wrong_s: float) -> None:
    """What was heard last before it is `wrong_s` before the position told, from which the rest was sent."""
    samples = played(SAID)
    told_s = next(at_s for at_s in spoken_places(samples, 0.7, 40) if at_s > 8.0) + 0.35
    until_s = told_s - wrong_s
    silence = np.zeros(at(PAUSE_S), np.int16)
    sound = heard(np.concatenate((samples[: at(until_s)], silence, samples[at(told_s) :])))
    finished_s = SENT_S + until_s + 0.1
    before = part(
        sound, 0.0, told_s + 2.0, started_s=SENT_S, finished_s=finished_s, position_s=told_s, interrupted=True,
        goes_on=True, until_s=SENT_S + until_s + PAUSE_S,
    )  # fmt: skip
    after = part(sound, told_s, SAID.duration_s, later_s=PAUSE_S - wrong_s, finished_s=SENT_S + SAID.duration_s + 4.2)
    assert alarms(before) == alarms(after) == []
    assert before["position_error_ms"][0] == pytest.approx(1000 * wrong_s, abs=100)
    assert "missing_end_ms" not in before and "leak_into_next_ms" not in after
