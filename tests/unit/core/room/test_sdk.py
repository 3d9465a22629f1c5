import inspect

import numpy as np
import pytest
from livekit import rtc

from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room import sdk
from avatar_core.room.options import AudioPublishOptions, ConnectOptions, VideoCodec, VideoPublishOptions
from avatar_core.room.values import TrackKind, TrackSource
from tests.fakes.sdk_room import participant, publication


def i420(width: int, height: int) -> tuple[bytes, np.ndarray, np.ndarray, np.ndarray]:
    """A picture whose every sample differs from its neighbours, as bytes and as planes."""
    chroma = ((height + 1) // 2, (width + 1) // 2)
    luma = np.arange(width * height, dtype=np.uint8).reshape(height, width)
    u = np.arange(chroma[0] * chroma[1], dtype=np.uint8).reshape(chroma)
    v = 255 - u
    return b"".join(plane.tobytes() for plane in (luma, u, v)), luma, u, v


def test_participant_is_taken_over_with_its_tracks() -> None:
    video = publication("TR_2", kind=rtc.TrackKind.KIND_VIDEO, source=rtc.TrackSource.SOURCE_CAMERA, width=4, height=2)
    seen = sdk.to_participant(
        participant(
            "ada",
            kind=rtc.ParticipantKind.PARTICIPANT_KIND_AGENT,
            state=rtc.ParticipantState.PARTICIPANT_STATE_JOINED,
            attributes={"a": "1"},
            track_publications={"TR_1": publication("TR_1"), "TR_2": video},
        )
    )

    assert (seen.identity, seen.sid, seen.kind, seen.active, seen.attributes) == (
        "ada",
        "PA_ada",
        "agent",
        False,
        {"a": "1"},
    )
    assert [(track.sid, track.kind, track.source) for track in seen.publications] == [
        ("TR_1", TrackKind.AUDIO, TrackSource.MICROPHONE),
        ("TR_2", TrackKind.VIDEO, TrackSource.CAMERA),
    ]
    assert (seen.publications[1].width_px, seen.publications[1].height_px) == (4, 2)


def test_values_that_a_newer_server_may_send_are_no_error() -> None:
    assert sdk.to_participant(participant("ada", kind=99)).kind == "unknown_99"
    assert sdk.to_publication(publication("TR_1", source=99), "ada").source is TrackSource.UNKNOWN
    assert sdk.disconnect_reason(99) == "UNKNOWN_99"


def test_disconnect_reason_is_a_word_or_empty() -> None:
    assert sdk.disconnect_reason(rtc.DisconnectReason.SERVER_SHUTDOWN) == "SERVER_SHUTDOWN"
    assert sdk.disconnect_reason(rtc.DisconnectReason.UNKNOWN_REASON) == ""
    assert sdk.disconnect_reason(None) == ""


def test_connect_options_reach_the_sdk() -> None:
    options = sdk.to_room_options(
        ConnectOptions(auto_subscribe=False, single_peer_connection=True, timeout_s=2, max_stream_bytes=7)
    )

    assert (options.auto_subscribe, options.single_peer_connection, options.connect_timeout) == (False, True, 2)
    assert options.data_stream.max_payload_byte_length == 7


def test_publish_options_reach_the_sdk_and_what_is_unset_stays_so() -> None:
    audio = sdk.to_audio_publish_options(
        AudioPublishOptions(max_bitrate_bps=32_000, dtx=True, stream="face"), TrackSource.MICROPHONE
    )
    video = sdk.to_video_publish_options(
        VideoPublishOptions(640, 360, codec=VideoCodec.H264, max_bitrate_bps=1_000_000, max_fps=25), TrackSource.CAMERA
    )
    plain = sdk.to_video_publish_options(VideoPublishOptions(640, 360), TrackSource.UNKNOWN)

    assert (audio.source, audio.audio_encoding.max_bitrate) == (rtc.TrackSource.SOURCE_MICROPHONE, 32_000)
    assert (audio.dtx, audio.red, audio.stream) == (True, False, "face")
    assert (video.source, video.video_codec) == (rtc.TrackSource.SOURCE_CAMERA, rtc.VideoCodec.H264)
    assert (video.video_encoding.max_bitrate, video.video_encoding.max_framerate) == (1_000_000, 25)
    assert not plain.HasField("video_encoding")
    assert not plain.HasField("stream")
    assert plain.HasField("simulcast")
    # Whatever WebRTC makes of the machine, it is not to change what a viewer is shown.
    assert video.degradation_preference == rtc.DegradationPreference.MAINTAIN_FRAMERATE_AND_RESOLUTION


@pytest.mark.parametrize("codec", VideoCodec)
def test_every_codec_has_its_name_in_the_sdk(codec) -> None:
    options = sdk.to_video_publish_options(VideoPublishOptions(640, 360, codec=codec), TrackSource.CAMERA)

    assert rtc.VideoCodec.Name(options.video_codec).lower() == codec.value


@pytest.mark.parametrize("channels", [1, 2])
def test_audio_frame_survives_the_way_through_the_sdk(channels: int) -> None:
    frame = AudioFrame(np.arange(480 * channels, dtype=np.int16).reshape(-1, channels), 48_000)

    back = sdk.to_audio_frame(sdk.from_audio_frame(frame))

    assert (back.sample_rate_hz, back.num_channels) == (48_000, channels)
    assert np.array_equal(back.samples, frame.samples)


@pytest.mark.parametrize(("pixel_format", "size"), [("i420", 8 * 4 * 3 // 2), ("rgba", 8 * 4 * 4)])
def test_video_frame_survives_the_way_through_the_sdk(pixel_format, size: int) -> None:
    frame = VideoFrame(np.arange(size, dtype=np.uint8), 8, 4, 0.0, pixel_format)

    back = sdk.to_video_frame(sdk.from_video_frame(frame), 1.5)

    assert (back.width, back.height, back.format, back.pts_s) == (8, 4, pixel_format, 1.5)
    assert np.array_equal(back.data, frame.data)


@pytest.mark.parametrize(("width", "height"), [(7, 5), (8, 5), (7, 4)])
def test_picture_of_an_odd_size_is_cropped_to_an_even_one(width: int, height: int) -> None:
    data, luma, u, v = i420(width, height)

    cropped = sdk.to_video_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data), 0.0)

    even_width, even_height = width // 2 * 2, height // 2 * 2
    assert (cropped.width, cropped.height) == (even_width, even_height)
    assert np.array_equal(cropped.luma, luma[:even_height, :even_width])
    expected = [plane[: even_height // 2, : even_width // 2].ravel() for plane in (u, v)]
    assert np.array_equal(cropped.data[even_width * even_height :], np.concatenate(expected))


def test_private_parts_of_the_sdk_are_where_we_expect_them() -> None:
    """What `drop_unjoined` and `live_subscriptions` reach into; this fails when an SDK moves it."""
    connect = inspect.getsource(rtc.Room.connect)
    queue = inspect.getsource(sdk.FfiClient)

    assert "self._ffi_queue = FfiClient.instance.queue.subscribe(" in connect
    assert "self._task = self._loop.create_task(" in connect
    assert "def queue(self)" in queue
