"""The `VIDEOSDK_*` settings: how avatars on VideoSDK's wire are asked for and spoken to, and in which meeting."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from avatar_core.errors import ConfigError
from avatar_core.videosdk.account import MeetingAccount

DISPATCHER_URL = "VIDEOSDK_DISPATCHER_URL"
LOSSY_AUDIO = "VIDEOSDK_LOSSY_AUDIO"
OWN_VOICE = "VIDEOSDK_OWN_VOICE"
ROOM_ID = "VIDEOSDK_ROOM_ID"
AUTH_TOKEN = "VIDEOSDK_AUTH_TOKEN"
AVATAR_ID = "VIDEOSDK_AVATAR_ID"
SIGNALING_BASE_URL = "VIDEOSDK_SIGNALING_BASE_URL"
PYTHON = "VIDEOSDK_PYTHON"
API_KEY, SECRET_KEY = "VIDEOSDK_API_KEY", "VIDEOSDK_SECRET_KEY"

SETTING_NAMES = (
    DISPATCHER_URL,
    LOSSY_AUDIO,
    OWN_VOICE,
    ROOM_ID,
    AUTH_TOKEN,
    AVATAR_ID,
    SIGNALING_BASE_URL,
    PYTHON,
)
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class VideoSdkSettings:
    """`dispatcher_url`: one of the user's own, offered beside ours; it is posted to as it is.

    `lossy_audio`: sound goes by the room's lossy channel, as little ordered as VideoSDK's. `own_voice`: VideoSDK's
    direct voice, a track of the agent's own that is silent while the avatar speaks, and speaks once it is gone.

    `room_id`: a meeting of VideoSDK that avatars are met in; empty means the stand-in of one. The keys or `auth_token`
    let us in. `avatar_id`: who the avatar is there, where nobody calls it. `python`: the interpreter of the relay.
    """

    dispatcher_url: str = ""
    lossy_audio: bool = False
    own_voice: bool = False
    room_id: str = ""
    api_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    avatar_id: str = ""
    signaling_base_url: str = ""
    python: str = ""

    def __post_init__(self) -> None:
        if self.dispatcher_url:
            try:
                parts = urlsplit(self.dispatcher_url)
                usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            except ValueError:
                usable = False
            if not usable:
                raise ConfigError(f"{DISPATCHER_URL} is no URL like http://host:8089/launch.")

    @property
    def account(self) -> MeetingAccount | None:
        """The meeting, where one is set."""
        if not self.room_id:
            return None
        return MeetingAccount(
            self.room_id,
            self.python,
            self.api_key,
            self.secret_key,
            self.auth_token,
            self.dispatcher_url,
            self.avatar_id,
            self.signaling_base_url,
        )


def read_videosdk_settings(values: Mapping[str, str]) -> VideoSdkSettings:
    """Read what is set; ConfigError names the setting that is wrong."""
    return VideoSdkSettings(
        values.get(DISPATCHER_URL, ""),
        _flag(values, LOSSY_AUDIO),
        _flag(values, OWN_VOICE),
        values.get(ROOM_ID, ""),
        values.get(API_KEY, ""),
        values.get(SECRET_KEY, ""),
        values.get(AUTH_TOKEN, ""),
        values.get(AVATAR_ID, ""),
        # As a host, as VideoSDK's SDK wants it.
        values.get(SIGNALING_BASE_URL, "").removeprefix("https://").rstrip("/"),
        values.get(PYTHON, ""),
    )


def _flag(values: Mapping[str, str], name: str) -> bool:
    text = values.get(name, "false").lower()
    if text not in _FLAGS:
        raise ConfigError(f"{name} is {text[:20]!r}; set it to true or false.")
    return _FLAGS[text]
