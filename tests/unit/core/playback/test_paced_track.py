"""The paced track: PROTOCOLS section 4, O1 to O13, without a room and without aiortc."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.playback.paced_track import PacedTrack
from avatar_core.playback.utterance import UtteranceFinished
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.clock import ManualClock, settle
from tests.tracks import heard, pull, tone


@pytest.fixture
async def track(clock: ManualClock) -> AsyncIterator[PacedTrack]:
    track = PacedTrack(clock=clock)
    yield track
    await track.aclose()


class Ends:
    def __init__(self, track: PacedTrack) -> None:
        self.events: list[UtteranceFinished] = []
        self.calls = 0
        track.utterance_finished.connect(self.events.append)

    async def callback(self) -> None:
        self.calls += 1


async def test_last_part_of_a_frame_is_padded_and_played(track: PacedTrack, clock: ManualClock) -> None:
    """O1: 65 ms are 3.25 frames; elsewhere the quarter is never heard."""
    await track.push(tone(0.065))
    track.complete()
    frames = await pull(track, clock, 5)
    assert heard(frames) == 1560
    assert all(frame.samples_per_channel == 480 for frame in frames)
    assert [int(np.count_nonzero(frame.samples)) for frame in frames] == [480, 480, 480, 120, 0]


async def test_part_of_a_frame_without_an_end_is_played_after_the_grace(track: PacedTrack, clock: ManualClock) -> None:
    """O1, O10: a producer that never says the end does not leave the track speaking for ever."""
    await track.push(tone(0.025))
    assert heard(await pull(track, clock, 20)) == 480
    assert heard(await pull(track, clock, 10)) == 120
    await pull(track, clock, 30)
    assert not track.is_speaking


async def test_timestamps_count_samples_from_zero(track: PacedTrack, clock: ManualClock) -> None:
    """O2."""
    await track.push(tone(0.05))
    frames = await pull(track, clock, 5)
    assert [frame.pts_s for frame in frames] == [n * 480 / 24_000 for n in range(5)]


async def test_frames_are_due_by_the_sample_and_do_not_drift(clock: ManualClock) -> None:
    """O2: a reader that wakes late by 3 ms each time still gets 50 frames a second."""
    track = PacedTrack(clock=clock)
    began_s = clock.now()
    for _ in range(500):
        reader = spawn(track.recv(), name="reader")
        await settle(3)
        while not reader.done():
            clock.move(0.023)
            await settle(3)
    assert clock.now() - began_s == pytest.approx(499 * 0.02, abs=0.03)
    assert track.snapshot().stalls == 0
    await track.aclose()


async def test_stall_moves_the_anchor_and_is_counted(track: PacedTrack, clock: ManualClock) -> None:
    """O2: after a second without a reader there is no burst of fifty frames."""
    await pull(track, clock, 3)
    clock.move(1.0)
    late = await asyncio.wait_for(track.recv(), 1)
    assert late.pts_s == 3 * 480 / 24_000
    reader = spawn(track.recv(), name="reader")
    await settle()
    assert not reader.done()
    assert track.snapshot().stalls == 1
    await cancel_and_wait(reader)


async def test_cancelled_recv_loses_neither_time_nor_speech(track: PacedTrack, clock: ManualClock) -> None:
    await track.push(tone(0.06))
    await pull(track, clock, 1)
    reader = spawn(track.recv(), name="reader")
    await settle()
    await cancel_and_wait(reader)
    frames = await pull(track, clock, 2)
    assert [frame.pts_s for frame in frames] == [0.02, 0.04]
    assert heard(frames) == 960


async def test_pause_keeps_what_waits_and_what_comes(track: PacedTrack, clock: ManualClock) -> None:
    """O3: clock and timestamps run on, order stays; O9: a paused track has not stopped speaking."""
    await track.push(tone(0.06, value=1))
    await pull(track, clock, 1)
    track.pause()
    track.pause()
    await track.push(tone(0.04, value=2))
    silent = await pull(track, clock, 50)
    assert heard(silent) == 0
    assert track.is_speaking
    track.resume()
    frames = await pull(track, clock, 4)
    assert [int(frame.samples[0, 0]) for frame in frames] == [1, 1, 2, 2]
    assert frames[0].pts_s == 51 * 480 / 24_000


async def test_interrupt_clears_unpauses_and_stops_speaking(track: PacedTrack, clock: ManualClock) -> None:
    """O4."""
    await track.push(tone(1.0))
    await pull(track, clock, 2)
    track.pause()
    track.interrupt()
    assert not track.is_speaking
    assert heard(await pull(track, clock, 3)) == 0
    await track.push(tone(0.02))
    assert heard(await pull(track, clock, 1)) == 480


async def test_interrupt_with_a_fade_falls_to_silence(track: PacedTrack, clock: ManualClock) -> None:
    """O5."""
    await track.push(tone(1.0, value=20_000))
    track.interrupt(fade_s=0.4)
    samples = np.concatenate([frame.samples for frame in await pull(track, clock, 25)])[:, 0]
    assert samples[0] == 20_000
    assert (np.diff(samples[:9600].astype(int)) <= 0).all()
    assert samples[9599] == 0
    assert not samples[9600:].any()


async def test_every_interrupt_clears_even_during_and_after_a_fade(track: PacedTrack, clock: ManualClock) -> None:
    """O5: elsewhere one faded interrupt makes the track ignore all later ones."""
    await track.push(tone(1.0))
    track.interrupt(fade_s=0.1)
    await track.push(tone(1.0, value=7))
    track.interrupt(fade_s=0.1)
    frames = await pull(track, clock, 20)
    assert heard(frames[5:]) == 0
    await track.push(tone(1.0))
    track.interrupt(fade_s=0.0)
    assert track.snapshot().buffered_s == 0
    assert heard(await pull(track, clock, 10)) == 0


async def test_manual_mode_closes_the_intake_until_enabled(track: PacedTrack, clock: ManualClock) -> None:
    """O6."""
    track.enable_input(manual=True)
    await track.push(tone(0.1))
    track.interrupt()
    await track.push(tone(0.5))
    assert heard(await pull(track, clock, 5)) == 0
    assert track.snapshot().dropped_s == pytest.approx(0.5)
    track.enable_input(manual=True)
    await track.push(tone(0.02))
    assert heard(await pull(track, clock, 1)) == 480


async def test_speaking_lasts_through_the_grace_and_no_longer(track: PacedTrack, clock: ManualClock) -> None:
    """O9, O10: 65 ms leave a part of a frame, which elsewhere means speaking for ever."""
    await track.push(tone(0.065))
    track.complete()
    await pull(track, clock, 5)
    assert track.is_speaking
    await pull(track, clock, 30)
    assert not track.is_speaking


@pytest.mark.parametrize("order", ["register, push, end", "push, register, end", "push, end, register", "drain, end"])
async def test_completion_is_called_once_whatever_the_order(order: str, track: PacedTrack, clock: ManualClock) -> None:
    """O8, O10, O11: also where the end is said after the last sound, with a part of a frame left."""
    ends = Ends(track)
    for step in order.split(", "):
        if step == "register":
            track.on_complete(ends.callback)
        elif step == "push":
            await track.push(tone(0.065))
        elif step == "drain":
            track.on_complete(ends.callback)
            await track.push(tone(0.065))
            await pull(track, clock, 60)
            assert ends.calls == 0
        else:
            track.complete()
            track.complete()
    await pull(track, clock, 10)
    track.complete()
    await pull(track, clock, 60)
    assert ends.calls == 1
    assert [(end.interrupted, end.played_s) for end in ends.events] == [(False, 0.065)]


async def test_completion_comes_when_the_last_frame_has_been_heard(track: PacedTrack, clock: ManualClock) -> None:
    """O7: not with the frame in hand, nor a grace period later."""
    ends = Ends(track)
    await track.push(tone(0.04))
    track.complete()
    await pull(track, clock, 2)
    assert ends.events == []
    await pull(track, clock, 1)
    assert len(ends.events) == 1


async def test_end_of_an_utterance_without_a_sound_is_told(track: PacedTrack) -> None:
    """O8: who waits for the callback does not wait for ever."""
    ends = Ends(track)
    track.complete()
    track.on_complete(ends.callback)
    track.complete()
    track.complete()
    await settle()
    assert ends.calls == 1


async def test_interrupted_utterance_ends_once_and_is_not_called_complete(
    track: PacedTrack, clock: ManualClock
) -> None:
    """O4, O11."""
    ends = Ends(track)
    track.on_complete(ends.callback)
    await track.push(tone(1.0))
    await pull(track, clock, 5)
    track.interrupt()
    track.interrupt()
    track.complete()
    await pull(track, clock, 40)
    assert [(end.played_s, end.pushed_s, end.interrupted) for end in ends.events] == [(0.1, 1.0, True)]
    assert ends.calls == 0


async def test_back_to_back_utterances_each_end_once(track: PacedTrack, clock: ManualClock) -> None:
    """O11: each begins with a frame of its own."""
    ends = Ends(track)
    track.on_complete(ends.callback)
    for length_s in (0.065, 0.01, 0.04):
        await track.push(tone(length_s))
        track.complete()
    await pull(track, clock, 10)
    assert [end.played_s for end in ends.events] == [0.065, 0.01, 0.04]
    assert ends.calls == 3


@pytest.mark.error_logs("completion callback failed")
async def test_failing_callback_stops_nothing(track: PacedTrack, clock: ManualClock) -> None:
    """O11: its task is kept and its failure reported."""

    async def fail() -> None:
        raise ValueError("from the callback")

    track.on_complete(fail)
    await track.push(tone(0.02))
    track.complete()
    await pull(track, clock, 3)
    await track.push(tone(0.02))
    assert heard(await pull(track, clock, 1)) == 480


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (48_000, 2), (44_100, 1), (24_000, 2), (8_000, 1)])
async def test_any_input_becomes_the_rate_of_the_track(
    rate_hz: int, channels: int, track: PacedTrack, clock: ManualClock
) -> None:
    ends = Ends(track)
    track.set_input_format(rate_hz, channels)
    pcm = tone(0.5, rate_hz=rate_hz, channels=channels).to_bytes()
    for start in range(0, len(pcm), 777):
        await track.push_bytes(pcm[start : start + 777])
    track.complete()
    await pull(track, clock, 30)
    assert [end.played_s for end in ends.events] == [0.5]


async def test_stereo_track_at_another_rate_hands_out_its_own_frames(clock: ManualClock) -> None:
    track = PacedTrack(sample_rate_hz=44_100, channels=2, clock=clock)
    await track.push(tone(0.02))
    track.complete()
    [frame] = await pull(track, clock, 1)
    assert frame.samples.shape == (882, 2)
    await track.aclose()


async def test_full_track_holds_the_producer_back_and_loses_nothing(clock: ManualClock) -> None:
    track = PacedTrack(max_buffered_s=0.1, clock=clock)
    producer = spawn(track.push(tone(0.3)), name="producer")
    frames = await pull(track, clock, 5)
    assert not producer.done()
    frames += await pull(track, clock, 10)
    await producer
    assert heard(frames) == 7200
    assert track.snapshot().dropped_s == 0
    await track.aclose()


@pytest.mark.parametrize("end", ["interrupt", "aclose"])
async def test_producer_held_back_is_let_go_by_interrupt_and_close(end: str, clock: ManualClock) -> None:
    """What it still held belongs to what was interrupted."""
    track = PacedTrack(max_buffered_s=0.1, clock=clock)
    producers = [spawn(track.push(tone(0.3)), name=f"producer {n}") for n in range(2)]
    await settle()
    if end == "interrupt":
        track.interrupt()
    else:
        await track.aclose()
    await asyncio.wait_for(asyncio.gather(*producers), 1)
    snapshot = track.snapshot()
    assert (snapshot.buffered_s, snapshot.cleared_s) == (0.0, 0.1)
    assert snapshot.dropped_s == pytest.approx(0.5)
    await track.aclose()


async def test_full_track_may_drop_the_newest_and_counts_it(clock: ManualClock) -> None:
    track = PacedTrack(max_buffered_s=0.1, overflow="drop", clock=clock)
    await track.push(tone(0.3))
    snapshot = track.snapshot()
    assert (snapshot.buffered_s, snapshot.dropped_s) == (0.1, pytest.approx(0.2))
    await track.aclose()


async def test_closed_track_refuses_speech(track: PacedTrack) -> None:
    await track.aclose()
    await track.aclose()
    await track.push(tone(0.1))
    assert track.snapshot().buffered_s == 0


STEPS = st.lists(
    st.sampled_from(["push", "long", "complete", "interrupt", "fade", "pause", "resume", "pull"]), max_size=40
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_utterance_ends_exactly_once_and_every_sample_is_accounted_for(steps: list[str]) -> None:
    """O7 to O11, in any order of calls."""

    async def run() -> None:
        clock = ManualClock()
        track = PacedTrack(clock=clock, grace_s=0.1, max_buffered_s=0.3, overflow="drop")
        ends = Ends(track)
        track.on_complete(ends.callback)
        opened = 0
        for step in [*steps, "complete", "resume"]:
            if step in ("push", "long"):
                opened += not track._utterances or track._utterances[-1].complete
                await track.push(tone(0.007 if step == "push" else 0.15))
            elif step == "complete":
                opened += track._armed and (not track._utterances or track._utterances[-1].complete)
                track.complete()
            elif step in ("interrupt", "fade"):
                track.interrupt(fade_s=0.05 if step == "fade" else 0.0)
            elif step == "pull":
                await pull(track, clock, 3)
            else:
                getattr(track, step)()
        await pull(track, clock, 40)
        snapshot = track.snapshot()
        assert len(ends.events) == opened
        assert ends.calls == sum(not end.interrupted for end in ends.events)
        assert snapshot.utterances == 0
        assert snapshot.pushed_s == pytest.approx(snapshot.played_s + snapshot.cleared_s)
        await track.aclose()

    asyncio.run(run())
