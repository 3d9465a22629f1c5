import asyncio

import numpy as np
import pytest

from avatar_core.avatar.generators.speech_input import SpeechInput
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from tests.fakes.clock import settle


def sound(seconds: float) -> AudioFrame:
    return AudioFrame(np.arange(round(seconds * 1000), dtype=np.int16), 1000)


async def test_long_frames_are_cut_to_short_pieces_in_order() -> None:
    speech = SpeechInput(10)
    await speech.push(sound(0.25))
    await speech.push(AudioSegmentEnd("a"))
    pieces = [speech.take() for _ in range(3)]
    assert [piece.duration_s for piece in pieces] == pytest.approx([0.1, 0.1, 0.05])
    assert np.concatenate([piece.samples for piece in pieces])[:, 0].tolist() == list(range(250))
    assert speech.take() == AudioSegmentEnd("a")
    assert speech.take() is None


async def test_a_push_waits_for_room_and_goes_on() -> None:
    speech = SpeechInput(1)
    pushing = asyncio.create_task(speech.push(sound(1.5)))
    await settle()
    assert not pushing.done()
    assert speech.buffered_s == pytest.approx(1.0)
    for _ in range(5):
        speech.take()
        await settle()
    assert pushing.done()
    assert speech.buffered_s == pytest.approx(1.0)


async def test_a_clear_drops_what_is_held_and_what_waits() -> None:
    speech = SpeechInput(1)
    pushing = asyncio.create_task(speech.push(sound(3)))
    await settle()
    speech.clear()
    await settle()
    assert pushing.done()
    assert speech.take() is None
    assert speech.buffered_s == 0
    await speech.push(sound(0.1))
    assert speech.take() is not None


async def test_segment_ends_alone_cannot_grow_without_bound() -> None:
    speech = SpeechInput(1)

    async def push_many() -> None:
        for _ in range(1000):
            await speech.push(AudioSegmentEnd())

    pushing = asyncio.create_task(push_many())
    await settle()
    assert not pushing.done()
    pushing.cancel()
    held = 0
    while speech.take() is not None:
        held += 1
    assert held == 100


async def test_an_emptied_input_holds_exactly_nothing() -> None:
    speech = SpeechInput(10)
    for _ in range(33):
        await speech.push(AudioFrame(np.zeros(441, dtype=np.int16), 44100))
    while speech.take() is not None:
        pass
    assert speech.buffered_s == 0.0
