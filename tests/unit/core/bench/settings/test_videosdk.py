"""The `VIDEOSDK_*` settings: what they mean, and what is refused in which words."""

import pytest

from avatar_core.bench.settings.config import load_config
from avatar_core.bench.settings.videosdk import VideoSdkSettings
from avatar_core.errors import ConfigError


def read(**environ: str) -> VideoSdkSettings:
    return load_config(environ, None, None).videosdk


def test_nothing_set_means_our_own_dispatcher_and_reliable_sound() -> None:
    assert read() == read(VIDEOSDK_LOSSY_AUDIO="", VIDEOSDK_OWN_VOICE="false") == VideoSdkSettings("", False, False)


def test_settings_are_taken_from_the_environment() -> None:
    settings = read(
        VIDEOSDK_DISPATCHER_URL="https://host:8089/launch?x=1", VIDEOSDK_LOSSY_AUDIO="true", VIDEOSDK_OWN_VOICE="1"
    )
    assert settings == VideoSdkSettings("https://host:8089/launch?x=1", True, True)


def test_a_meeting_is_read_with_all_that_belongs_to_it() -> None:
    settings = read(
        VIDEOSDK_ROOM_ID="abcd-efgh",
        VIDEOSDK_API_KEY="key",
        VIDEOSDK_SECRET_KEY="secret",
        VIDEOSDK_AVATAR_ID="somebody",
        VIDEOSDK_SIGNALING_BASE_URL="https://api.example/",
        VIDEOSDK_PYTHON="/there/bin/python",
    )
    account = settings.account
    assert account is not None
    assert (account.meeting_id, account.avatar_id) == ("abcd-efgh", "somebody")
    assert (account.api_key, account.secret_key) == ("key", "secret")
    assert (account.signaling_base_url, account.python) == ("api.example", "/there/bin/python")
    assert "secret" not in repr(settings)
    assert read(VIDEOSDK_API_KEY="key", VIDEOSDK_SECRET_KEY="secret").account is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VIDEOSDK_DISPATCHER_URL", "host:8089"),
        ("VIDEOSDK_DISPATCHER_URL", "http://[bad"),
        ("VIDEOSDK_LOSSY_AUDIO", "sometimes"),
        ("VIDEOSDK_OWN_VOICE", "yes please"),
    ],
)
def test_what_means_nothing_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        read(**{name: value})
