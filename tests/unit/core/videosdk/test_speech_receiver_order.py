"""The worker's end of VideoSDK's wire on channels that keep no order, or lose: speech is played whole, and once."""

import random

import pytest

from avatar_core.wire.videosdk import (
    Interrupt,
    SegmentEnd,
    SoundMark,
    StreamStarted,
    decode,
    encode,
    fingerprint,
)
from tests.fakes.clock import settle
from tests.fakes.videosdk_worker import Worker, pcm, without_silence


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
