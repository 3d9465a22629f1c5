"""VideoSDK's `agents.avatar` under its own names and signatures (seed 003), without its defects (PROTOCOLS 3)."""

from avatar_core.videosdk.avatar_audio_io import AvatarAudioIn, AvatarAudioOut
from avatar_core.videosdk.avatar_auth import (
    LINKED_AGENT_ID,
    AvatarAuthCredentials,
    AvatarJoinInfo,
    generate_avatar_credentials,
)
from avatar_core.videosdk.avatar_controller import AvatarServer, AvatarSettings
from avatar_core.videosdk.avatar_schema import AudioSegmentEnd, AvatarInput, AvatarRenderer
from avatar_core.videosdk.avatar_tracks import AvatarSynchronizer, AvatarVisualTrack, AvatarVoiceTrack

__all__ = [
    "LINKED_AGENT_ID",
    "AudioSegmentEnd",
    "AvatarAudioIn",
    "AvatarAudioOut",
    "AvatarAuthCredentials",
    "AvatarInput",
    "AvatarJoinInfo",
    "AvatarRenderer",
    "AvatarServer",
    "AvatarSettings",
    "AvatarSynchronizer",
    "AvatarVisualTrack",
    "AvatarVoiceTrack",
    "generate_avatar_credentials",
]
