"""QueueAudioOutput: order, end markers, bounds, and who answers for what nobody read (PROTOCOLS 1.8, B24)."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.playback.contract import PlaybackStartedEvent
from avatar_core.playback.queue_output import QueueAudioOutput
from avatar_core.playback.segment import SegmentRef
from avatar_core.tasks import spawn
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import ManualClock, settle


@pytest.fixture
async def queue(clock: ManualClock) -> AsyncIterator[QueueAudioOutput]:
    queue = QueueAudioOutput(clock=clock, max_buffered_s=1.0)
    yield queue
    await queue.aclose()


async def read(queue: QueueAudioOutput, count: int) -> list[AudioFrame | AudioSegmentEnd]:
    items: list[AudioFrame | AudioSegmentEnd] = []
    if count:
        async for item in queue:
            items.append(item)
            if len(items) == count:
                break
    return items


async def test_frames_and_ends_come_in_order(queue: QueueAudioOutput) -> None:
    """The first law."""
    for name in ("a", "b"):
        await queue.capture_frame(speech(0.1), segment=SegmentRef(name, 4))
        queue.flush()
    items = await read(queue, 4)
    assert [item.segment_id if isinstance(item, AudioSegmentEnd) else "frame" for item in items] == [
        "frame",
        "a",
        "frame",
        "b",
    ]
    assert isinstance(items[1], AudioSegmentEnd)
    assert items[1].generation == 4


async def test_clear_keeps_the_end_of_a_segment_that_was_begun(queue: QueueAudioOutput) -> None:
    """B24: whoever began a segment always hears its end, whether it was flushed or not."""
    await queue.capture_frame(speech(0.1), segment=SegmentRef("begun"))
    await queue.capture_frame(speech(0.1))
    await read(queue, 1)
    queue.clear_buffer()
    assert await read(queue, 1) == [AudioSegmentEnd("begun")]
    queue.flush()
    await queue.capture_frame(speech(0.1), segment=SegmentRef("next"))
    [item] = await read(queue, 1)
    assert isinstance(item, AudioFrame)


async def test_reader_hears_of_a_clear_once_and_only_where_something_was_pending(queue: QueueAudioOutput) -> None:
    cleared: list[None] = []
    queue.buffer_cleared.connect(cleared.append)
    queue.clear_buffer()
    await queue.capture_frame(speech(0.1))
    queue.clear_buffer()
    queue.clear_buffer()
    assert len(cleared) == 1


async def test_segments_nobody_read_are_answered_behind_the_one_being_played(queue: QueueAudioOutput) -> None:
    log = FinishLog(queue)
    for name in ("playing", "queued", "queued too"):
        await queue.capture_frame(speech(0.2), segment=SegmentRef(name))
        queue.flush()
    await read(queue, 1)
    queue.clear_buffer()
    assert log.events == []
    queue.notify_playback_finished(0.1, True)
    assert log.ids == ["playing", "queued", "queued too"]
    assert log.answers == [(0.1, True), (0.0, True), (0.0, True)]


async def test_reader_that_stays_silent_is_given_up(queue: QueueAudioOutput, clock: ManualClock) -> None:
    """B24: its own timeout."""
    log = FinishLog(queue)
    await queue.capture_frame(speech(1.0))
    queue.flush()
    await read(queue, 1)
    clock.move(0.3)
    queue.clear_buffer()
    await settle()
    await clock.advance(5.0)
    assert log.answers == [(0.3, True)]


async def test_full_queue_blocks_until_it_is_read(queue: QueueAudioOutput) -> None:
    await queue.capture_frame(speech(0.8))
    capture = spawn(queue.capture_frame(speech(0.5, start_s=0.8)), name="capture")
    await settle()
    assert not capture.done()
    assert queue.buffered_s == pytest.approx(0.8)
    await read(queue, 1)
    await asyncio.wait_for(capture, 1)
    assert queue.buffered_s == pytest.approx(0.5)


async def test_frame_larger_than_the_bound_passes_where_nothing_waits(queue: QueueAudioOutput) -> None:
    await asyncio.wait_for(queue.capture_frame(speech(3.0)), 1)
    assert queue.buffered_s == pytest.approx(3.0)


async def test_clear_frees_and_drops_a_frame_that_waits_for_room(queue: QueueAudioOutput) -> None:
    """It belongs to what was interrupted, also where it would have opened a segment."""
    await queue.capture_frame(speech(0.8))
    queue.flush()
    capture = spawn(queue.capture_frame(speech(0.5)), name="capture")
    await settle()
    queue.clear_buffer()
    await asyncio.wait_for(capture, 1)
    assert queue.buffered_s == 0
    assert queue.segments_captured == 1


async def test_start_is_taken_for_granted_or_waited_for(clock: ManualClock) -> None:
    """PROTOCOLS 1.8: eager by default, and then the reader's own word is ignored."""
    for waits in (False, True):
        queue = QueueAudioOutput(clock=clock, wait_playback_start=waits)
        started: list[PlaybackStartedEvent] = []
        queue.playback_started.connect(started.append)
        await queue.capture_frame(speech(0.1))
        assert len(started) == (0 if waits else 1)
        queue.notify_playback_started()
        assert len(started) == 1
        await queue.aclose()


async def test_close_ends_the_reader_and_a_waiting_capture_is_refused(queue: QueueAudioOutput) -> None:
    await queue.capture_frame(speech(0.8))
    reader = spawn(read(queue, 10), name="reader")
    await settle()
    await queue.aclose()
    assert len(await asyncio.wait_for(reader, 1)) == 1
