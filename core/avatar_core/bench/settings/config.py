"""Configuration: the only reader of the environment. Flags over environment over `.env` over the settings file.

What is read here is handed on as frozen values; secrets show in no repr and in no error.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from avatar_core.bench.settings.avatar_size import read_avatar_size
from avatar_core.bench.settings.calibration import Calibration, calibration_path, load_calibration
from avatar_core.bench.settings.dotenv import read_dotenv
from avatar_core.bench.settings.face_calibration import face_biases_path, load_face_biases
from avatar_core.bench.settings.room_choice import (
    KEY_NAME,
    SECRET_NAME,
    URL_NAME,
    Credentials,
    RoomChoice,
    RoomKind,
)
from avatar_core.bench.settings.vendors import VENDOR_KEY_NAMES
from avatar_core.bench.settings.videosdk import SETTING_NAMES, VideoSdkSettings, read_videosdk_settings
from avatar_core.errors import ConfigError
from avatar_core.videosdk.environment import interpreter_in

RETURN_TIMEOUT_NAME = "AVATAR_RETURN_TIMEOUT"
SIZE_NAME = "AVATAR_SIZE"

_ENVIRONMENT_NAMES = (
    URL_NAME,
    KEY_NAME,
    SECRET_NAME,
    RETURN_TIMEOUT_NAME,
    SIZE_NAME,
    *VENDOR_KEY_NAMES,
    *SETTING_NAMES,
)
_ROOM = "room"
_LONGEST_RETURN_S = 3600
# The settings file is a plain file that gets copied about, so it takes nothing secret.
_SETTINGS_NAMES = {
    _ROOM: _ROOM,
    "livekit_url": URL_NAME,
    "return_timeout": RETURN_TIMEOUT_NAME,
    "avatar_size": SIZE_NAME,
}


@dataclass(frozen=True)
class Config:
    """All that was configured. `vendor_keys` maps the names of PROTOCOLS 6.1 that are set to their values.

    `return_timeout_s`: how long an avatar that left is waited for before what it was saying is given up. `avatar_size`:
    width and height of what the reference avatars publish, None for their own.
    """

    room: RoomChoice
    credentials: Credentials | None = None
    vendor_keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    return_timeout_s: float = 10.0
    avatar_size: tuple[int, int] | None = None
    calibration: Calibration | None = None
    face_biases_ms: Mapping[tuple[str, str], float] = field(default_factory=dict)
    videosdk: VideoSdkSettings = field(default_factory=VideoSdkSettings)

    def __post_init__(self) -> None:
        if self.room.kind is RoomKind.URL and self.credentials is None:
            raise ConfigError(
                f"The room at {self.room.host} is asked for ({self.room.reason}), "
                f"but {KEY_NAME} and {SECRET_NAME} are not set. Set both, or choose another room."
            )
        object.__setattr__(self, "vendor_keys", MappingProxyType(dict(self.vendor_keys)))


@dataclass(frozen=True)
class DesktopEnvironment:
    """What a desktop session tells a program: where commands are, where windows go."""

    path: str
    display: str
    wayland_display: str
    qt_platform: str


@dataclass(frozen=True)
class _Setting:
    value: str = field(repr=False)
    source: str


def process_environment() -> dict[str, str]:
    """A copy of this process's environment, to hand to the functions below."""
    return dict(os.environ)


def dispatcher_token(environ: Mapping[str, str]) -> str | None:
    """The secret that callers of a dispatcher run by hand must send; None without one."""
    return environ.get("AVATAR_DISPATCHER_TOKEN") or None


def desktop_environment(environ: Mapping[str, str]) -> DesktopEnvironment:
    """The part of `environ` that concerns the desktop."""
    return DesktopEnvironment(
        path=environ.get("PATH", ""),
        display=environ.get("DISPLAY", ""),
        wayland_display=environ.get("WAYLAND_DISPLAY", ""),
        qt_platform=environ.get("QT_QPA_PLATFORM", ""),
    )


def default_settings_path(environ: Mapping[str, str], *, platform: str = sys.platform) -> Path:
    """`settings.toml` in the platform's folder for configuration; `platform` is a value of `sys.platform`."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    if platform == "win32":
        base = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
    elif platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        # The XDG base directory specification: a relative path counts as none.
        base = Path(environ.get("XDG_CONFIG_HOME", ""))
        base = base if base.is_absolute() else home / ".config"
    return base / "avatar-testbench" / "settings.toml"


def load_config(
    environ: Mapping[str, str],
    dotenv_path: Path | None,
    settings_path: Path | None,
    flags: Mapping[str, str] | None = None,
) -> Config:
    """Read and check everything. `flags` has the names of the command line's options without the dashes: `room`.

    Files may be missing. An empty value means "not set" and hides what a lower source says. Raises ConfigError
    for a file that cannot be read or parsed, for half a pair, and for a room that is none.
    """
    merged: dict[str, _Setting] = {}
    merged.update(_read_settings(settings_path) if settings_path else {})
    merged.update(_known(read_dotenv(dotenv_path), source=str(dotenv_path)) if dotenv_path else {})
    merged.update(_known(environ, source="the environment"))
    merged.update({name: _Setting(value.strip(), f"--{name}") for name, value in (flags or {}).items()})
    settings = {name: setting for name, setting in merged.items() if setting.value}
    values = {name: setting.value for name, setting in settings.items()}
    return Config(
        room=_choose_room(settings),
        credentials=_credentials(values),
        vendor_keys={name: values[name] for name in VENDOR_KEY_NAMES if name in values},
        return_timeout_s=_return_timeout_s(settings.get(RETURN_TIMEOUT_NAME)),
        avatar_size=_avatar_size(settings.get(SIZE_NAME)),
        videosdk=read_videosdk_settings(values),
    )


def load_process_config(environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Config:
    """`load_config` with the current folder's `.env`, the platform's settings, and what was calibrated."""
    settings = default_settings_path(environ)
    config = load_config(environ, Path(".env"), settings, flags)
    biases = load_face_biases(face_biases_path(settings))
    python = config.videosdk.python or str(interpreter_in(videosdk_folder(settings)))
    return replace(
        config,
        calibration=load_calibration(calibration_path(settings)),
        face_biases_ms={(one.provider, one.utterance): one.bias_ms for one in biases},
        videosdk=replace(config.videosdk, python=python),
    )


def videosdk_folder(settings_path: Path) -> Path:
    """Where the environment for VideoSDK's SDK is, beside the settings."""
    return settings_path.parent / "videosdk"


def _known(values: Mapping[str, str], *, source: str) -> dict[str, _Setting]:
    # Stray white space comes from pasting; no URL or key has any, and the server would only answer 401.
    return {name: _Setting(values[name].strip(), source) for name in _ENVIRONMENT_NAMES if name in values}


def _credentials(values: Mapping[str, str]) -> Credentials | None:
    key, secret = values.get(KEY_NAME, ""), values.get(SECRET_NAME, "")
    return Credentials(key, secret) if key or secret else None


def _return_timeout_s(setting: _Setting | None) -> float:
    if setting is None:
        return Config.return_timeout_s
    try:
        timeout_s = float(setting.value)
    except ValueError:
        timeout_s = -1.0
    if not 0 <= timeout_s <= _LONGEST_RETURN_S:
        raise ConfigError(
            f"{setting.value!r} is no time to wait for an avatar that left ({setting.source}). "
            f"Take 0 to {_LONGEST_RETURN_S} seconds."
        )
    return timeout_s


def _avatar_size(setting: _Setting | None) -> tuple[int, int] | None:
    return None if setting is None else read_avatar_size(setting.value, setting.source)


def _choose_room(settings: Mapping[str, _Setting]) -> RoomChoice:
    asked = settings.get(_ROOM, _Setting("auto", "the default"))
    if asked.value == "auto":
        url = settings.get(URL_NAME)
        if url is None:
            return RoomChoice(RoomKind.EMBEDDED, f"{URL_NAME} is not set")
        return RoomChoice(RoomKind.URL, f"{URL_NAME} is set in {url.source}", url.value)
    if "://" in asked.value:
        return RoomChoice(RoomKind.URL, f"its URL is set by {asked.source}", asked.value)
    if asked.value not in (RoomKind.EMBEDDED, RoomKind.SERVER):
        raise ConfigError(f"There is no room {asked.value!r} ({asked.source}). Take auto, embedded, server or a URL.")
    return RoomChoice(RoomKind(asked.value), f"{asked.value} is set by {asked.source}")


def _read_settings(path: Path) -> dict[str, _Setting]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not a TOML file: {error}.") from None
    settings = {}
    for name, value in values.items():
        if name not in _SETTINGS_NAMES:
            raise ConfigError(
                f"{path} has the unknown setting {name!r}. Known are {', '.join(_SETTINGS_NAMES)}; "
                "keys and secrets belong in the environment or in a .env file."
            )
        if not isinstance(value, str):
            raise ConfigError(f"{path}: {name} is not text. Put its value in quotes.")
        settings[_SETTINGS_NAMES[name]] = _Setting(value.strip(), str(path))
    return settings
