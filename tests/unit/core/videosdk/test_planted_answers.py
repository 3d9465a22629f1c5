"""Planted faults of the answers on VideoSDK's wire: what the agent's end is told instead of the truth."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from avatar_core.avatar.faults.answers import FaultyAnswers
from avatar_core.avatar.faults.planted import Faults
from avatar_core.playback.segment import SegmentRef
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials
from avatar_core.videosdk.speech_receiver import MeetingAudioReceiver
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.videosdk import StreamEnded, StreamStarted
from tests.fakes.clock import ManualClock, settle
from tests.fakes.meeting import FakeMeetingRoom

AGENT, AVATAR = "agent", "avatar"
Told = list[StreamStarted | StreamEnded]
Answer = Callable[[Mapping[str, JsonScalar]], Awaitable[Told]]


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def answer(clock: ManualClock) -> AsyncIterator[Answer]:
    """Say the segments s1 and s2 to a worker with planted faults, which answers both as heard; what is told."""
    opened: list[AvatarAudioOut | FaultyAnswers] = []

    async def answer(planted: Mapping[str, JsonScalar]) -> Told:
        room, told = FakeMeetingRoom(), Told()
        out = AvatarAudioOut(credentials=AvatarAuthCredentials(AVATAR, "token"), clock=clock)
        receiver = MeetingAudioReceiver(sender=AGENT, clock=clock)
        faulty = FaultyAnswers(receiver, Faults(planted), clock)
        opened.extend((out, faulty))
        out.set_meeting(room.join(AGENT))
        receiver.set_meeting(room.join(AVATAR))
        out.stream_started.connect(told.append)
        out.stream_ended.connect(told.append)
        for name in ("s1", "s2"):
            await out.handle_audio_input(b"\x00\xc8" * 2_400, segment=SegmentRef(name))
            await out.send_segment_end()
        await settle()
        for segment in faulty.open_segments:
            faulty.notify_playback_started(segment.key)
            faulty.notify_playback_finished(segment.key, 0.1, interrupted=False)
            await settle()
        return told

    yield answer
    for one in opened:
        await one.aclose()


def started(name: str) -> StreamStarted:
    return StreamStarted(name)


def ended(name: str, position_s: float = 0.1) -> StreamEnded:
    return StreamEnded(position_s, False, name)


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        ({}, [started("s1"), ended("s1"), started("s2"), ended("s2")]),
        ({"lost_finished": True}, [started("s1"), started("s2")]),
        ({"no_started": True}, [ended("s1"), ended("s2")]),
        ({"duplicate_finished": 1}, [started("s1"), ended("s1"), ended("s1"), started("s2"), ended("s2"), ended("s2")]),
        ({"wrong_position_ms": 300}, [started("s1"), ended("s1", 0.4), started("s2"), ended("s2", 0.4)]),
        ({"stale_segment": True}, [started("s1"), ended("s1"), started("s2"), ended("s1")]),
    ],
    ids=lambda value: ", ".join(value) or "nothing" if isinstance(value, dict) else "",
)
async def test_agent_is_told_what_the_fault_makes_of_the_answers(
    answer: Answer, planted: Mapping[str, JsonScalar], told: Told
) -> None:
    assert await answer(planted) == told


async def test_late_answers_come_late_and_are_right(answer: Answer, clock: ManualClock) -> None:
    told = await answer({"late_finished_ms": 400})
    assert told == [started("s1"), started("s2")]
    clock.move(0.41)
    await settle()
    assert told[2:] == [ended("s1"), ended("s2")]
