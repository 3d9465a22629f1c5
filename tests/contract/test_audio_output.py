"""One suite for every AudioOutput: PROTOCOLS 2.1, R1 to R14, and the second law, on leaves, the proxy and a chain."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import AudioOutput, PlaybackStartedEvent
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.queue_output import QueueAudioOutput
from avatar_core.playback.recorder import AudioRecorder
from avatar_core.playback.segment import Segment, SegmentRef, SegmentState
from avatar_core.playback.tee import TeeAudioOutput
from avatar_core.playback.transcript import TranscriptSynchronizer
from avatar_core.room.voice_output import VoiceAudioOutput
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.sink_output import SinkAudioOutput
from tests.fakes.audio_output import FinishLog, PulledTrack, QueueReader, RemoteOutput, speech
from tests.fakes.audio_player import MeetingSpokenOutput, SpokenOutput
from tests.fakes.clock import ManualClock, settle
from tests.fakes.videosdk_sink import RecordingSink

FRAME_S = 0.1


@dataclass
class Rig:
    """An output under test, whatever plays below it, and the clock of both."""

    output: AudioOutput
    clock: ManualClock

    async def say(self, duration_s: float) -> None:
        for step in range(round(duration_s / FRAME_S)):
            await self.output.capture_frame(speech(FRAME_S, start_s=step * FRAME_S))

    async def play(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.05)):
            await self.clock.advance(0.05)


def _queue(clock: ManualClock) -> QueueAudioOutput:
    return QueueAudioOutput(clock=clock)


def _remote(clock: ManualClock) -> RemoteOutput:
    return RemoteOutput(clock)


def _sink(clock: ManualClock) -> SinkAudioOutput:
    return SinkAudioOutput(RecordingSink(), ahead_s=60.0, clock=clock)


class PublishedTrack:
    """The SDK's side of a published track: it plays in real time what it is given."""

    closed = False

    async def capture(self, frame: AudioFrame) -> None:
        pass

    def clear_queue(self) -> None:
        pass


def _voice(clock: ManualClock) -> VoiceAudioOutput:
    return VoiceAudioOutput(PublishedTrack(), ahead_s=60.0, clock=clock)


class TeeToTwo(TeeAudioOutput):
    """A tee to two avatars, the second of which answers later, and which end with it."""

    def __init__(self, clock: ManualClock) -> None:
        self.avatars = (RemoteOutput(clock, "first"), RemoteOutput(clock, "second", ack_delay_s=0.03))
        super().__init__(self.avatars, clock=clock)

    async def aclose(self) -> None:
        await super().aclose()
        for avatar in self.avatars:
            await avatar.aclose()


Leaf = QueueAudioOutput | RemoteOutput | SpokenOutput | TeeToTwo | PulledTrack | SinkAudioOutput | VoiceAudioOutput
BUILD: dict[str, tuple[Callable[[ManualClock], Leaf], Callable[..., AudioOutput]]] = {
    "queue": (_queue, lambda leaf, clock, folder: leaf),
    "remote": (_remote, lambda leaf, clock, folder: leaf),
    "data stream": (SpokenOutput, lambda leaf, clock, folder: leaf),
    "proxy over data stream": (SpokenOutput, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "meeting": (MeetingSpokenOutput, lambda leaf, clock, folder: leaf),
    "proxy over meeting": (MeetingSpokenOutput, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "proxy over queue": (_queue, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "proxy over remote": (_remote, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "meter over queue": (_queue, lambda leaf, clock, folder: LevelMeter(leaf, clock=clock)),
    "track": (PulledTrack, lambda leaf, clock, folder: leaf),
    "proxy over track": (PulledTrack, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "videosdk sink": (_sink, lambda leaf, clock, folder: leaf),
    "voice": (_voice, lambda leaf, clock, folder: leaf),
    "proxy over voice": (_voice, lambda leaf, clock, folder: AudioSinkProxy(leaf, clock=clock)),
    "tee to two": (TeeToTwo, lambda leaf, clock, folder: leaf),
    "meter over tee to two": (TeeToTwo, lambda leaf, clock, folder: LevelMeter(leaf, clock=clock)),
    "recorder over queue": (
        _queue,
        lambda leaf, clock, folder: AudioRecorder(leaf, folder / "talk.ogg", clock=clock),
    ),
    "transcript over remote": (_remote, lambda leaf, clock, folder: TranscriptSynchronizer(leaf, clock=clock)),
    "recorder over transcript over meter over data stream": (
        SpokenOutput,
        lambda leaf, clock, folder: AudioRecorder(
            TranscriptSynchronizer(LevelMeter(leaf, clock=clock), clock=clock), folder / "talk.wav", clock=clock
        ),
    ),
    "two meters over remote": (
        _remote,
        lambda leaf, clock, folder: LevelMeter(LevelMeter(leaf, clock=clock), clock=clock),
    ),
}
LEAVES = ("queue", "remote", "data stream", "meeting", "voice")


@pytest.fixture(params=BUILD)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    build_leaf, build_chain = BUILD[request.param]
    clock = ManualClock()
    leaf = build_leaf(clock)
    output = build_chain(leaf, clock, tmp_path)
    reader = spawn(QueueReader(leaf, clock).run(), name="reader") if isinstance(leaf, QueueAudioOutput) else None
    yield Rig(output, clock)
    await output.aclose()
    await leaf.aclose()
    await cancel_and_wait(reader)


async def test_repr_prints_the_whole_chain(rig: Rig) -> None:
    """R1."""
    links = list(rig.output.chain())
    for link in links:
        assert f"{type(link).__name__}(label={link.label!r}" in repr(rig.output)
    assert links[-1].next_in_chain is None


async def test_first_frame_after_a_flush_opens_a_segment(rig: Rig) -> None:
    """R2."""
    opened: list[Segment] = []
    rig.output.segment_opened.connect(opened.append)
    rig.output.flush()
    assert opened == []
    await rig.say(0.3)
    assert len(opened) == 1
    rig.output.flush()
    rig.output.flush()
    await rig.say(0.2)
    assert len({segment.id for segment in opened}) == len(opened) == 2


async def test_flush_without_frames_changes_nothing(rig: Rig) -> None:
    """R2."""
    log = FinishLog(rig.output)
    rig.output.flush()
    await rig.play(0.5)
    assert log.events == []
    assert rig.output.pending_segments == ()


async def test_segment_played_to_its_end_is_answered_once_and_whole(rig: Rig) -> None:
    """R4."""
    log = FinishLog(rig.output)
    await rig.say(0.5)
    rig.output.flush()
    await rig.play(1.0)
    assert log.answers == [(0.5, False)]


async def test_segment_is_not_answered_before_its_end(rig: Rig) -> None:
    """R4."""
    log = FinishLog(rig.output)
    await rig.say(0.5)
    rig.output.flush()
    await rig.play(0.3)
    assert log.events == []
    assert [segment.state for segment in rig.output.pending_segments] == [SegmentState.FLUSHED]


async def test_interrupt_answers_with_what_was_played(rig: Rig) -> None:
    """R3, R4."""
    log = FinishLog(rig.output)
    await rig.say(2.0)
    rig.output.flush()
    await rig.play(0.5)
    rig.output.clear_buffer()
    await rig.play(0.2)
    [(position_s, interrupted)] = log.answers
    assert interrupted
    assert 0.3 < position_s <= 0.6


async def test_interrupt_while_capturing_answers_once_and_keeps_the_segment_open(rig: Rig) -> None:
    """R3: a clear does not end the capturing; R4: frames before the flush belong to what is over."""
    log = FinishLog(rig.output)
    opened: list[Segment] = []
    rig.output.segment_opened.connect(opened.append)
    await rig.say(1.0)
    await rig.play(0.3)
    rig.output.clear_buffer()
    await rig.play(0.2)
    assert len(log.events) == 1
    await rig.say(0.5)
    assert rig.output.pending_segments == ()
    rig.output.flush()
    await rig.play(1.0)
    assert len(log.events) == len(opened) == 1


async def test_second_interrupt_adds_no_answer(rig: Rig) -> None:
    """R7, PROTOCOLS 1.9: the interrupt path clears twice."""
    log = FinishLog(rig.output)
    await rig.say(1.0)
    rig.output.flush()
    rig.output.clear_buffer()
    rig.output.clear_buffer()
    await rig.play(0.3)
    rig.output.clear_buffer()
    await rig.play(3.0)
    assert len(log.events) == 1


async def test_interrupt_with_nothing_pending_changes_nothing(rig: Rig) -> None:
    log = FinishLog(rig.output)
    rig.output.clear_buffer()
    await rig.play(0.2)
    await rig.say(0.2)
    rig.output.flush()
    await rig.play(0.5)
    assert log.answers == [(0.2, False)]


async def test_back_to_back_segments_are_answered_in_order(rig: Rig) -> None:
    """R4, B4."""
    log = FinishLog(rig.output)
    for index in range(3):
        await rig.output.capture_frame(speech(0.2), segment=SegmentRef(f"s{index}"))
        rig.output.flush()
    await rig.play(1.0)
    assert log.ids == ["s0", "s1", "s2"]
    assert log.answers == [(0.2, False)] * 3


async def test_interrupt_answers_every_queued_segment(rig: Rig) -> None:
    """R4, B18."""
    log = FinishLog(rig.output)
    for index in range(4):
        await rig.output.capture_frame(speech(0.5), segment=SegmentRef(f"s{index}"))
        rig.output.flush()
    await rig.play(0.7)
    rig.output.clear_buffer()
    await rig.play(0.2)
    assert sorted(log.ids) == ["s0", "s1", "s2", "s3"]
    assert [event.interrupted for event in log.events] == [False, True, True, True]


async def test_twenty_barge_ins_are_answered_one_by_one(rig: Rig) -> None:
    """The second law, and B5: what follows an interrupt starts and finishes like any other segment."""
    log = FinishLog(rig.output)
    started: list[PlaybackStartedEvent] = []
    rig.output.playback_started.connect(started.append)
    for index in range(20):
        await rig.output.capture_frame(speech(0.6), segment=SegmentRef(f"s{index}"))
        rig.output.flush()
        await rig.play(0.05 * (index % 5))
        rig.output.clear_buffer()
    await rig.output.capture_frame(speech(0.3), segment=SegmentRef("last"))
    rig.output.flush()
    await rig.play(4.0)
    assert sorted(log.ids) == sorted([f"s{index}" for index in range(20)] + ["last"])
    assert log.answers[-1] == (0.3, False)
    assert started[-1].segment.id == "last"


async def test_segment_starts_once(rig: Rig) -> None:
    """R5."""
    started: list[PlaybackStartedEvent] = []
    rig.output.playback_started.connect(started.append)
    await rig.say(0.5)
    await rig.play(0.3)
    await rig.say(0.3)
    rig.output.flush()
    await rig.play(1.0)
    assert len(started) == 1


async def test_wait_for_playout_returns_the_newest_answer(rig: Rig) -> None:
    """R8: it covers what is captured at the call, not what comes later."""
    await rig.output.capture_frame(speech(0.2), segment=SegmentRef("one"))
    rig.output.flush()
    await rig.output.capture_frame(speech(0.4), segment=SegmentRef("two"))
    rig.output.flush()
    waiters = [spawn(rig.output.wait_for_playout(), name=f"waiter {n}") for n in range(2)]
    await settle()
    await rig.output.capture_frame(speech(5.0), segment=SegmentRef("three"))
    await rig.play(1.0)
    for waiter in waiters:
        assert waiter.done()
        answer = waiter.result()
        assert answer.segment is not None
        assert (answer.segment.id, round(answer.playback_position, 3), answer.interrupted) == ("two", 0.4, False)


async def test_wait_for_playout_with_nothing_pending_returns_at_once(rig: Rig) -> None:
    """R8."""
    first = await asyncio.wait_for(rig.output.wait_for_playout(), 1)
    assert (first.segment, first.interrupted) == (None, False)
    await rig.say(0.2)
    rig.output.flush()
    await rig.play(0.5)
    again = await asyncio.wait_for(rig.output.wait_for_playout(), 1)
    assert round(again.playback_position, 3) == 0.2


async def test_pending_segments_tell_what_was_pushed(rig: Rig) -> None:
    """R9."""
    await rig.output.capture_frame(speech(0.2), segment=SegmentRef("one"))
    rig.output.flush()
    await rig.output.capture_frame(speech(0.3), segment=SegmentRef("two"))
    await rig.output.capture_frame(speech(0.3, start_s=0.3))
    assert [(s.id, s.state, round(s.pushed_s, 3)) for s in rig.output.pending_segments] == [
        ("one", SegmentState.FLUSHED, 0.2),
        ("two", SegmentState.CAPTURING, 0.6),
    ]


@pytest.mark.parametrize("rig", LEAVES, indirect=True)
async def test_pause_is_refused_where_it_cannot_be(rig: Rig) -> None:
    """R12."""
    assert not rig.output.can_pause
    with pytest.raises(PlaybackError):
        rig.output.pause()
    rig.output.resume()


@pytest.mark.parametrize("rig", [name for name in BUILD if name not in LEAVES], indirect=True)
async def test_pause_holds_and_resume_says_the_rest(rig: Rig) -> None:
    """R12, for those who can, by whatever means."""
    assert rig.output.can_pause
    log = FinishLog(rig.output)
    started: list[PlaybackStartedEvent] = []
    rig.output.playback_started.connect(started.append)
    await rig.say(1.0)
    rig.output.flush()
    await rig.play(0.4)
    rig.output.pause()
    rig.output.pause()
    await rig.play(5.0)
    assert log.events == []
    rig.output.resume()
    await rig.play(0.4)
    assert log.events == []
    await rig.play(0.8)
    assert log.answers == [(1.0, False)]
    assert len(started) == 1


async def test_close_answers_what_is_pending_and_refuses_more(rig: Rig) -> None:
    """The second law at the end; `aclose` twice is harmless."""
    log = FinishLog(rig.output)
    await rig.say(1.0)
    rig.output.flush()
    await rig.say(0.5)
    waiter = spawn(rig.output.wait_for_playout(), name="waiter")
    await settle()
    await rig.output.aclose()
    await rig.output.aclose()
    assert [event.interrupted for event in log.events] == [True, True]
    assert (await waiter).interrupted
    with pytest.raises(PlaybackError):
        await rig.say(0.1)


async def test_reported_positions_never_exceed_what_was_pushed(rig: Rig) -> None:
    log = FinishLog(rig.output)
    for length_s in (0.1, 0.7, 0.3):
        await rig.say(length_s)
        rig.output.flush()
        await rig.play(0.2)
    rig.output.clear_buffer()
    await rig.play(3.0)
    assert len(log.events) == 3
    for event in log.events:
        assert event.segment is not None
        assert 0 <= event.playback_position <= event.segment.pushed_s + 1e-9
