"""The worker's end of VideoSDK's wire: what it plays, and whose answer is whose, on channels that keep no order."""

import pytest

from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.speech_receiver import MAX_WAITING_S
from avatar_core.wire.videosdk import (
    SegmentEnd,
    StreamEnded,
    encode,
)
from tests.fakes.clock import settle
from tests.fakes.meeting import FakeMeetingRoom
from tests.fakes.videosdk_worker import AGENT, AVATAR, Worker, pcm


async def test_speech_comes_out_as_it_was_sent_silence_too(worker: Worker) -> None:
    """V8, V13, V14: elsewhere silence is dropped, since it is valid UTF-8."""
    said = bytes(9_600) + pcm(0.5) + b"hello, this is text that is sound.." * 2
    await worker.foreign(said[:9_600], said[9_600:19_600], said[19_600:33_600], said[33_600:], encode(SegmentEnd()))
    assert worker.heard == said
    assert len(worker.ends) == 1
    assert [segment.key for segment in worker.receiver.open_segments] == worker.ends


async def test_each_segment_is_answered_once_and_by_name(worker: Worker) -> None:
    """V11, V19, V24: two that follow at once, and a third that is answered first."""
    for _ in range(3):
        await worker.say(pcm(0.2))
        await worker.out.send_segment_end()
    await settle()
    first, second, third = worker.receiver.open_segments
    worker.receiver.notify_playback_started(first.key)
    for key in (third.key, first.key, third.key, second.key, "unknown"):
        worker.receiver.notify_playback_finished(key, 0.2, interrupted=False)
    await settle()
    assert [ended.segment_id for ended in worker.ended] == [third.segment_id, first.segment_id, second.segment_id]
    assert [started.segment_id for started in worker.started] == [first.segment_id]
    assert worker.receiver.open_segments == ()


async def test_peer_without_names_is_answered_in_its_own_words(worker: Worker) -> None:
    """M4 to the byte; a start it has no word for is not told."""
    worker.room.held = True
    await worker.agent.send(pcm(0.1), {"reliability": "UNRELIABLE"})
    worker.room.release()
    await settle()
    [segment] = worker.receiver.open_segments
    worker.receiver.notify_playback_started(segment.key)
    worker.receiver.notify_playback_finished(segment.key, 0.1, interrupted=True)
    await settle()
    assert worker.started == []
    assert worker.ended == [StreamEnded(0.1, True)]


async def test_nothing_said_after_an_interrupt_is_lost_between_ends_that_mark(worker: Worker) -> None:
    """V15: elsewhere all of it is, for 0.3 s."""
    await worker.say(pcm(0.3))
    await settle()
    worker.receiver.notify_playback_started(worker.receiver.open_segments[0].key)
    await settle()
    worker.heard = b""
    await worker.out.interrupt()
    reply = pcm(2.0)
    await worker.say(reply)
    await settle()
    assert worker.heard == reply
    assert worker.receiver.lost_in_cooldown_s == 0.0
    assert len(worker.cleared) == 1


async def test_peer_without_marks_is_not_heard_for_a_moment_after_its_interrupt(worker: Worker) -> None:
    """V15: the limit of the wire, the same as in videosdk-agents; texts are not subject to it."""
    await worker.foreign(pcm(0.1), b"INTERRUPT")
    assert len(worker.cleared) == 1
    await worker.foreign(pcm(0.2))
    worker.clock.move(0.2)
    await worker.foreign(b"INTERRUPT")
    worker.clock.move(0.29)
    await worker.foreign(pcm(0.2), encode(SegmentEnd()))
    assert worker.receiver.lost_in_cooldown_s == pytest.approx(0.4)
    worker.clock.move(0.02)
    worker.heard = b""
    reply = pcm(0.3)
    await worker.foreign(reply)
    assert worker.heard == reply


async def test_interrupt_voids_segments_and_ends_at_once_and_repeated_ones_are_harmless(worker: Worker) -> None:
    """V12, V15, V23."""
    await cancel_and_wait(worker.task)
    await worker.say(pcm(0.2))
    await worker.out.send_segment_end()
    await worker.say(pcm(0.2))
    for _ in range(3):
        await worker.out.interrupt()
    await settle()
    assert [len(cleared.segments) for cleared in worker.cleared] == [2, 2, 2]
    assert [cleared.generation for cleared in worker.cleared] == [1, 2, 3]
    worker.task = spawn(worker._read(), name="read again")
    await settle()
    assert (worker.heard, worker.ends) == (b"", [])


async def test_sound_without_an_end_in_sight_is_bounded_and_counted(worker: Worker) -> None:
    await cancel_and_wait(worker.task)
    second = bytes(15_000)
    for _ in range(int(MAX_WAITING_S / 0.3125) + 10):
        await worker.agent.send(second, {"reliability": "UNRELIABLE"})
        await settle(1)
    await settle()
    assert worker.receiver.overflowed_s == pytest.approx(10 * 0.3125)


async def test_answer_that_cannot_be_sent_is_counted_and_the_next_goes_out(worker: Worker) -> None:
    """V9, V19."""
    for _ in range(2):
        await worker.say(pcm(0.1))
        await worker.out.send_segment_end()
    await settle()
    first, second = worker.receiver.open_segments
    worker.meeting.failure = ConnectionError("closed")
    worker.receiver.notify_playback_finished(first.key, 0.1, interrupted=False)
    await settle()
    worker.meeting.failure = None
    worker.receiver.notify_playback_finished(second.key, 0.1, interrupted=False)
    await settle()
    assert worker.receiver.lost_acknowledgements == 1
    assert [ended.segment_id for ended in worker.ended] == [second.segment_id]


async def test_another_meeting_takes_the_place_of_the_first(worker: Worker) -> None:
    """V18."""
    elsewhere = FakeMeetingRoom()
    agent = elsewhere.join(AGENT)
    worker.receiver.set_meeting(elsewhere.join(AVATAR))
    await worker.foreign(pcm(0.1))
    assert worker.heard == b""
    await agent.send(said := pcm(0.1), {"reliability": "UNRELIABLE"})
    await settle()
    assert worker.heard == said


async def test_iteration_is_cancelled_as_any_other(worker: Worker) -> None:
    """V18: elsewhere a cancel is swallowed and looks like the end of the speech."""
    await cancel_and_wait(worker.task)
    assert worker.task.cancelled()
