"""The command `room`: the embedded room in the foreground of this process until it is told to stop.

The server itself is avatar_core.roomserver, which also has the child that a bench owns.
"""

import asyncio
import contextlib
import ipaddress
import json
import secrets
import signal
from collections.abc import Callable, Iterator
from typing import Protocol

from avatar_core.bench.settings.room_choice import KEY_NAME, SECRET_NAME, URL_NAME, Credentials
from avatar_core.errors import ConfigError
from avatar_core.roomserver.__main__ import ready_line
from avatar_core.roomserver.config import MIN_OWN_SECRET_BYTES, RoomServerConfig
from avatar_core.roomserver.server import RoomServer

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(Protocol):
    """What is served: `start` listens, `aclose` ends every connection."""

    async def start(self) -> None:
        """Listen."""
        ...

    async def aclose(self) -> None:
        """End every connection; harmless twice."""
        ...


def run_room(host: str, port: int, credentials: Credentials | None, *, as_json: bool) -> None:
    """Serve until SIGINT or SIGTERM; prints where, and with which credentials, once it is ready.

    Without `credentials` new ones are made. Raises ConfigError for what is not safe, RoomServerError for a port
    that can't be had.
    """
    config = room_server_config(host, port, credentials)
    server = RoomServer(config)

    def announce() -> None:
        if as_json:
            print(json.dumps(ready_line(server)), flush=True)
        else:
            print(ready_text(server.url, config, own=credentials is not None), flush=True)

    asyncio.run(_serve_until_signalled(server, announce))


def room_server_config(host: str, port: int, credentials: Credentials | None) -> RoomServerConfig:
    """The server's configuration, with a key and secret of its own where there are none.

    Raises ConfigError for another address than loopback without `credentials`: who opens a room to the network
    knows its secret (and RoomServerConfig sees to its length).
    """
    if credentials is not None:
        return RoomServerConfig(credentials.api_key, credentials.api_secret, host, port)
    key, secret = f"testbench-{secrets.token_hex(4)}", secrets.token_urlsafe(MIN_OWN_SECRET_BYTES)
    config = RoomServerConfig(key, secret, host, port)
    if not ipaddress.ip_address(config.address).is_loopback:
        raise ConfigError(
            f"Listening on {host} opens the room to the network. Set {KEY_NAME}, and {SECRET_NAME} "
            f"to a secret of {MIN_OWN_SECRET_BYTES} bytes or more."
        )
    return config


def ready_text(url: str, config: RoomServerConfig, *, own: bool) -> str:
    """What people see once it is ready: lines to paste into a `.env` file; `own` credentials are not shown again."""
    lines = [f"{URL_NAME}={url}"]
    if not own:
        lines += [f"{KEY_NAME}={config.api_key}", f"{SECRET_NAME}={config.api_secret}"]
    return "\n".join(["The room is ready. Ctrl+C stops it.", *lines])


async def serve(server: Server, announce: Callable[[], None], stop: asyncio.Event) -> None:
    """Start `server`, call `announce`, and close it once `stop` is set or anything fails."""
    try:
        await server.start()
        announce()
        await stop.wait()
    finally:
        await server.aclose()


@contextlib.contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` at SIGINT or SIGTERM; what these did before is put back at the end."""
    loop = asyncio.get_running_loop()
    # Not loop.add_signal_handler, which Windows does not have.
    before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set)) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _serve_until_signalled(server: Server, announce: Callable[[], None]) -> None:
    stop = asyncio.Event()
    with stopped_by_signals(stop):
        await serve(server, announce, stop)
