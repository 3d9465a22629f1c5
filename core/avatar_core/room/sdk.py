"""Between the SDK's objects and our values, and the one place that touches what the SDK keeps private."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from google.protobuf.json_format import MessageToDict
from livekit import rtc
from livekit.rtc._ffi_client import FfiClient
from livekit.rtc._proto.participant_pb2 import ParticipantPermission
from livekit.rtc._proto.room_pb2 import DegradationPreference

from avatar_core.media.frames import AudioFrame, Pixels, VideoFrame
from avatar_core.room.options import (
    AudioPublishOptions,
    ConnectOptions,
    VideoCodec,
    VideoPublishOptions,
)
from avatar_core.room.values import Participant, Publication, TrackKind, TrackSource
from avatar_core.tasks import cancel_and_wait
from avatar_core.tokens import VideoGrants

SdkAudioFrame: TypeAlias = rtc.AudioFrame
"""For whoever meets the SDK's frames in somebody else's interface; only this package imports the SDK."""

_SOURCES: Mapping[rtc.TrackSource.ValueType, TrackSource] = {
    rtc.TrackSource.SOURCE_CAMERA: TrackSource.CAMERA,
    rtc.TrackSource.SOURCE_MICROPHONE: TrackSource.MICROPHONE,
    rtc.TrackSource.SOURCE_SCREENSHARE: TrackSource.SCREEN_SHARE,
    rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO: TrackSource.SCREEN_SHARE_AUDIO,
}
_SDK_SOURCES = {source: value for value, source in _SOURCES.items()} | {
    TrackSource.UNKNOWN: rtc.TrackSource.SOURCE_UNKNOWN
}
_SDK_CODECS = {
    VideoCodec.VP8: rtc.VideoCodec.VP8,
    VideoCodec.H264: rtc.VideoCodec.H264,
    VideoCodec.VP9: rtc.VideoCodec.VP9,
    VideoCodec.AV1: rtc.VideoCodec.AV1,
    VideoCodec.H265: rtc.VideoCodec.H265,
}


def to_participant(participant: rtc.Participant) -> Participant:
    """A snapshot of one participant, local or remote."""
    kinds = rtc.ParticipantKind
    return Participant(
        identity=participant.identity,
        sid=participant.sid,
        name=participant.name,
        kind=_word(kinds, participant.kind).removeprefix("PARTICIPANT_KIND_").lower(),
        metadata=participant.metadata,
        attributes=participant.attributes,
        active=participant.state == rtc.ParticipantState.PARTICIPANT_STATE_ACTIVE,
        publications=tuple(
            to_publication(publication, participant.identity) for publication in participant.track_publications.values()
        ),
    )


def to_publication(publication: rtc.TrackPublication, owner: str) -> Publication:
    """A snapshot of one publication of the participant `owner`."""
    return Publication(
        sid=publication.sid,
        owner=owner,
        name=publication.name,
        kind=TrackKind.AUDIO if publication.kind == rtc.TrackKind.KIND_AUDIO else TrackKind.VIDEO,
        source=_SOURCES.get(publication.source, TrackSource.UNKNOWN),
        muted=publication.muted,
        subscribed=isinstance(publication, rtc.RemoteTrackPublication) and publication.track is not None,
        mime_type=publication.mime_type,
        width_px=publication.width,
        height_px=publication.height,
    )


def to_grants(permission: ParticipantPermission, room: str) -> VideoGrants:
    """What the server lets a participant do."""
    return VideoGrants(
        room_join=True,
        room=room,
        can_publish=permission.can_publish,
        can_subscribe=permission.can_subscribe,
        can_publish_data=permission.can_publish_data,
        can_publish_sources=tuple(
            _SOURCES.get(source, TrackSource.UNKNOWN).value for source in permission.can_publish_sources
        ),
        can_update_own_metadata=permission.can_update_metadata,
        hidden=permission.hidden,
    )


def disconnect_reason(reason: int | None) -> str:
    """LiveKit's word for why somebody left, empty where it says nothing."""
    word = "" if reason is None else _word(rtc.DisconnectReason, reason)
    return "" if word == "UNKNOWN_REASON" else word


def _word(enum: Any, value: int) -> str:
    # A newer server may send a value that this SDK's enum does not know.
    return str(enum.Name(value)) if value in enum.values() else f"UNKNOWN_{value}"


def to_room_options(options: ConnectOptions) -> rtc.RoomOptions:
    """The SDK's form of `options`."""
    return rtc.RoomOptions(
        auto_subscribe=options.auto_subscribe,
        connect_timeout=min(options.attempt_timeout_s, options.timeout_s),
        single_peer_connection=options.single_peer_connection,
        data_stream=rtc.DataStreamOptions(max_payload_byte_length=options.max_stream_bytes),
    )


def to_audio_publish_options(options: AudioPublishOptions, source: TrackSource) -> rtc.TrackPublishOptions:
    """The SDK's form of `options`."""
    result = rtc.TrackPublishOptions(source=_SDK_SOURCES[source], dtx=options.dtx, red=options.red)
    if options.stream:
        result.stream = options.stream
    if options.max_bitrate_bps is not None:
        result.audio_encoding.max_bitrate = options.max_bitrate_bps
    return result


def to_video_publish_options(options: VideoPublishOptions, source: TrackSource) -> rtc.TrackPublishOptions:
    """The SDK's form of `options`."""
    result = rtc.TrackPublishOptions(
        source=_SDK_SOURCES[source],
        video_codec=_SDK_CODECS[options.codec],
        simulcast=options.simulcast,
        # The SDK's own choice lowers the resolution where WebRTC finds the machine or the way too slow: a change that
        # nobody planted, and that a viewer takes for the avatar's.
        degradation_preference=DegradationPreference.DEGRADATION_PREFERENCE_MAINTAIN_FRAMERATE_AND_RESOLUTION,
    )
    if options.stream:
        result.stream = options.stream
    if options.max_bitrate_bps is not None:
        result.video_encoding.max_bitrate = options.max_bitrate_bps
    if options.max_fps is not None:
        result.video_encoding.max_framerate = options.max_fps
    return result


def from_audio_frame(frame: AudioFrame) -> rtc.AudioFrame:
    """The SDK's form of `frame`; the samples are copied."""
    return rtc.AudioFrame(frame.to_bytes(), frame.sample_rate_hz, frame.num_channels, frame.samples_per_channel)


def to_audio_frame(frame: rtc.AudioFrame) -> AudioFrame:
    """A received frame; the SDK has copied the samples already."""
    samples = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
    return AudioFrame(samples, frame.sample_rate)


def from_video_frame(frame: VideoFrame) -> rtc.VideoFrame:
    """The SDK's form of `frame`; the pixels are copied, since the SDK takes no read-only array."""
    sdk_format = rtc.VideoBufferType.I420 if frame.format == "i420" else rtc.VideoBufferType.RGBA
    return rtc.VideoFrame(frame.width, frame.height, sdk_format, frame.data.tobytes())


def black_video_frame(width_px: int, height_px: int) -> rtc.VideoFrame:
    """A black picture, in the SDK's form."""
    return rtc.VideoFrame(width_px, height_px, rtc.VideoBufferType.RGBA, bytes(width_px * height_px * 4))


def to_video_frame(frame: rtc.VideoFrame, pts_s: float) -> VideoFrame:
    """A frame of the SDK's, which has copied the pixels already; what is neither I420 nor RGBA becomes I420."""
    if frame.type not in (rtc.VideoBufferType.I420, rtc.VideoBufferType.RGBA):
        frame = frame.convert(rtc.VideoBufferType.I420)
    pixels = np.frombuffer(frame.data, np.uint8)
    if frame.type == rtc.VideoBufferType.RGBA:
        return VideoFrame(pixels, frame.width, frame.height, pts_s, "rgba")
    if frame.width % 2 or frame.height % 2:
        return _crop_to_even(pixels, frame.width, frame.height, pts_s)
    return VideoFrame(pixels, frame.width, frame.height, pts_s)


def _crop_to_even(pixels: Pixels, width: int, height: int, pts_s: float) -> VideoFrame:
    # A sender short of bandwidth scales down, at times to odd sizes, whose last chroma row or column is half used.
    chroma_width, chroma_height = (width + 1) // 2, (height + 1) // 2
    luma, u, v = np.split(pixels, [width * height, width * height + chroma_width * chroma_height])
    even_width, even_height = width // 2 * 2, height // 2 * 2
    planes = [luma.reshape(height, width)[:even_height, :even_width].ravel()]
    for plane in (u, v):
        planes.append(plane.reshape(chroma_height, chroma_width)[: even_height // 2, : even_width // 2].ravel())
    return VideoFrame(np.concatenate(planes), even_width, even_height, pts_s)


async def drop_unjoined(room: rtc.Room) -> None:
    """Free what rtc.Room.connect leaves behind when it is cancelled, or a disconnect that never answers: its event
    subscription, which would collect every event of the process for ever, and its listening task."""
    queue = getattr(room, "_ffi_queue", None)
    if queue is not None:
        FfiClient.instance.queue.unsubscribe(queue)
    await cancel_and_wait(getattr(room, "_task", None))


def live_subscriptions() -> int:
    """How many SDK objects of this process still listen to native events; 0 when everything is closed."""
    return len(FfiClient.instance.queue._subscribers)


async def session_stats(room: rtc.Room) -> Mapping[str, list[dict[str, Any]]]:
    """WebRTC's statistics by direction ("publisher", "subscriber"), as LiveKit's protobuf fields."""
    stats = await room.get_rtc_stats()
    return {
        "publisher": [MessageToDict(entry, preserving_proto_field_name=True) for entry in stats.publisher_stats],
        "subscriber": [MessageToDict(entry, preserving_proto_field_name=True) for entry in stats.subscriber_stats],
    }


async def track_stats(track: rtc.RemoteTrack) -> list[dict[str, Any]]:
    """WebRTC's statistics of one track, as LiveKit's protobuf fields."""
    return [MessageToDict(entry, preserving_proto_field_name=True) for entry in await track.get_stats()]
