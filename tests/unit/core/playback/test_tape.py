"""The tape: what may still be needed of a segment, to the sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.playback.tape import Tape
from tests.fakes.audio_output import RATE_HZ, speech


def tape_of(*durations_s: float, sent: int) -> Tape:
    tape = Tape()
    start_s = 0.0
    for duration_s in durations_s:
        tape.append(speech(duration_s, start_s=start_s))
        start_s += duration_s
    for _ in range(sent):
        tape.mark_sent()
    return tape


def unsent_of(tape: Tape) -> list[int]:
    samples: list[int] = []
    while (frame := tape.next_unsent()) is not None:
        samples.extend(frame.samples[:, 0].tolist())
        tape.mark_sent()
    return samples


def test_mark_moves_with_what_is_sent() -> None:
    tape = tape_of(0.2, 0.3, 0.1, sent=2)
    assert tape.mark_s == pytest.approx(0.5)
    assert tape.kept_s == pytest.approx(0.5)
    assert tape.mark_to_end_s == pytest.approx(0.1)


def test_retracted_frame_is_gone_and_another_stays() -> None:
    tape = Tape()
    first, second = speech(0.1), speech(0.1)
    tape.append(first)
    tape.append(second)
    assert tape.retract(second)
    assert not tape.retract(second)
    assert tape.next_unsent() is first


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=12),
    sent=st.integers(0, 12),
    reached=st.floats(0, 1),
)
def test_rewind_gives_back_exactly_what_lies_behind_the_position(lengths: list[int], sent: int, reached: float) -> None:
    sent = min(sent, len(lengths))
    tape = tape_of(*(length / RATE_HZ for length in lengths), sent=sent)
    position = round(reached * sum(lengths[:sent]))
    missing_s = tape.rewind(position / RATE_HZ)
    assert missing_s == 0
    assert tape.mark_s == pytest.approx(position / RATE_HZ)
    everything = speech(sum(lengths) / RATE_HZ).samples[:, 0].tolist()
    assert unsent_of(tape) == everything[position:]


def test_forgotten_speech_is_missing_after_a_rewind() -> None:
    tape = tape_of(*[0.1] * 10, sent=10)
    assert tape.forget(0.35) == pytest.approx(0.4)
    assert tape.kept_s == pytest.approx(0.6)
    assert tape.rewind(0.1) == pytest.approx(0.3)
    assert unsent_of(tape) == speech(0.6, start_s=0.4).samples[:, 0].tolist()


def test_forgetting_more_than_there_is_says_how_much() -> None:
    tape = tape_of(0.1, 0.1, sent=2)
    assert tape.forget(5.0) == pytest.approx(0.2)


def test_forgetting_what_was_sent_keeps_the_mark_and_the_rest() -> None:
    tape = tape_of(0.1, 0.1, sent=1)
    tape.forget_sent()
    assert tape.kept_s == 0
    assert tape.mark_s == pytest.approx(0.1)
    assert len(unsent_of(tape)) == round(0.1 * RATE_HZ)


def test_cleared_tape_is_empty() -> None:
    tape = tape_of(0.1, 0.1, sent=1)
    tape.clear()
    assert tape.next_unsent() is None
    assert tape.kept_s == 0


def test_stereo_is_cut_between_samples() -> None:
    tape = Tape()
    mono = speech(0.1).samples
    frame = speech(0.1)
    stereo = type(frame)(np.hstack([mono, -mono]).astype(np.int16), RATE_HZ)
    tape.append(stereo)
    tape.mark_sent()
    tape.rewind(0.05)
    rest = tape.next_unsent()
    assert rest is not None
    assert rest.samples.tolist() == stereo.samples[400:].tolist()
