"""What the server may be told: where to listen and whose tokens to accept."""

import pytest

from avatar_core.errors import ConfigError
from avatar_core.roomserver.config import RoomServerConfig

LONG, SHORT = "s" * 32, "s" * 31


@pytest.mark.parametrize(
    ("host", "secret", "address"),
    [
        ("127.0.0.1", SHORT, "127.0.0.1"),
        ("localhost", SHORT, "127.0.0.1"),
        ("::1", SHORT, "::1"),
        ("192.0.2.7", LONG, "192.0.2.7"),
    ],
)
def test_loopback_takes_a_short_secret_and_other_addresses_a_long_one(host: str, secret: str, address: str) -> None:
    assert RoomServerConfig("key", secret, host=host).address == address


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"api_key": ""}, "LIVEKIT_API_KEY"),
        ({"host": "192.0.2.7"}, "32 bytes or more; this one has 31"),
        ({"host": "0.0.0.0", "api_secret": LONG}, "not an address clients can reach"),
        ({"host": "::", "api_secret": LONG}, "not an address clients can reach"),
        ({"host": "example.org"}, "not an IP address"),
        ({"api_secret": "short"}, "shorter than 6"),
        ({"port": 65_536}, "65536"),
        ({"port": -1}, "-1"),
    ],
)
def test_what_would_not_be_safe_is_refused_with_a_reason(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        RoomServerConfig(**{"api_key": "key", "api_secret": SHORT, **values})


def test_secret_length_is_counted_in_bytes() -> None:
    assert RoomServerConfig("key", "é" * 16, host="192.0.2.7").api_secret == "é" * 16


def test_secret_is_not_in_the_repr() -> None:
    assert LONG not in repr(RoomServerConfig("key", LONG))
