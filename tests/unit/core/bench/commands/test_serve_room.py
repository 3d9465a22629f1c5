import asyncio
import os
import signal

import pytest

from avatar_core.bench.commands.serve_room import ready_text, room_server_config, serve, stopped_by_signals
from avatar_core.bench.settings.room_choice import Credentials
from avatar_core.errors import ConfigError, RoomServerError

OWN = Credentials("own-key", "an-own-secret-of-at-least-32-bytes")


class FakeServer:
    """Notes what is done to it; `start` fails with `failure`, if given."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.calls: list[str] = []
        self._failure = failure

    async def start(self) -> None:
        self.calls.append("start")
        if self._failure is not None:
            raise self._failure

    async def aclose(self) -> None:
        self.calls.append("aclose")


def test_own_credentials_are_the_servers() -> None:
    config = room_server_config("127.0.0.1", 7880, OWN)
    assert (config.api_key, config.api_secret, config.host, config.port) == (
        OWN.api_key,
        OWN.api_secret,
        "127.0.0.1",
        7880,
    )


def test_without_credentials_each_room_gets_new_and_long_ones() -> None:
    first, second = (room_server_config("127.0.0.1", 0, None) for _ in range(2))
    assert len(first.api_secret.encode()) >= 32
    assert first.api_key != second.api_key
    assert first.api_secret != second.api_secret


def test_another_address_than_loopback_needs_own_credentials() -> None:
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1.*LIVEKIT_API_KEY.*LIVEKIT_API_SECRET"):
        room_server_config("192.0.2.1", 0, None)
    assert room_server_config("192.0.2.1", 0, OWN).host == "192.0.2.1"


def test_another_address_than_loopback_needs_a_long_secret() -> None:
    with pytest.raises(ConfigError, match="32 bytes"):
        room_server_config("192.0.2.1", 0, Credentials("own-key", "short-secret"))


def test_people_see_new_credentials_but_not_their_own_again() -> None:
    config = room_server_config("127.0.0.1", 0, OWN)
    new = ready_text("ws://127.0.0.1:1", config, own=False)
    own = ready_text("ws://127.0.0.1:1", config, own=True)
    assert "LIVEKIT_URL=ws://127.0.0.1:1" in new.splitlines()
    assert f"LIVEKIT_API_SECRET={OWN.api_secret}" in new.splitlines()
    assert "LIVEKIT_URL=ws://127.0.0.1:1" in own.splitlines()
    assert OWN.api_secret not in own


async def test_a_server_is_announced_once_started_and_closed_once_stopped() -> None:
    server, stop = FakeServer(), asyncio.Event()

    def announce() -> None:
        server.calls.append("announce")
        stop.set()

    await serve(server, announce, stop)
    assert server.calls == ["start", "announce", "aclose"]


async def test_a_server_that_cannot_start_is_not_announced_but_closed() -> None:
    server = FakeServer(RoomServerError("the port is taken"))
    with pytest.raises(RoomServerError):
        await serve(server, lambda: server.calls.append("announce"), asyncio.Event())
    assert server.calls == ["start", "aclose"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_and_what_it_did_before_is_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        os.kill(os.getpid(), number)
        async with asyncio.timeout(10):
            await stop.wait()
    assert signal.getsignal(number) is before
