from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from avatar_core.bench.settings.config import (
    Config,
    default_settings_path,
    desktop_environment,
    load_config,
    process_environment,
)
from avatar_core.bench.settings.room_choice import Credentials, RoomChoice, RoomKind
from avatar_core.errors import ConfigError

PAIR = {"LIVEKIT_API_KEY": "the-key", "LIVEKIT_API_SECRET": "the-secret"}

Load = Callable[..., Config]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load from an environment, the text of a `.env`, the text of a settings file, and flags."""

    def load(environ: Mapping[str, str] | None = None, dotenv: str = "", settings: str = "", **flags: str) -> Config:
        (tmp_path / ".env").write_text(dotenv)
        (tmp_path / "settings.toml").write_text(settings)
        return load_config(environ or {}, tmp_path / ".env", tmp_path / "settings.toml", flags)

    return load


def test_nothing_configured_is_the_embedded_room() -> None:
    config = load_config({}, None, None)
    assert config.room == RoomChoice(RoomKind.EMBEDDED, "LIVEKIT_URL is not set")
    assert config.credentials is None
    assert config.vendor_keys == {}


def test_files_may_be_missing(tmp_path: Path) -> None:
    assert load_config({}, tmp_path / ".env", tmp_path / "settings.toml").room.kind is RoomKind.EMBEDDED


def test_a_url_in_the_environment_is_the_room_and_the_reason_says_so(load: Load) -> None:
    config = load({"LIVEKIT_URL": "wss://cloud.example", **PAIR})
    assert config.room == RoomChoice(RoomKind.URL, "LIVEKIT_URL is set in the environment", "wss://cloud.example")
    assert config.credentials == Credentials("the-key", "the-secret")


def test_each_source_stands_above_the_next(load: Load) -> None:
    settings = 'livekit_url = "ws://settings"\nroom = "server"'
    dotenv = "LIVEKIT_URL=ws://dotenv"
    environ = {"LIVEKIT_URL": "ws://environment", **PAIR}
    assert load(environ, dotenv, settings, room="ws://flag").room.url == "ws://flag"
    assert load(environ, dotenv, settings, room="auto").room.url == "ws://environment"
    assert load(PAIR, dotenv, settings, room="auto").room.url == "ws://dotenv"
    assert load(PAIR, "", settings, room="auto").room.url == "ws://settings"
    assert load(environ, dotenv, settings).room.kind is RoomKind.SERVER


def test_the_reason_names_the_file_that_decided(load: Load, tmp_path: Path) -> None:
    assert str(tmp_path / ".env") in load(PAIR, "LIVEKIT_URL=ws://host").room.reason
    assert str(tmp_path / "settings.toml") in load(settings='room = "server"').room.reason
    assert "--room" in load(room="embedded").room.reason


def test_sources_are_merged_name_by_name(load: Load) -> None:
    dotenv = "LIVEKIT_API_KEY=the-key\nLIVEKIT_API_SECRET=the-secret"
    assert load({"LIVEKIT_URL": "ws://host"}, dotenv).credentials == Credentials("the-key", "the-secret")


def test_an_empty_value_hides_what_a_lower_source_says(load: Load) -> None:
    config = load({"LIVEKIT_URL": ""}, "LIVEKIT_URL=ws://host")
    assert config.room == RoomChoice(RoomKind.EMBEDDED, "LIVEKIT_URL is not set")


def test_white_space_around_a_value_is_dropped(load: Load) -> None:
    assert load({"LIVEKIT_API_KEY": " the-key\n", "LIVEKIT_API_SECRET": "the-secret"}).credentials == Credentials(
        "the-key", "the-secret"
    )


def test_a_url_without_key_and_secret_is_an_error_that_names_both(load: Load) -> None:
    with pytest.raises(ConfigError, match="LIVEKIT_API_KEY and LIVEKIT_API_SECRET are not set") as raised:
        load({"LIVEKIT_URL": "wss://cloud.example"})
    assert "LIVEKIT_URL is set in the environment" in str(raised.value)


def test_the_embedded_room_needs_no_key_though_a_url_is_set(load: Load) -> None:
    assert load({"LIVEKIT_URL": "wss://cloud.example"}, room="embedded").room.kind is RoomKind.EMBEDDED


@pytest.mark.parametrize(
    ("present", "missing"),
    [("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"), ("LIVEKIT_API_SECRET", "LIVEKIT_API_KEY")],
)
def test_half_a_pair_is_an_error_that_names_the_other_half(load: Load, present: str, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"{present} is set but {missing} is not"):
        load({present: "something"})


def test_vendor_keys_are_kept_by_name_and_nothing_else_is(load: Load) -> None:
    config = load({"TAVUS_API_KEY": "t", "PATH": "/bin"}, "ANAM_API_KEY=a\nOTHER=o")
    assert config.vendor_keys == {"TAVUS_API_KEY": "t", "ANAM_API_KEY": "a"}


def test_secrets_show_in_no_repr(load: Load) -> None:
    config = load({"LIVEKIT_URL": "ws://host", "TAVUS_API_KEY": "vendor-secret", **PAIR})
    shown = repr(config) + repr(config.credentials)
    assert "vendor-secret" not in shown
    assert "the-key" not in shown
    assert "the-secret" not in shown


def test_a_config_cannot_be_changed(load: Load) -> None:
    with pytest.raises(TypeError):
        load({"TAVUS_API_KEY": "t"}).vendor_keys["TAVUS_API_KEY"] = "u"  # type: ignore[index]


@pytest.mark.parametrize("url", ["ftp://host", "ws://", "ws://user:word@host", "ws://host:port", "http://[::1"])
def test_a_url_that_is_none_is_an_error_that_does_not_repeat_it(load: Load, url: str) -> None:
    with pytest.raises(ConfigError, match="LIVEKIT_URL is set in the environment") as raised:
        load({"LIVEKIT_URL": url, **PAIR})
    assert "word" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [("wss://cloud.example/x", "cloud.example"), ("ws://h:7880", "h:7880"), ("ws://[::1]:7880", "[::1]:7880")],
)
def test_the_host_of_a_url_is_fit_to_be_shown(url: str, host: str) -> None:
    assert RoomChoice(RoomKind.URL, "a test", url).host == host


def test_a_room_that_does_not_exist_is_an_error_that_names_those_that_do(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"no room 'cloud' \(--room\).*auto, embedded, server"):
        load(room="cloud")


def test_a_room_without_a_url_takes_none() -> None:
    with pytest.raises(ValueError, match="no URL"):
        RoomChoice(RoomKind.EMBEDDED, "a test", "ws://host")


def test_the_settings_file_takes_no_secret(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown setting 'livekit_api_secret'") as raised:
        load(settings='livekit_api_secret = "hunter2"')
    assert str(tmp_path / "settings.toml") in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_the_settings_file_takes_text_alone(load: Load) -> None:
    with pytest.raises(ConfigError, match="room is not text"):
        load(settings="room = 1")


def test_a_broken_settings_file_is_an_error_that_names_file_and_line(load: Load, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not a TOML file.*line 2") as raised:
        load(settings='room = "auto"\nroom\n')
    assert str(tmp_path / "settings.toml") in str(raised.value)


def test_a_settings_file_that_cannot_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as raised:
        load_config({}, None, tmp_path)
    assert str(tmp_path) in str(raised.value)


@pytest.mark.parametrize(
    ("platform", "environ", "path"),
    [
        ("linux", {"HOME": "/home/ada"}, "/home/ada/.config"),
        ("linux", {"HOME": "/home/ada", "XDG_CONFIG_HOME": "/etc/ada"}, "/etc/ada"),
        ("linux", {"HOME": "/home/ada", "XDG_CONFIG_HOME": "relative"}, "/home/ada/.config"),
        ("darwin", {"HOME": "/Users/ada"}, "/Users/ada/Library/Application Support"),
        ("win32", {"APPDATA": "/ada/Roaming"}, "/ada/Roaming"),
        ("win32", {"USERPROFILE": "/ada"}, "/ada/AppData/Roaming"),
    ],
)
def test_the_settings_file_lies_in_the_platforms_folder(platform: str, environ: dict[str, str], path: str) -> None:
    assert default_settings_path(environ, platform=platform) == Path(path) / "avatar-testbench" / "settings.toml"


def test_what_is_not_set_in_the_desktops_environment_is_empty() -> None:
    desktop = desktop_environment({"DISPLAY": ":0"})
    assert (desktop.display, desktop.wayland_display, desktop.qt_platform, desktop.path) == (":0", "", "", "")


def test_the_process_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVUS_API_KEY", "before")
    environ = process_environment()
    monkeypatch.setenv("TAVUS_API_KEY", "after")
    assert environ["TAVUS_API_KEY"] == "before"


def test_the_time_an_avatar_is_waited_for_comes_from_any_source(load: Load) -> None:
    assert load().return_timeout_s == 10.0
    assert load({"AVATAR_RETURN_TIMEOUT": "2.5"}).return_timeout_s == 2.5
    assert load(settings='return_timeout = "0"').return_timeout_s == 0.0


def test_the_size_of_the_reference_avatars_comes_from_any_source(load: Load) -> None:
    assert load().avatar_size is None
    assert load({"AVATAR_SIZE": " 640x360 "}).avatar_size == (640, 360)
    assert load(settings='avatar_size = "854 X 480"').avatar_size == (854, 480)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("small", "no size"),
        ("640", "no size"),
        ("640x-360", "no size"),
        ("\u0666x\u0663", "no size"),
        ("160x90", "choose 320 to 3840"),
        ("641x360", "even sizes"),
        ("640x4000", "choose 180 to 2160"),
    ],
)
def test_a_size_that_is_none_is_an_error_that_names_its_source(load: Load, value: str, why: str) -> None:
    with pytest.raises(ConfigError, match=rf"{why}.*the environment"):
        load({"AVATAR_SIZE": value})


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e9"])
def test_a_time_that_is_none_is_an_error_that_names_its_source(load: Load, value: str) -> None:
    with pytest.raises(ConfigError, match=r"is no time to wait .*the environment.*0 to 3600 seconds"):
        load({"AVATAR_RETURN_TIMEOUT": value})
