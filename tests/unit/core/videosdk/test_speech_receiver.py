"""The worker's end of VideoSDK's wire: what it plays, and whose answer is whose, on channels that keep no order."""

import random
from collections.abc import AsyncIterator
from itertools import count

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.room.data_stream_receiver import BufferCleared
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials
from avatar_core.videosdk.speech_receiver import MAX_WAITING_S, MeetingAudioReceiver
from avatar_core.wire.videosdk import (
    Interrupt,
    SegmentEnd,
    SoundMark,
    StreamEnded,
    StreamStarted,
    decode,
    encode,
    fingerprint,
)
from tests.fakes.clock import ManualClock, settle
from tests.fakes.meeting import FakeMeetingRoom

AGENT, AVATAR = "agent", "avatar"
_numbers = count(1)


def pcm(seconds: float) -> bytes:
    """Speech whose every sample is the same number, another one for each of 64 calls; never valid UTF-8."""
    return (next(_numbers) % 64 * 2 + 32_768).to_bytes(2, "little") * round(seconds * 24_000)


def without_silence(said: bytes) -> bytes:
    """All samples but those of silence, whose one sample may be -1."""
    samples = np.frombuffer(said, dtype="<i2")
    return samples[np.abs(samples.astype(np.int32)) > 1].tobytes()


class Worker:
    """A receiver, what came out of it, and what it told the agent."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.room = FakeMeetingRoom()
        self.agent = self.room.join(AGENT)
        self.receiver = MeetingAudioReceiver(sender=AGENT, clock=self.clock)
        self.meeting = self.room.join(AVATAR)
        self.receiver.set_meeting(self.meeting)
        self.out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"), clock=self.clock)
        self.out.set_meeting(self.agent)
        self.started: list[StreamStarted] = []
        self.ended: list[StreamEnded] = []
        self.cleared: list[BufferCleared] = []
        self.out.stream_started.connect(self.started.append)
        self.out.stream_ended.connect(self.ended.append)
        self.receiver.buffer_cleared.connect(self.cleared.append)
        self.heard = b""
        self.ends: list[str] = []
        self.task = spawn(self._read(), name="read")

    async def foreign(self, *payloads: bytes | str) -> None:
        """A peer without marks, as videosdk-agents is: sound by the one channel, all else by the other."""
        for payload in payloads:
            sound = isinstance(payload, bytes) and payload != b"INTERRUPT"
            await self.agent.send(payload, {"reliability": "UNRELIABLE" if sound else "RELIABLE"})
        await settle()

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            await self.out.handle_audio_input(part)

    async def aclose(self) -> None:
        await cancel_and_wait(self.task)
        await self.out.aclose()
        await self.receiver.aclose()
        await self.receiver.aclose()

    async def _read(self) -> None:
        async for item in self.receiver:
            if item.generation != self.receiver.generation:
                continue
            if isinstance(item, AudioFrame):
                self.heard += item.to_bytes()
            else:
                assert isinstance(item, AudioSegmentEnd)
                self.ends.append(item.segment_id or "")


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    yield worker
    await worker.aclose()


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


@pytest.mark.parametrize("seed", range(25))
async def test_end_that_overtakes_its_sound_waits_for_it(worker: Worker, seed: int) -> None:
    """V6: both channels in any order, and no segment loses its end or a byte of sound."""
    worker.room.order, worker.room.held = random.Random(seed), True
    said = [bytes([0, 200 + part]) * 7_000 for part in range(4)]
    await worker.say(*said)
    await worker.out.send_segment_end()
    worker.room.release()
    await settle(60)
    assert sorted(worker.heard[start : start + 14_000] for start in range(0, 56_000, 14_000)) == sorted(said)
    [segment] = worker.receiver.open_segments
    assert worker.ends == [segment.key]
    assert segment.segment_id is not None
    assert (worker.receiver.missing_s, worker.receiver.late_s) == (0.0, 0.0)


async def test_sound_that_overtakes_the_start_of_its_segment_belongs_to_it(worker: Worker) -> None:
    """V6: told to have begun once the name is there."""
    await worker.agent.send(said := pcm(0.1), {"reliability": "UNRELIABLE"})
    await settle()
    [segment] = worker.receiver.open_segments
    worker.receiver.notify_playback_started(segment.key)
    await settle()
    assert worker.started == []
    mark = SoundMark("s1", 2, 0, 0, *fingerprint(said))
    await worker.agent.send(encode(mark), {"reliability": "UNRELIABLE"})
    await settle()
    assert worker.started == [StreamStarted("s1", 2)]
    assert [one.segment_id for one in worker.receiver.open_segments] == ["s1"]
    assert worker.heard == said


async def test_end_whose_sound_never_comes_is_not_waited_for_for_ever(worker: Worker) -> None:
    await worker.say(pcm(0.1))
    await settle()
    await worker.agent.send(encode(SegmentEnd(worker.receiver.open_segments[0].segment_id, 0, 0, 9_600)))
    await settle()
    assert worker.ends == []
    worker.clock.move(1.01)
    await settle()
    assert len(worker.ends) == 1
    assert worker.receiver.missing_s == pytest.approx(0.1)


async def test_interrupt_that_was_lost_is_made_up_for_by_the_next_segment(worker: Worker) -> None:
    """V6: RELIABLE gives up after five retransmissions."""
    await worker.say(pcm(0.2))
    await settle()
    worker.receiver.notify_playback_started(worker.receiver.open_segments[0].key)
    await settle()
    worker.room.loses = lambda payload: isinstance(decode(payload, "RELIABLE"), Interrupt)
    await worker.out.interrupt()
    await settle()
    assert (worker.room.lost, worker.cleared) == (2, [])
    worker.heard, reply = b"", pcm(0.2)
    await worker.say(reply)
    await settle()
    assert len(worker.cleared) == 1
    assert worker.heard == reply


async def test_end_that_was_lost_is_told_by_the_other_channel_as_well(worker: Worker) -> None:
    """V6: so that the last segment of all is answered."""
    worker.room.loses = lambda _: True
    for _ in range(2):
        await worker.say(pcm(0.2))
        await worker.out.send_segment_end()
    await settle()
    assert worker.room.lost == 2
    first, second = worker.receiver.open_segments
    assert worker.ends == [first.key, second.key]
    for key in worker.ends:
        worker.receiver.notify_playback_finished(key, 0.2, interrupted=False)
    await settle()
    assert [ended.segment_id for ended in worker.ended] == [first.segment_id, second.segment_id]


@pytest.mark.parametrize("seed", range(40))
async def test_segments_whose_messages_come_in_any_order_are_played_whole_and_in_order(
    worker: Worker, seed: int
) -> None:
    """V6: messages of both channels overtake each other, silences that are alike too; half of RELIABLE is lost."""
    chance = random.Random(seed)
    await worker.say(opening := pcm(0.1))
    await worker.out.send_segment_end()
    await settle()
    worker.room.order, worker.room.held = chance, True
    worker.room.loses = lambda _: chance.random() < 0.5
    segments = [[pcm(0.1), bytes(4_800), bytes(4_800), pcm(0.1)], [pcm(0.3)], [bytes(4_800), pcm(0.4), pcm(0.05)]]
    for segment in segments:
        await worker.say(*segment)
        await worker.out.send_segment_end()
    worker.room.release()
    await settle(80)
    told = worker.receiver.open_segments
    # Of silence the sender makes one sample -1, so that it is no text (V8).
    assert len(worker.heard) == len(opening + b"".join(b"".join(one) for one in segments))
    assert without_silence(worker.heard) == without_silence(opening + b"".join(b"".join(one) for one in segments))
    assert worker.ends == [segment.key for segment in told]
    assert [segment.received_s for segment in told] == pytest.approx([0.1, 0.4, 0.3, 0.55])
    assert (worker.receiver.missing_s, worker.receiver.late_s) == (0.0, 0.0)


@pytest.mark.parametrize("seed", range(40))
async def test_speech_after_an_interrupt_is_heard_alone_and_whole_in_any_order(worker: Worker, seed: int) -> None:
    """V6, V15: also where every message that tells of the interrupt is lost."""
    chance = random.Random(seed)
    await worker.say(pcm(0.1))
    await settle()
    worker.receiver.notify_playback_started(worker.receiver.open_segments[0].key)
    await settle()
    worker.room.order, worker.room.held = chance, True
    worker.room.loses = lambda _: seed % 2 == 0
    await worker.say(pcm(0.2), pcm(0.2))
    await worker.out.send_segment_end()
    await worker.out.interrupt()
    reply = [pcm(0.1), pcm(0.2), pcm(0.1)]
    await worker.say(*reply)
    await worker.out.send_segment_end()
    worker.room.release()
    await settle(80)
    assert worker.heard.endswith(b"".join(reply))
    assert len(worker.cleared) == 1
    assert worker.receiver.open_segments[-1].key == worker.ends[-1]
    assert worker.receiver.open_segments[-1].received_s == pytest.approx(0.4)
    assert worker.receiver.missing_s == 0.0


async def test_sound_that_is_lost_for_good_is_counted_and_what_follows_is_played(worker: Worker) -> None:
    """As on a lossy channel: both the mark and the sound, or one of them."""
    await worker.say(first := pcm(0.1))
    await settle()
    worker.room.held = True
    lost, kept = pcm(0.1), pcm(0.2)
    await worker.say(lost, kept)
    await worker.out.send_segment_end()
    worker.room._on_their_way.pop(1)
    worker.room.release()
    await settle()
    assert (worker.heard, worker.ends) == (first, [])
    worker.clock.move(1.01)
    await settle()
    assert worker.heard == first + kept
    assert len(worker.ends) == 1
    assert worker.receiver.missing_s == pytest.approx(0.1)


@pytest.mark.parametrize("seed", range(25))
async def test_old_speech_is_never_heard_after_its_interrupt_on_a_channel_that_keeps_its_order(
    worker: Worker, seed: int
) -> None:
    """The interrupt goes by the other channel, and comes before, among or after what was said around it."""
    chance = random.Random(seed)
    await worker.say(pcm(0.1))
    await settle()
    worker.receiver.notify_playback_started(worker.receiver.open_segments[0].key)
    await settle()
    worker.room.held = True
    await worker.say(pcm(0.2))
    await worker.out.interrupt()
    reply = pcm(0.4)
    await worker.say(reply)
    await worker.out.send_segment_end()
    # The two channels are shuffled into each other; each keeps its order.
    queues = [[one for one in worker.room._on_their_way if one[2] == channel] for channel in ("UNRELIABLE", "RELIABLE")]
    worker.room._on_their_way.clear()
    while any(queues):
        worker.room._on_their_way.append(chance.choice([queue for queue in queues if queue]).pop(0))
    worker.heard = b""
    worker.room.release()
    await settle(60)
    assert worker.heard.endswith(reply)
    assert len(worker.cleared) == 1
    assert len(worker.ends) == 1
    assert [segment.received_s for segment in worker.receiver.open_segments][-1] == pytest.approx(0.4)


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
