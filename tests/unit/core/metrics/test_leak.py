"""Speech that goes on into the next utterance."""

import numpy as np
import pytest

from avatar_core.avatar.faults.echo import Echo
from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.table import FAULTS
from avatar_core.media.sync_pattern import synthesize
from avatar_core.metrics.leak import leak_ms
from avatar_core.metrics.observations import Sound
from avatar_core.metrics.speech import compare
from tests.fakes.heard_speech import SENT_S, at, heard, played, speech, spoken_places

NEXT = speech("miles-bilabials", 5.0)


def leaked(old: Sound, samples: np.ndarray) -> float:
    sound = heard(samples)
    new = compare(NEXT, sound)
    assert new is not None
    return leak_ms(old, sound, SENT_S, SENT_S + 2.0, (NEXT, new))


@pytest.mark.parametrize("name", ["ada-welcome", "iris-tour", "miles-numbers", "sync-pattern"])
def test_clean_next_utterance_holds_nothing_of_the_last(name: str) -> None:
    assert leaked(speech(name), played(NEXT)) == 0


@pytest.mark.parametrize("leak_s", [0.15, 0.3])
@pytest.mark.parametrize("name", ["ada-welcome", "iris-tour"])
def test_tail_mixed_into_the_next_is_found_at_its_length(name: str, leak_s: float) -> None:
    old, samples = speech(name), played(NEXT).astype(np.int32)
    from_s = spoken_places(played(old), leak_s, 1)[0]
    samples[: at(leak_s)] += played(old)[at(from_s) : at(from_s + leak_s)]
    assert leaked(old, samples) == pytest.approx(leak_s * 1000, abs=90)


def push_in_frames(echo: Echo, samples: np.ndarray) -> np.ndarray:
    frames = (samples[start : start + 960, np.newaxis] for start in range(0, len(samples), 960))
    return np.concatenate([echo.push(frame)[:, 0] for frame in frames])


@pytest.mark.parametrize("planted_ms", FAULTS["stale_speech_ms"].strengths)
@pytest.mark.parametrize(("name", "interrupted_s"), [("ada-welcome", 2.7), ("ada-welcome", 3.6), ("iris-tour", 2.6)])
def test_stale_speech_is_found_at_its_length_even_if_it_was_interrupted_in_a_pause(
    name: str, interrupted_s: float, planted_ms: float
) -> None:
    old, echo = speech(name), Echo(Faults({"stale_speech_ms": planted_ms}), 48_000, 1)
    push_in_frames(echo, played(old)[: at(interrupted_s)])
    echo.interrupted()
    assert leaked(old, push_in_frames(echo, played(NEXT))) == pytest.approx(
        planted_ms, abs=FAULTS["stale_speech_ms"].within
    )


def test_tail_before_the_next_begins_is_found_at_its_length() -> None:
    old = speech("ada-welcome")
    from_s = spoken_places(played(old), 0.3, 1)[0]
    tail = played(old)[at(from_s) : at(from_s + 0.3)]
    sound = heard(np.concatenate((tail, played(NEXT))))
    new = compare(NEXT, sound)
    assert new is not None
    assert leak_ms(old, sound, SENT_S, SENT_S + 2.0, (NEXT, new)) == pytest.approx(300, abs=60)
    assert leak_ms(old, sound, SENT_S, SENT_S + 0.3, None) == pytest.approx(300, abs=60)


@pytest.mark.parametrize(("at_s", "let_go_s"), [(1.6, 0.04), (2.0, 0.08), (0.8, -0.08), (2.2, -0.08)])
def test_what_a_buffer_lets_go_or_repeats_of_the_same_words_is_no_leak(at_s: float, let_go_s: float) -> None:
    same, echo = speech("ada-welcome", 5.0), Echo(Faults({"stale_speech_ms": 600}), 48_000, 1)
    push_in_frames(echo, played(same)[: at(3.4)])
    echo.interrupted()
    for spoken, leaked_ms in ((played(same), 0), (push_in_frames(echo, played(same)), 600)):
        sound = heard(np.concatenate((spoken[: at(at_s)], spoken[at(at_s + let_go_s) :])))
        new = compare(same, sound)
        assert new is not None
        found_ms = leak_ms(same, sound, new.first_sound_s, new.first_sound_s + 3.0, (same, new))
        assert found_ms == pytest.approx(leaked_ms, abs=90 if leaked_ms else 0)


def test_nothing_is_found_of_what_is_too_short_to_be_told() -> None:
    assert leak_ms(speech("ada-welcome", 0.05), heard(played(NEXT)), SENT_S, SENT_S + 1.0, None) == 0


def pattern(utterance: int, seconds: float) -> Sound:
    return Sound(synthesize(utterance, 0, at(seconds), 48_000), 48_000)


def test_sync_pattern_is_told_by_its_tone_and_not_by_its_beeps() -> None:
    sound = heard(pattern(3, 4.0).samples)
    assert leak_ms(pattern(2, 6.0), sound, SENT_S, SENT_S + 4.0, None) == 0
    mixed = pattern(3, 4.0).samples.astype(np.int32)
    mixed[: at(0.4)] = pattern(2, 6.0).samples[at(2.6) : at(3.0)]
    found_ms = leak_ms(pattern(2, 6.0), heard(mixed), SENT_S, SENT_S + 4.0, None)
    assert found_ms == pytest.approx(400, abs=60)
