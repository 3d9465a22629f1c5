"""A room that tells late of who publishes nothing, as LiveKit's own server does: an agent speaks before it is seen."""

import asyncio
from collections.abc import Iterator

import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.avatar.runner import AvatarRunner
from avatar_core.clock import MonotonicClock
from avatar_core.media.source import SyncPatternSource
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import TrackKind
from tests.embedded_room import EmbeddedRoom, RoomAccess
from tests.fakes.audio_output import FinishLog
from tests.integration.conftest import Join
from tests.patience import LIMIT_S

AGENT, AVATAR = "agent", "avatar"
OPTIONS = AvatarOptions(320, 180, 15, 24_000, 1)
NEVER_S = 60.0
"""Longer than any test: who publishes nothing is not told of while it runs."""


@pytest.fixture(scope="module")
def _quiet_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRoom]:
    room = EmbeddedRoom(tmp_path_factory.mktemp("quiet") / "server.log", quiet_update_s=NEVER_S)
    yield room
    room.close()


@pytest.fixture
def access(_quiet_room: EmbeddedRoom) -> RoomAccess:
    return _quiet_room.access


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


async def test_speech_of_an_agent_that_nobody_was_told_of_is_played_and_answered(join: Join) -> None:
    avatar = await join(AVATAR, claims={"kind": "agent"}, auto_subscribe=False)
    clock = MonotonicClock()
    runner = AvatarRunner(avatar, AudioWave(OPTIONS, clock), OPTIONS, clock, controller=AGENT)
    await runner.publish()
    agent = await join(AGENT, claims={"kind": "agent"})
    output = DataStreamAudioOutput(
        agent, AVATAR, sample_rate_hz=24_000, wait_remote_tracks=list(TrackKind), wait_playback_start=True
    )
    reported = asyncio.Event()
    agent.events.data_received.connect(lambda _: reported.set())
    log = FinishLog(output)
    for name in ("a", "b"):
        async for frame in SyncPatternSource(1, duration_s=0.5):
            await output.capture_frame(frame, segment=SegmentRef(name))
        output.flush()
    async with asyncio.timeout(LIMIT_S):
        await output.wait_for_playout()
        await reported.wait()
    assert AGENT not in avatar.participants
    assert (log.ids, [interrupted for _, interrupted in log.answers]) == (["a", "b"], [False, False])
    assert [position_s for position_s, _ in log.answers] == pytest.approx([0.5, 0.5], abs=0.001)
    await output.aclose()
    await runner.aclose()
