"""The tee track: PROTOCOLS section 4, O19 to O22. What it has of a paced track is tested there."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.errors import PlaybackError, RoomLost
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.tee_track import TeeMixingTrack, TeeTrack
from avatar_core.playback.utterance import UtteranceFinished
from avatar_core.tasks import spawn
from tests.fakes.audio_output import HandDrivenOutput
from tests.fakes.clock import ManualClock, settle
from tests.tracks import heard, pull, tone


@pytest.fixture
async def avatar(clock: ManualClock) -> AsyncIterator[HandDrivenOutput]:
    avatar = HandDrivenOutput("avatar", sample_rate_hz=24_000, pause=True, clock=clock)
    yield avatar
    await avatar.aclose()


@pytest.fixture
async def track(clock: ManualClock, avatar: HandDrivenOutput) -> AsyncIterator[TeeTrack]:
    track = TeeTrack([avatar], clock=clock)
    yield track
    await track.aclose()


def ends(track: TeeTrack) -> list[UtteranceFinished]:
    told: list[UtteranceFinished] = []
    track.utterance_finished.connect(told.append)
    return told


async def test_track_is_silent_while_an_avatar_speaks_and_its_time_goes_on(
    track: TeeTrack, avatar: HandDrivenOutput, clock: ManualClock
) -> None:
    """O21."""
    await track.push(tone(0.1))
    frames = await pull(track, clock, 5)
    assert heard(frames) == 0
    assert [frame.pts_s for frame in frames] == pytest.approx([0.0, 0.02, 0.04, 0.06, 0.08])
    assert avatar.captured_s == pytest.approx(0.1)


async def test_utterance_ends_by_the_avatars_clock(
    track: TeeTrack, avatar: HandDrivenOutput, clock: ManualClock
) -> None:
    """O21: the local clock would have ended it long ago."""
    told = ends(track)
    calls: list[int] = []

    async def completed() -> None:
        calls.append(1)

    track.on_complete(completed)
    await track.push(tone(0.1))
    track.complete()
    await pull(track, clock, 100)
    assert track.is_speaking
    assert told == []
    avatar.finish(0.1)
    await settle()
    assert told == [UtteranceFinished(0.1, 0.1, interrupted=False)]
    assert calls == [1]
    assert track.is_speaking
    await clock.advance(0.6)
    assert not track.is_speaking


async def test_interrupt_pause_and_end_reach_every_avatar(track: TeeTrack, avatar: HandDrivenOutput) -> None:
    """O22."""
    await track.push(tone(0.1))
    await settle()
    track.pause()
    track.resume()
    track.complete()
    await settle()
    assert avatar.calls[-3:] == ["pause", "resume", "flush"]
    told = ends(track)
    track.interrupt()
    avatar.finish(0.05, interrupted=True)
    assert "clear" in avatar.calls
    assert told == [UtteranceFinished(0.05, pytest.approx(0.1), interrupted=True)]


async def test_pause_is_refused_where_an_avatar_cannot(clock: ManualClock) -> None:
    deaf = HandDrivenOutput("deaf", exact_position=False, clock=clock)
    track = TeeTrack([deaf], clock=clock)
    with pytest.raises(PlaybackError, match="not every avatar can pause"):
        track.pause()
    assert not track.snapshot().paused
    await track.aclose()
    await deaf.aclose()


async def test_avatar_gets_nothing_while_the_intake_is_closed(track: TeeTrack, avatar: HandDrivenOutput) -> None:
    """O20: in manual mode an interrupt closes it for avatars, too."""
    track.enable_input(manual=True)
    track.interrupt()
    await track.push(tone(0.1))
    await settle()
    assert avatar.frames == []
    assert track.snapshot().dropped_s == pytest.approx(0.1)
    track.enable_input(manual=True)
    await track.push(tone(0.1))
    await settle()
    assert avatar.captured_s == pytest.approx(0.1)


async def test_avatar_gets_sound_of_the_rate_it_asked_for(track: TeeTrack, avatar: HandDrivenOutput) -> None:
    """O20: not the bytes as they came."""
    track.set_input_format(16_000, 1)
    await track.push_bytes(np.full(1_601, 7, dtype="<i2").tobytes()[:-1])
    track.complete()
    await settle()
    assert {frame.sample_rate_hz for frame in avatar.frames} == {24_000}
    assert avatar.captured_s == pytest.approx(0.1, abs=0.001)


async def test_slow_avatar_does_not_delay_the_producer(clock: ManualClock, avatar: HandDrivenOutput) -> None:
    """O19."""
    slow = HandDrivenOutput("slow", clock=clock)
    slow.ready.clear()
    track = TeeTrack([slow, avatar], clock=clock)
    for _ in range(20):
        pushing = spawn(track.push(tone(0.5)), name="push")
        await settle()
        assert pushing.done()
    assert avatar.captured_s == pytest.approx(10.0)
    await track.aclose()
    await slow.aclose()


async def test_speech_goes_on_here_when_the_last_avatar_has_gone(
    track: TeeTrack, avatar: HandDrivenOutput, clock: ManualClock
) -> None:
    told = ends(track)
    await track.push(tone(0.1))
    await settle()
    avatar.failure = RoomLost("gone")
    await track.push(tone(0.1))
    await settle()
    assert told == [UtteranceFinished(0.0, pytest.approx(0.2), interrupted=True)]
    await track.push(tone(0.1))
    track.complete()
    assert heard(await pull(track, clock, 10)) == 2_400
    assert told[1] == UtteranceFinished(0.1, 0.1, interrupted=False)


async def test_utterance_begun_without_avatars_is_played_here_to_its_end(
    clock: ManualClock, avatar: HandDrivenOutput
) -> None:
    """O22: the list may change in the midst of it; the next one is the avatar's."""
    track = TeeTrack(clock=clock)
    await track.push(tone(0.1))
    track.output.add(avatar)
    await track.push(tone(0.1))
    track.complete()
    assert heard(await pull(track, clock, 12)) == 4_800
    assert avatar.frames == []
    await track.push(tone(0.1))
    assert heard(await pull(track, clock, 8)) == 0
    assert avatar.captured_s == pytest.approx(0.1)
    await track.aclose()


async def test_figures_count_what_the_avatars_have(
    track: TeeTrack, avatar: HandDrivenOutput, clock: ManualClock
) -> None:
    await track.push(tone(1.0))
    await settle()
    avatar.on_playback_progressed(started_at=clock.now(), offset=0.0, duration=0.4)
    now = track.snapshot()
    assert (now.pushed_s, now.played_s, now.buffered_s) == pytest.approx((1.0, 0.4, 0.6))
    assert (now.speaking, now.utterances) == (True, 1)
    track.complete()
    await settle()
    avatar.finish(1.0)
    later = track.snapshot()
    assert (later.pushed_s, later.played_s, later.buffered_s) == pytest.approx((1.0, 1.0, 0.0))


async def test_background_is_silent_while_there_are_avatars(clock: ManualClock, avatar: HandDrivenOutput) -> None:
    """O21, for the mixing variant."""
    track = TeeMixingTrack([avatar], clock=clock)
    track.push_background(tone(0.2).to_bytes())
    await track.push(tone(0.1))
    assert heard(await pull(track, clock, 5)) == 0
    track.output.remove(avatar)
    frames: list[AudioFrame] = await pull(track, clock, 5)
    assert heard(frames) == 2_400
    await track.aclose()
