"""The `VIDEOSDK_*` settings that are no keys: how avatars on VideoSDK's wire are asked for and spoken to."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from avatar_core.errors import ConfigError

DISPATCHER_URL = "VIDEOSDK_DISPATCHER_URL"
LOSSY_AUDIO = "VIDEOSDK_LOSSY_AUDIO"
OWN_VOICE = "VIDEOSDK_OWN_VOICE"

SETTING_NAMES = (DISPATCHER_URL, LOSSY_AUDIO, OWN_VOICE)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class VideoSdkSettings:
    """`dispatcher_url`: one of the user's own, offered beside ours; it is posted to as it is.

    `lossy_audio`: sound goes by the room's lossy channel, as little ordered as VideoSDK's. `own_voice`: VideoSDK's
    direct voice, a track of the agent's own that is silent while the avatar speaks, and speaks once it is gone.
    """

    dispatcher_url: str = ""
    lossy_audio: bool = False
    own_voice: bool = False

    def __post_init__(self) -> None:
        if self.dispatcher_url:
            try:
                parts = urlsplit(self.dispatcher_url)
                usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            except ValueError:
                usable = False
            if not usable:
                raise ConfigError(f"{DISPATCHER_URL} is no URL like http://host:8089/launch.")


def read_videosdk_settings(values: Mapping[str, str]) -> VideoSdkSettings:
    """Read what is set; ConfigError names the setting that is wrong."""
    return VideoSdkSettings(values.get(DISPATCHER_URL, ""), _flag(values, LOSSY_AUDIO), _flag(values, OWN_VOICE))


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "false").lower()
    if text not in _FLAGS:
        raise ConfigError(f"{name} is {text[:20]!r}; set it to true or false.")
    return _FLAGS[text]
