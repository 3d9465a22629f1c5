import asyncio
from types import SimpleNamespace

import numpy as np
import pytest
from livekit import rtc
from livekit.rtc.participant import UnpublishTrackError

from avatar_core.errors import RoomError
from avatar_core.media.frames import AudioFrame
from avatar_core.room.options import AudioPublishOptions, VideoPublishOptions
from avatar_core.room.publishing import PublishedAudio, publish_audio, publish_video
from avatar_core.room.values import TrackSource


class FakeAudioSource:
    """A native source that records what is captured and whether it was freed."""

    sample_rate = 48_000
    num_channels = 1
    queued_duration = 0.25

    def __init__(self) -> None:
        self.frames: list[rtc.AudioFrame] = []
        self.freed = 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        self.frames.append(frame)

    async def aclose(self) -> None:
        self.freed += 1


class FakePublication:
    def __init__(self) -> None:
        self.sid = "TR_1"
        self.subscribed = asyncio.Event()

    async def wait_for_subscription(self) -> None:
        await self.subscribed.wait()


@pytest.fixture
async def native() -> FakeAudioSource:
    return FakeAudioSource()


@pytest.fixture
async def unpublished(sdk_room) -> list[str]:
    """The sids that were unpublished."""
    sids: list[str] = []

    async def unpublish_track(sid: str) -> None:
        sids.append(sid)

    sdk_room.local_participant.unpublish_track = unpublish_track
    return sids


@pytest.fixture
async def track(joined_link, native, unpublished) -> PublishedAudio:
    return PublishedAudio(joined_link, SimpleNamespace(name="voice", muted=False), FakePublication(), native)


async def test_frame_of_the_right_kind_is_captured_and_another_is_a_mistake(track, native) -> None:
    await track.capture(AudioFrame(np.zeros(480, np.int16), 48_000))

    assert [(frame.sample_rate, frame.samples_per_channel) for frame in native.frames] == [(48_000, 480)]
    assert track.queued_s == 0.25
    for wrong in (AudioFrame(np.zeros(480, np.int16), 24_000), AudioFrame(np.zeros((480, 2), np.int16), 48_000)):
        with pytest.raises(ValueError, match="'voice' takes 48000 Hz with 1 channel"):
            await track.capture(wrong)


async def test_close_unpublishes_under_the_sid_of_the_moment_and_frees_the_source_once(
    track, native, unpublished
) -> None:
    track._publication.sid = "TR_2"

    await asyncio.gather(track.aclose(), track.aclose())
    await track.aclose()

    assert (unpublished, native.freed, track.closed) == (["TR_2"], 1, True)
    with pytest.raises(RuntimeError, match="'voice' is closed"):
        await track.capture(AudioFrame(np.zeros(480, np.int16), 48_000))
    with pytest.raises(RuntimeError, match="'voice' is closed"):
        track.mute()


async def test_close_after_the_room_went_away_only_frees_the_source(track, native, unpublished, sdk_room) -> None:
    sdk_room.emit("disconnected", rtc.DisconnectReason.SERVER_SHUTDOWN)

    await track.aclose()

    assert (unpublished, native.freed) == ([], 1)


async def test_close_during_which_the_room_goes_away_is_no_error(track, native, sdk_room) -> None:
    async def hang(sid: str) -> None:
        await asyncio.Event().wait()

    sdk_room.local_participant.unpublish_track = hang
    closing = asyncio.create_task(track.aclose())
    await asyncio.sleep(0)
    sdk_room.emit("disconnected", rtc.DisconnectReason.SERVER_SHUTDOWN)

    await closing

    assert native.freed == 1


async def test_failed_unpublish_is_told_and_the_source_is_freed_all_the_same(track, native, sdk_room) -> None:
    async def fail(sid: str) -> None:
        raise UnpublishTrackError("no such track")

    sdk_room.local_participant.unpublish_track = fail

    with pytest.raises(RoomError, match="'voice': no such track"):
        await track.aclose()
    assert native.freed == 1


async def test_waiting_for_a_subscriber_is_bounded(track) -> None:
    with pytest.raises(RoomError, match=r"Nobody subscribed to track 'voice' within 0\.01 s"):
        await track.wait_for_subscription(timeout_s=0.01)

    track._publication.subscribed.set()
    await track.wait_for_subscription(timeout_s=10)


async def test_source_without_the_grant_is_refused_before_anything_native_is_made(joined_link, sdk_room) -> None:
    sdk_room.local_participant.permissions.can_publish_sources.append(rtc.TrackSource.SOURCE_CAMERA)

    with pytest.raises(
        RoomError, match=r"publish 'voice' as microphone in this room \(canPublish, canPublishSources\)"
    ):
        await publish_audio(joined_link, "voice", TrackSource.MICROPHONE, AudioPublishOptions())
    sdk_room.local_participant.permissions.can_publish = False
    with pytest.raises(RoomError, match="publish 'face' as camera"):
        await publish_video(joined_link, "face", TrackSource.CAMERA, VideoPublishOptions(320, 240))
