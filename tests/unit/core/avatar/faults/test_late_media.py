"""Sound and pictures that leave late, and old speech that is heard again: exactly as long as asked for."""

import numpy as np
import pytest

from avatar_core.avatar.faults.delays import SWEEP_MS, ChangingOffset, DelayedAudio, DelayedVideo
from avatar_core.avatar.faults.echo import LEAK_AFTER_S, Echo
from avatar_core.avatar.faults.planted import Faults
from tests.fakes.clock import ManualClock
from tests.fakes.room import FakeAudioTrack, FakeVideoTrack
from tests.fakes.video_generator import OPTIONS, picture, sound

RATE = 8_000


async def test_delayed_sound_comes_whole_and_exactly_later() -> None:
    track = FakeAudioTrack()
    delayed = DelayedAudio(track, 0.15, OPTIONS)
    for _ in range(10):
        await delayed.capture(sound(0.0, 0.02))
    samples = np.concatenate([frame.samples[:, 0] for frame in track.frames])
    assert len(samples) == 1_600
    assert np.flatnonzero(samples)[0] == 1_200
    delayed.clear_queue()
    assert track.clears == 1


async def test_delayed_pictures_come_all_and_later() -> None:
    clock, track = ManualClock(), FakeVideoTrack()
    delayed = DelayedVideo(track, lambda _: 0.2, clock)
    for index in range(3):
        delayed.capture(picture(index * 0.04))
        await clock.advance(0.04)
    assert track.frames == []
    for shown in (1, 2, 3):
        await clock.advance(0.081 if shown == 1 else 0.04)
        assert len(track.frames) == shown
    await delayed.aclose()


@pytest.mark.parametrize("offset_s", [0.08, -0.12])
def test_offset_has_the_sign_of_the_bench(offset_s: float) -> None:
    """+ = video late."""
    offset = ChangingOffset(offset_s, 0.0)
    assert offset.video_delay_s(10.0) - offset.audio_delay_s == pytest.approx(offset_s)
    assert offset.at(10.0) == offset_s


@pytest.mark.parametrize("slope", [0.005, -0.01])
def test_an_offset_grows_from_nothing_by_its_slope_and_then_stays(slope: float) -> None:
    offset = ChangingOffset(0.0, slope)
    told = [offset.video_delay_s(100.0 + after_s) - offset.audio_delay_s for after_s in (0, 20, 60, 90)]
    assert told == pytest.approx([0.0, 20 * slope, 60 * slope, 60 * slope])


def test_a_sweep_goes_through_every_offset_from_zero_on_and_begins_anew() -> None:
    offset = ChangingOffset(0.0, 0.0, sweep_s=8.0)
    told = [1000 * (offset.video_delay_s(100.0 + 8 * at) - offset.audio_delay_s) for at in range(len(SWEEP_MS) + 1)]
    assert told == pytest.approx([*SWEEP_MS, 0.0])


def after_interrupt(silence_s: float, **planted: float) -> np.ndarray:
    """What is heard from an interrupt on, and after `silence_s` of it new speech."""
    echo = Echo(Faults(planted), RATE, 1)
    for _ in range(50):
        echo.push(np.full((160, 1), 1_000, dtype=np.int16))
    echo.interrupted()
    silence = [echo.push(np.zeros((160, 1), dtype=np.int16)) for _ in range(round(silence_s / 0.02))]
    speech = [echo.push(np.full((160, 1), 3_000, dtype=np.int16)) for _ in range(50)]
    return np.concatenate([*silence, *speech])[:, 0]


def test_speech_stops_late_by_its_time() -> None:
    heard = after_interrupt(1.0, late_stop_ms=300)
    assert np.flatnonzero(heard[:RATE]).tolist() == list(range(round(0.3 * RATE)))


def test_speech_leaks_after_a_silence() -> None:
    loud = np.flatnonzero(after_interrupt(1.0, leak_ms=200)[:RATE])
    assert (loud[0], len(loud)) == (round(LEAK_AFTER_S * RATE), round(0.2 * RATE))


def test_stale_speech_lies_under_the_next_utterance_and_nowhere_else() -> None:
    heard = after_interrupt(1.0, stale_speech_ms=200)
    assert not heard[:RATE].any()
    assert np.flatnonzero(heard == 4_000).tolist() == list(range(RATE, RATE + round(0.2 * RATE)))


@pytest.mark.parametrize("planted", ["late_stop_ms", "leak_ms", "stale_speech_ms"])
@pytest.mark.parametrize("planted_ms", [300, 600])
@pytest.mark.parametrize("channels", [1, 2])
def test_speech_that_pauses_before_the_interrupt_is_heard_again_without_the_pause(
    planted: str, planted_ms: int, channels: int
) -> None:
    echo = Echo(Faults({planted: planted_ms}), RATE, channels)
    speech = np.full((RATE, channels), 1_500, dtype=np.int16)
    breath = np.full((round(0.43 * RATE), channels), 20, dtype=np.int16)
    for said in (speech, breath, speech[: round(0.2 * RATE)], breath):
        for start in range(0, len(said), 160):
            echo.push(said[start : start + 160])
    echo.interrupted()
    silence, quiet = np.zeros((RATE, channels), dtype=np.int16), np.full((RATE, channels), 1, dtype=np.int16)
    heard = np.concatenate((echo.push(silence), echo.push(quiet)))
    loud = np.flatnonzero((heard >= 1_500).all(axis=1))
    assert len(loud) == round(planted_ms / 1000 * RATE)
    assert loud[-1] - loud[0] == len(loud) - 1


def test_an_interrupt_of_nothing_leaves_nothing_to_be_heard() -> None:
    echo = Echo(Faults({"leak_ms": 200}), RATE, 1)
    echo.push(np.zeros((800, 1), dtype=np.int16))
    echo.interrupted()
    assert not echo.push(np.zeros((RATE, 1), dtype=np.int16)).any()
