import asyncio
from collections.abc import AsyncIterator

import pytest

from avatar_core.errors import PlaybackError, RoomLost
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.tee import AHEAD_S, BEHIND_S, LegEnded, LegFinished, TeeAudioOutput
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, RemoteOutput, say, speech
from tests.fakes.clock import ManualClock, settle

TIMEOUT_S = 4.0


class Tee:
    """A tee to hand-driven outputs, and all that it tells."""

    def __init__(self, clock: ManualClock, *sinks: HandDrivenOutput) -> None:
        self.output = TeeAudioOutput(sinks, leg_timeout_s=TIMEOUT_S, clock=clock)
        self.log = FinishLog(self.output)
        self.ended: list[LegEnded] = []
        self.answers: list[LegFinished] = []
        self.output.leg_ended.connect(self.ended.append)
        self.output.leg_finished.connect(self.answers.append)


@pytest.fixture
async def tee(clock: ManualClock, old: HandDrivenOutput, new: HandDrivenOutput) -> AsyncIterator[Tee]:
    tee = Tee(clock, old, new)
    yield tee
    await tee.output.aclose()


async def test_every_leg_gets_every_frame_and_end_in_order(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    for _ in range(2):
        await tee.output.capture_frame(speech(0.2))
        await tee.output.capture_frame(speech(0.1))
        tee.output.flush()
    await settle()
    assert old.calls == new.calls == ["capture", "capture", "flush"] * 2


async def test_segment_finishes_when_all_legs_have_at_what_everybody_heard(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    await say(tee.output, 1.0)
    await settle()
    old.finish(1.0)
    assert tee.log.answers == []
    assert len(tee.output.pending_segments) == 1
    new.finish(0.9)
    assert tee.log.answers == [(0.9, False)]
    assert [(answer.label, answer.position_s) for answer in tee.answers] == [("old", 1.0), ("new", 0.9)]


async def test_segment_starts_with_the_first_leg_and_once(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """R5."""
    started: list[float] = []
    tee.output.playback_started.connect(lambda event: started.append(event.created_at))
    await say(tee.output, 1.0)
    await settle()
    new.start()
    old.start()
    assert len(started) == 1


async def test_progress_is_told_by_one_leg_and_never_goes_back(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """R6."""
    told: list[float] = []
    tee.output.playback_progressed.connect(lambda event: told.append(event.offset + event.duration))
    await say(tee.output, 1.0)
    await settle()
    old.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.4)
    new.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.2)
    assert told == [0.4]


async def test_interrupt_reaches_every_leg_also_one_that_has_nothing_yet(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    new.ready.clear()
    await say(tee.output, 0.5)
    await say(tee.output, 0.5)
    await settle()
    tee.output.clear_buffer()
    await settle()
    assert tee.log.answers == []
    for segment in old.pending_segments:
        old.finish(0.2 if segment is old.pending_segments[0] else 0.0, interrupted=True, segment=segment.ref)
    await settle()
    assert tee.log.answers == [(0.0, True), (0.0, True)]
    assert new.frames == []


async def test_slow_leg_does_not_delay_the_others(tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput) -> None:
    new.ready.clear()
    for _ in range(20):
        await asyncio.wait_for(tee.output.capture_frame(speech(0.5)), 1)
        await settle()
    assert old.captured_s == pytest.approx(10.0)
    assert tee.ended == []


async def test_capture_waits_where_no_leg_has_room(tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput) -> None:
    old.ready.clear()
    new.ready.clear()
    await tee.output.capture_frame(speech(AHEAD_S))
    capture = spawn(tee.output.capture_frame(speech(0.1)), name="capture")
    await settle()
    assert not capture.done()
    old.ready.set()
    await settle()
    assert capture.done()
    await cancel_and_wait(capture)


async def test_leg_without_a_sign_of_life_is_ended_as_interrupted_and_told(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    await say(tee.output, 1.0)
    await settle()
    old.finish(1.0)
    for _ in range(20):
        await clock.advance(TIMEOUT_S / 8)
    assert [(ended.label, "sign of life" in ended.why) for ended in tee.ended] == [("new", True)]
    assert tee.log.answers == [(1.0, False)]
    assert ("new", True) in [(answer.label, answer.interrupted) for answer in tee.answers]
    assert new.calls[-1] == "clear"
    await say(tee.output, 0.5)
    await settle()
    old.finish(0.5)
    assert tee.log.answers == [(1.0, False), (0.5, False)]


async def test_leg_that_never_becomes_ready_is_ended(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """PX4 for one avatar of two."""
    new.ready.clear()
    await say(tee.output, 1.0)
    await settle()
    for _ in range(20):
        await clock.advance(TIMEOUT_S / 8)
    assert [ended.label for ended in tee.ended] == ["new"]
    old.finish(1.0)
    assert tee.log.answers == [(1.0, False)]


async def test_leg_that_tells_progress_is_not_ended_though_another_has_finished(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    await say(tee.output, 10.0)
    await settle()
    old.finish(10.0)
    for step in range(20):
        await clock.advance(TIMEOUT_S / 8)
        new.on_playback_progressed(started_at=0.0, offset=step * 0.5, duration=0.5)
    assert tee.ended == []


async def test_leg_that_took_everything_does_not_lag_by_what_sums_of_floats_leave_over(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """0.1 + 0.2 + 0.3 less each of them is not 0; the other leg waits for nothing, so its queue is exactly empty."""
    new.ready.clear()
    for duration_s in (0.1, 0.2, 0.3):
        await tee.output.capture_frame(speech(duration_s))
        await settle()
    new.ready.set()
    await settle(60)
    assert new.captured_s == pytest.approx(0.6)
    for _ in range(20):
        await clock.advance(TIMEOUT_S / 8)
    assert tee.ended == []


async def test_progress_does_not_go_back_when_another_leg_goes_on_telling_it(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """R6: what was told is never revised, also where the leg that told it has ended."""
    told: list[tuple[float, float]] = []
    tee.output.playback_progressed.connect(lambda event: told.append((event.offset, round(event.duration, 3))))
    await tee.output.capture_frame(speech(1.0))
    await settle()
    old.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.6)
    old.failure = RoomLost("gone")
    await tee.output.capture_frame(speech(1.0))
    await settle()
    assert [ended.label for ended in tee.ended] == ["old"]
    new.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.4)
    new.on_playback_progressed(started_at=0.4, offset=0.4, duration=0.4)
    assert told == [(0.0, 0.6), (0.6, 0.2)]


async def test_leg_is_not_ended_while_paused(clock: ManualClock) -> None:
    first, second = (HandDrivenOutput(label, pause=True, clock=clock) for label in ("first", "second"))
    tee = Tee(clock, first, second)
    await say(tee.output, 1.0)
    await settle()
    first.finish(1.0)
    tee.output.pause()
    for _ in range(20):
        await clock.advance(TIMEOUT_S / 8)
    assert tee.ended == []
    tee.output.resume()
    assert second.calls[-2:] == ["pause", "resume"]
    await tee.output.aclose()


async def test_pause_is_refused_for_all_where_one_cannot(clock: ManualClock, new: HandDrivenOutput) -> None:
    """R12."""
    deaf = HandDrivenOutput("deaf", exact_position=False, clock=clock)
    tee = Tee(clock, new, deaf)
    assert not tee.output.can_pause
    with pytest.raises(PlaybackError, match="interrupt instead"):
        tee.output.pause()
    assert new.calls == deaf.calls == []
    await tee.output.aclose()


async def test_leg_that_refuses_speech_is_ended_and_the_last_ones_refusal_ends_the_tee(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    new.failure = RoomLost("the room is gone")
    await say(tee.output, 0.5)
    await settle()
    assert [(ended.label, ended.why) for ended in tee.ended] == [("new", "it takes no speech: the room is gone")]
    old.failure = RoomLost("this one too")
    await say(tee.output, 0.5)
    await settle()
    assert [ended.label for ended in tee.ended] == ["new", "old"]
    assert [interrupted for _, interrupted in tee.log.answers] == [True, True]
    with pytest.raises(PlaybackError, match="no avatar is left of 2"):
        await tee.output.capture_frame(speech(0.1))


async def test_leg_that_falls_too_far_behind_is_ended(tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput) -> None:
    new.ready.clear()
    while not tee.ended:
        await tee.output.capture_frame(speech(1.0))
        await settle()
        assert old.captured_s <= BEHIND_S + 1
    assert tee.ended[0].label == "new"


async def test_last_leg_is_not_ended_for_being_slow(clock: ManualClock, old: HandDrivenOutput) -> None:
    tee = Tee(clock, old)
    old.ready.clear()
    await say(tee.output, 0.5)
    for _ in range(40):
        await clock.advance(TIMEOUT_S / 8)
    assert tee.ended == []
    await tee.output.aclose()


async def test_tail_of_one_leg_can_be_swapped(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    third = HandDrivenOutput("third", clock=clock)
    leg = tee.output.legs[1]
    assert isinstance(leg, AudioSinkProxy)
    leg.set_next_in_chain(third)
    await say(tee.output, 0.5)
    await settle()
    old.finish(0.5)
    third.finish(0.5)
    assert tee.log.answers == [(0.5, False)]
    assert new.frames == []


async def test_tee_stands_below_the_agents_proxy_and_can_be_swapped_away(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    single = RemoteOutput(clock, "single")
    output = AgentOutput(clock=clock)
    output.audio = tee.output
    assert output.audio is not None
    log = FinishLog(output.audio)
    await say(output.audio, 0.5)
    await settle()
    output.replace_audio_tail(single)
    await settle()
    assert log.answers == [(0.0, True)]
    assert "clear" in old.calls
    assert "clear" in new.calls
    await output.aclose()
    await single.aclose()


async def test_repr_prints_the_legs(tee: Tee) -> None:
    """R1."""
    assert "label='old'" in repr(tee.output)
    assert "label='new'" in repr(tee.output)


async def test_rate_is_asked_for_where_all_legs_agree(clock: ManualClock) -> None:
    """R13."""
    same = [HandDrivenOutput(sample_rate_hz=24_000, clock=clock) for _ in range(2)]
    other = HandDrivenOutput(sample_rate_hz=16_000, clock=clock)
    agree, differ = TeeAudioOutput(same, clock=clock), TeeAudioOutput([*same, other], clock=clock)
    assert (agree.sample_rate_hz, differ.sample_rate_hz) == (24_000, None)
    await agree.aclose()
    await differ.aclose()


async def test_tee_leads_to_audio_outputs_alone(tee: Tee) -> None:
    with pytest.raises(TypeError, match="audio outputs"):
        tee.output.add(object())  # type: ignore[arg-type]


async def test_leg_that_comes_takes_part_from_the_next_segment_on(
    clock: ManualClock, tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """O22: the list of legs may change in the midst of speech."""
    late = HandDrivenOutput("late", clock=clock)
    await tee.output.capture_frame(speech(0.5))
    tee.output.add(late)
    await say(tee.output, 0.5)
    await settle()
    assert late.captured_s == 0
    old.finish(1.0)
    new.finish(1.0)
    assert tee.log.answers == [(1.0, False)]
    await say(tee.output, 0.5)
    await settle()
    assert late.captured_s == 0.5
    old.finish(0.5)
    new.finish(0.5)
    assert len(tee.log.answers) == 1
    late.finish(0.5)
    assert tee.log.answers == [(1.0, False), (0.5, False)]
    await tee.output.aclose()
    await late.aclose()


async def test_leg_that_is_removed_falls_silent_and_is_not_waited_for(
    tee: Tee, old: HandDrivenOutput, new: HandDrivenOutput
) -> None:
    """O22."""
    await say(tee.output, 1.0)
    await settle()
    tee.output.remove(new)
    tee.output.remove(new)
    await settle()
    assert "clear" in new.calls
    old.finish(1.0)
    assert tee.log.answers == [(1.0, False)]
    captured = new.captured_s
    await say(tee.output, 1.0)
    await settle()
    assert new.captured_s == captured
    assert len(tee.output.legs) == 1


async def test_tee_without_a_leg_refuses_speech_and_takes_it_once_one_has_come(clock: ManualClock) -> None:
    output = TeeAudioOutput([], clock=clock)
    with pytest.raises(PlaybackError, match="no avatar is left"):
        await output.capture_frame(speech(0.1))
    leg = HandDrivenOutput(clock=clock)
    output.add(leg)
    await output.capture_frame(speech(0.1))
    await settle()
    assert leg.captured_s == 0.1
    await output.aclose()
    await leg.aclose()
