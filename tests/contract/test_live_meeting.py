"""What the relay asks of an SDK of VideoSDK's, on the stand-in: `tests/interop/videosdk_sdk.py` asks VideoSDK's own."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.clock import MonotonicClock
from avatar_core.errors import RoomConnectError, RoomError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.videosdk.relay.stand_in import StandInSdk
from avatar_core.videosdk.relay.visit import MeetingVisit, Said
from tests.patience import LIMIT_S
from tests.stand_in_meeting import Told, joined_by, left, meeting_server, place

pytestmark = pytest.mark.integration

WIDTH, HEIGHT = 160, 96


async def hum() -> AsyncIterator[AudioFrame]:
    """A loud tone, 10 ms at a time and in time, without an end."""
    at = np.arange(480)
    while True:
        yield AudioFrame((9_000 * np.sin(2 * np.pi * at / 48)).astype(np.int16), 48_000)
        await asyncio.sleep(0.01)


async def grey() -> AsyncIterator[VideoFrame]:
    while True:
        yield VideoFrame(np.full(WIDTH * HEIGHT * 3 // 2, 128, np.uint8), WIDTH, HEIGHT, 0.0)
        await asyncio.sleep(0.05)


async def test_who_takes_part_is_told_with_name_and_attributes_and_so_is_who_leaves() -> None:
    async with meeting_server() as server, joined_by(server, "agent", "avatar") as (agent, avatar):
        seen = agent.participants["avatar"]
        assert (seen.display_name, seen.meta_data) == ("Avatar", {"role": "avatar"})
        told = Told()
        agent.add_event_listener(told)
        await left(avatar)
        [gone] = await told.hears("participant-left")
        assert gone.id == "avatar"
        assert "avatar" not in agent.participants


async def test_what_one_publishes_the_other_receives_until_it_is_taken_back() -> None:
    sdk = StandInSdk(MonotonicClock())
    async with meeting_server() as server, joined_by(server, "agent", "avatar") as (agent, avatar):
        told = Told()
        agent.participants["avatar"].add_event_listener(told)
        avatar.add_custom_audio_track(sdk.audio_track(hum()))
        avatar.add_custom_video_track(sdk.video_track(grey()))
        streams = {stream.kind: stream for stream in await told.hears("stream-enabled", 2)}
        async with asyncio.timeout(LIMIT_S):
            frames = [await streams["audio"].track.recv() for _ in range(50)]
            picture = await streams["video"].track.recv()
        assert {frame.samples / frame.sample_rate for frame in frames} == {0.02}
        stamps = [frame.pts for frame in frames]
        assert stamps == [frames[0].samples * number for number in range(50)]
        assert np.abs(frames[-1].to_ndarray()).max() > 3_000
        assert (picture.width, picture.height) == (WIDTH, HEIGHT)

        avatar.disable_mic()
        avatar.disable_webcam()
        assert {stream.kind for stream in await told.hears("stream-disabled", 2)} == {"audio", "video"}
        with pytest.raises(sdk.track_ended):
            async with asyncio.timeout(LIMIT_S):
                while True:
                    await streams["audio"].track.recv()


async def test_a_bad_token_is_told_as_the_reason() -> None:
    async with meeting_server() as server:
        visit = MeetingVisit(StandInSdk(MonotonicClock()), place(server, "agent", token="no.token.atall"))
        with pytest.raises(RoomConnectError, match=r"meeting can't be joined: the token was refused; check VIDEOSDK"):
            await visit.join()
        await visit.aclose()


async def test_a_visit_hears_its_peer_alone_and_sees_it_come_and_go() -> None:
    """V17."""
    async with meeting_server() as server, joined_by(server, "avatar", "other") as (avatar, other):
        visit = MeetingVisit(StandInSdk(MonotonicClock()), place(server, "agent", peer="avatar"))
        said: list[Said] = []
        came, gone = asyncio.Event(), asyncio.Event()
        visit.said.connect(said.append)
        visit.peer_came.connect(lambda _: came.set())
        visit.peer_left.connect(lambda _: gone.set())
        await visit.join()
        async with asyncio.timeout(LIMIT_S):
            await came.wait()
            # Whoever has just come need not be reached yet.
            while not said or not visit.refused:
                await other.send("not for you", {"reliability": "RELIABLE"})
                await avatar.send(bytes(100), {"reliability": "UNRELIABLE"})
                await asyncio.sleep(0.05)
            # V8: silence is valid UTF-8, and comes as a text.
            assert set(said) == {Said("\0" * 100, "UNRELIABLE")}
            await left(avatar)
            await gone.wait()
        await visit.aclose()
        with pytest.raises(RoomError):
            await visit.send(Said("too late", "RELIABLE"))
