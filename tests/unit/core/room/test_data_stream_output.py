"""The sender of LiveKit's audio wire, over a room in memory (PROTOCOLS 1.3-1.5)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.playback.contract import PlaybackProgressedEvent, PlaybackStartedEvent
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.data_stream_output import BURST_S, DataStreamAudioOutput
from avatar_core.room.rpc import RpcError, RpcErrorCode
from avatar_core.room.values import TrackKind
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.livekit import (
    RPC_CLEAR_BUFFER,
    RPC_PLAYBACK_FINISHED,
    TOPIC_AUDIO_STREAM,
    TOPIC_BENCH_REPORT,
    AvatarReport,
    PlaybackFinished,
    SegmentReport,
    encode_playback_finished,
    encode_report,
)
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import ManualClock, settle
from tests.fakes.room import FakeConnection, FakeRoom

AGENT, AVATAR = "bench-agent", "avatar-1"


@dataclass
class Wire:
    """An output, the room it speaks into, and an avatar that takes streams and clears but answers nothing by itself."""

    room: FakeRoom
    agent: FakeConnection
    avatar: FakeConnection
    clock: ManualClock

    def output(self, **options: object) -> DataStreamAudioOutput:
        return DataStreamAudioOutput(self.agent, AVATAR, clock=self.clock, **options)

    async def answer(self, position_s: float, *, interrupted: bool = False, segment: SegmentRef | None = None) -> str:
        named = {} if segment is None else {"segment_id": segment.id, "generation": segment.generation}
        payload = encode_playback_finished(PlaybackFinished(position_s, interrupted, **named))
        return await self.avatar.rpc.perform(AGENT, RPC_PLAYBACK_FINISHED, payload)

    async def report(self, sequence: int, played_s: float, segment: SegmentRef) -> None:
        report = AvatarReport(sequence, 0.0, (SegmentReport(segment.id, segment.generation, 1.0, played_s),))
        await self.avatar.send_data(encode_report(report), topic=TOPIC_BENCH_REPORT, destinations=[AGENT])


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    room = FakeRoom()
    agent, avatar = room.join(AGENT), room.join(AVATAR)

    async def take(stream: object) -> None:
        async for _ in stream:
            pass

    async def clear(_: object) -> str:
        return "ok"

    avatar.streams.handle_bytes(TOPIC_AUDIO_STREAM, take, sender=AGENT)
    avatar.rpc.register(RPC_CLEAR_BUFFER, clear, caller=AGENT)
    yield Wire(room, agent, avatar, ManualClock())
    await avatar.aclose()
    await agent.aclose()


async def test_segment_is_one_stream_with_its_format_and_name(wire: Wire) -> None:
    output = wire.output()
    await output.capture_frame(speech(0.2, rate_hz=16_000), segment=SegmentRef("s1", 3))
    await output.capture_frame(speech(0.2, rate_hz=16_000))
    output.flush()
    await output.capture_frame(speech(0.2, rate_hz=24_000), segment=SegmentRef("s2"))
    first, second = wire.agent.streams.opened
    assert first.ended
    assert not second.ended
    assert first.attributes == {
        "sample_rate": "16000",
        "num_channels": "1",
        "bench.segment_id": "s1",
        "bench.segment_generation": "3",
    }
    assert second.attributes["sample_rate"] == "24000"
    await output.aclose()
    assert second.ended


async def test_how_long_the_wire_kept_the_slowest_frame_waiting_is_told_of_each_segment(wire: Wire) -> None:
    output = wire.output()
    told_s: list[float] = []
    output.held_up.connect(told_s.append)
    await output.capture_frame(speech(0.1))
    wire.room.way.clear()
    capture = spawn(output.capture_frame(speech(0.1)), name="capture")
    await settle()
    await wire.clock.advance(0.3)
    assert not capture.done()
    wire.room.way.set()
    await capture
    output.flush()
    await output.capture_frame(speech(0.1))
    output.flush()
    assert told_s == [pytest.approx(0.3), 0.0]
    await output.aclose()


async def test_unready_avatar_is_named_with_what_it_lacks(wire: Wire) -> None:
    output = wire.output(wait_remote_tracks=[TrackKind.AUDIO, TrackKind.VIDEO], ready_timeout_s=0.01)
    wire.avatar.publish(TrackKind.AUDIO)
    with pytest.raises(PlaybackError, match=r"'avatar-1' publishes no video$"):
        await output.capture_frame(speech(0.1))
    wire.avatar.active = False
    with pytest.raises(PlaybackError, match="is not active yet"):
        await output.capture_frame(speech(0.1))
    wire.avatar.leave()
    with pytest.raises(PlaybackError, match="is not in the room"):
        await output.capture_frame(speech(0.1))
    assert output.segments_captured == 0
    await output.aclose()


async def test_frame_waits_for_the_avatar_and_then_goes_out(wire: Wire) -> None:
    wire.avatar.active = False
    output = wire.output()
    capture = spawn(output.capture_frame(speech(0.1)), name="capture")
    await settle()
    assert not capture.done()
    wire.avatar.activate()
    await capture
    assert len(wire.agent.streams.opened) == 1
    await output.aclose()


async def test_cancelled_wait_for_readiness_captures_nothing(wire: Wire) -> None:
    wire.avatar.active = False
    output = wire.output()
    capture = spawn(output.capture_frame(speech(0.1)), name="capture")
    await settle()
    await cancel_and_wait(capture)
    wire.avatar.activate()
    await settle()
    assert (output.pending_segments, wire.agent.streams.opened) == ((), [])
    await output.aclose()


async def test_answer_finishes_the_segment_it_names(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    for name in ("one", "two"):
        await output.capture_frame(speech(0.5), segment=SegmentRef(name))
        output.flush()
    assert await wire.answer(0.5, segment=SegmentRef("two")) == "ok"
    assert log.ids == ["two"]
    await wire.answer(0.5, segment=SegmentRef("two"))
    assert output.ignored_events == 1
    await wire.answer(0.4)
    assert log.ids == ["two", "one"]
    await output.aclose()


async def test_malformed_answer_is_refused_and_finishes_nothing(wire: Wire) -> None:
    output = wire.output()
    await output.capture_frame(speech(0.5))
    with pytest.raises(RpcError) as refused:
        await wire.avatar.rpc.perform(AGENT, RPC_PLAYBACK_FINISHED, '{"playback_position": "1", "interrupted": true}')
    assert refused.value.code == RpcErrorCode.APPLICATION_ERROR
    assert len(output.pending_segments) == 1
    await output.aclose()


async def test_nobody_but_the_avatar_can_answer(wire: Wire) -> None:
    output = wire.output()
    stranger = wire.room.join("stranger")
    await output.capture_frame(speech(0.5))
    with pytest.raises(RpcError):
        await stranger.rpc.perform(AGENT, RPC_PLAYBACK_FINISHED, '{"playback_position": 0.5, "interrupted": false}')
    report = AvatarReport(1, 0.0, (SegmentReport(output.pending_segments[0].id, 0, 0.0, 0.4),))
    await stranger.send_data(encode_report(report), topic=TOPIC_BENCH_REPORT, destinations=[AGENT])
    assert [segment.position_s for segment in output.pending_segments] == [0.0]
    await output.aclose()


async def test_two_clears_make_one_call(wire: Wire) -> None:
    output = wire.output()
    await output.capture_frame(speech(0.5))
    output.clear_buffer()
    output.clear_buffer()
    await settle()
    assert [method for _, method, _ in wire.room.calls] == [RPC_CLEAR_BUFFER]
    assert wire.agent.streams.opened[0].ended
    await output.aclose()


async def test_clear_without_segments_sends_nothing(wire: Wire) -> None:
    output = wire.output()
    output.clear_buffer()
    await settle()
    assert wire.room.calls == []
    await output.aclose()


async def test_unanswered_clear_finishes_where_the_speech_is_thought_to_be(wire: Wire) -> None:
    """B14: not at all that was pushed."""
    output = wire.output(clear_buffer_timeout_s=2.0)
    log = FinishLog(output)
    await output.capture_frame(speech(5.0))
    output.flush()
    await wire.clock.advance(0.7)
    output.clear_buffer()
    await wire.clock.advance(1.9)
    assert log.events == []
    await wire.clock.advance(0.2)
    assert log.answers == [(0.7, True)]
    await output.aclose()


async def test_segment_that_is_never_answered_counts_as_heard_and_is_told(wire: Wire) -> None:
    """B4: elsewhere whoever waits for its end waits for ever."""
    output = wire.output(answer_timeout_s=3.0)
    log = FinishLog(output)
    found: list[WireFinding] = []
    output.found.connect(found.append)
    for name in ("one", "two"):
        await output.capture_frame(speech(1.0), segment=SegmentRef(name))
        output.flush()
    await wire.clock.advance(3.9)
    assert log.events == []
    await wire.clock.advance(0.2)
    assert log.answers == [(1.0, False)]
    await wire.clock.advance(1.0)
    assert log.answers == [(1.0, False), (1.0, False)]
    assert [one.id for one in found] == ["B4", "B4"]
    await output.aclose()


async def test_segment_that_was_reported_to_its_end_and_never_answered_is_waited_for_once(wire: Wire) -> None:
    output = wire.output(answer_timeout_s=3.0)
    log = FinishLog(output)
    await output.capture_frame(speech(2.0), segment=SegmentRef("s"))
    output.flush()
    for sequence, played_s in enumerate((0.95, 1.95)):
        await wire.clock.advance(1.0)
        await wire.report(sequence, played_s, SegmentRef("s"))
    await wire.clock.advance(2.9)
    assert log.events == []
    await wire.clock.advance(0.2)
    assert log.answers == [(2.0, False)]
    await output.aclose()


async def test_slow_avatar_that_reports_progress_is_waited_for(wire: Wire) -> None:
    output = wire.output(answer_timeout_s=3.0)
    log = FinishLog(output)
    await output.capture_frame(speech(2.0), segment=SegmentRef("s"))
    output.flush()
    for sequence, played_s in enumerate((0.2, 0.6, 1.2)):
        await wire.clock.advance(4.0)
        await wire.report(sequence, played_s, SegmentRef("s"))
    assert log.events == []
    await wire.answer(2.0)
    assert log.answers == [(2.0, False)]
    await output.aclose()


async def test_last_report_is_believed_before_the_estimate(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(5.0), segment=SegmentRef("s", 2))
    await wire.clock.advance(3.0)
    await wire.report(5, 1.25, SegmentRef("s", 2))
    await wire.report(4, 9.0, SegmentRef("s", 2))
    await wire.report(6, 2.5, SegmentRef("s", 1))
    await output.aclose()
    assert log.answers == [(1.25, True)]


async def test_clear_that_fails_finishes_at_once(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(1.0))
    wire.room.rpc_failures.append(RpcError(RpcErrorCode.CONNECTION_TIMEOUT, "nobody there"))
    output.clear_buffer()
    await settle()
    assert log.answers == [(0.0, True)]
    await output.aclose()


async def test_new_speech_waits_until_an_interrupt_is_over(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(1.0), segment=SegmentRef("old"))
    output.flush()
    output.clear_buffer()
    capture = spawn(output.capture_frame(speech(0.5), segment=SegmentRef("new")), name="capture")
    await settle()
    assert not capture.done()
    await wire.answer(0.3, interrupted=True)
    await capture
    assert log.ids == ["old"]
    assert [segment.id for segment in output.pending_segments] == ["new"]
    await output.aclose()


async def test_answer_of_an_interrupt_that_was_given_up_does_not_end_the_next_segment(wire: Wire) -> None:
    """B5, B14: an answer without a name comes late, and the segment it would end was never interrupted."""
    output = wire.output(clear_buffer_timeout_s=2.0)
    log = FinishLog(output)
    found: list[WireFinding] = []
    output.found.connect(found.append)
    await output.capture_frame(speech(1.0), segment=SegmentRef("old"))
    output.flush()
    output.clear_buffer()
    await wire.clock.advance(2.1)
    await output.capture_frame(speech(0.5), segment=SegmentRef("new"))
    output.flush()
    await wire.answer(0.3, interrupted=True)
    assert log.ids == ["old"]
    assert [one.id for one in found] == ["B5"]
    await wire.clock.advance(1.0)
    await wire.answer(0.5)
    assert log.ids == ["old", "new"]
    assert log.answers[-1] == (0.5, False)
    await output.aclose()


async def test_avatar_that_cuts_a_segment_off_by_itself_is_believed(wire: Wire) -> None:
    """Nothing was interrupted, or all interrupts were answered."""
    output = wire.output()
    log = FinishLog(output)
    for name in ("first", "second"):
        await output.capture_frame(speech(1.0), segment=SegmentRef(name))
        output.flush()
        if name == "first":
            output.clear_buffer()
            await settle()
        await wire.answer(0.3, interrupted=True)
    assert log.answers == [(0.3, True), (0.3, True)]
    await output.aclose()


async def test_frames_of_an_interrupted_segment_are_dropped(wire: Wire) -> None:
    """R3, R4: the interrupt does not end the capturing; what follows belongs to what is over."""
    output = wire.output()
    await output.capture_frame(speech(0.5))
    output.clear_buffer()
    await output.capture_frame(speech(0.5))
    await wire.answer(0.1, interrupted=True)
    await settle()
    await output.capture_frame(speech(0.5))
    assert len(wire.agent.streams.opened) == 1
    output.flush()
    await output.capture_frame(speech(0.5))
    assert len(wire.agent.streams.opened) == 2
    await output.aclose()


async def test_lost_room_finishes_open_segments(wire: Wire) -> None:
    output = wire.output()
    log = FinishLog(output)
    await output.capture_frame(speech(1.0))
    wire.agent.lose()
    assert log.answers == [(0.0, True)]
    await output.aclose()


async def test_started_is_eager_unless_the_avatar_is_to_tell(wire: Wire) -> None:
    started: list[PlaybackStartedEvent] = []
    eager = wire.output()
    eager.playback_started.connect(started.append)
    await eager.capture_frame(speech(0.1))
    await eager.capture_frame(speech(0.1))
    assert len(started) == 1
    await eager.aclose()
    told = wire.output(wait_playback_start=True)
    told.playback_started.connect(started.append)
    await told.capture_frame(speech(0.1))
    assert len(started) == 1
    await wire.avatar.rpc.perform(AGENT, "lk.playback_started", "")
    assert len(started) == 2
    await told.aclose()


async def test_reports_become_progress(wire: Wire) -> None:
    output = wire.output()
    progress: list[PlaybackProgressedEvent] = []
    output.playback_progressed.connect(progress.append)
    await output.capture_frame(speech(2.0), segment=SegmentRef("s"))
    for sequence, played_s in enumerate((0.0, 0.5, 0.75)):
        await wire.report(sequence, played_s, SegmentRef("s"))
    assert [(event.offset, event.duration) for event in progress] == [(0.0, 0.5), (0.5, 0.25)]
    await wire.avatar.send_data(b"{", topic=TOPIC_BENCH_REPORT, destinations=[AGENT])
    assert output.bad_reports == 1
    await output.aclose()


async def test_closing_frees_the_place_of_its_handlers(wire: Wire) -> None:
    """B1, B2."""
    output = wire.output()
    with pytest.raises(ValueError, match="already has a handler"):
        wire.output()
    await output.aclose()
    await wire.output().aclose()


async def test_change_of_format_within_a_segment_is_refused(wire: Wire) -> None:
    output = wire.output()
    await output.capture_frame(speech(0.1, rate_hz=16_000))
    with pytest.raises(PlaybackError, match="changed within a segment"):
        await output.capture_frame(speech(0.1, rate_hz=24_000))
    output.flush()
    await output.capture_frame(speech(0.1, rate_hz=24_000))
    await output.aclose()


async def test_speed_limit_spreads_speech_and_lets_the_first_burst_through(wire: Wire) -> None:
    output = wire.output(max_speed=2.0)
    await output.capture_frame(speech(BURST_S))
    await output.capture_frame(speech(1.0))
    capture = spawn(output.capture_frame(speech(0.1)), name="capture")
    await wire.clock.advance(0.49)
    assert not capture.done()
    await wire.clock.advance(0.02)
    assert capture.done()
    await output.aclose()
