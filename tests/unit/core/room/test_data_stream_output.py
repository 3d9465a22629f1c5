"""The sender of LiveKit's audio wire, over a room in memory (PROTOCOLS 1.3-1.5)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.playback.contract import PlaybackProgressedEvent, PlaybackStartedEvent
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.data_stream_output import BURST_S
from avatar_core.room.rpc import RpcError, RpcErrorCode
from avatar_core.room.values import TrackKind
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.livekit import (
    RPC_PLAYBACK_FINISHED,
    TOPIC_BENCH_REPORT,
    AvatarReport,
    SegmentReport,
    encode_report,
)
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import settle
from tests.fakes.spoken_to_avatar import AGENT, Wire, wired


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as wire:
        yield wire


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
