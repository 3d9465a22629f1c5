"""The room server as an owned child process.

Its configuration comes as one JSON line on stdin; the ready line goes to stdout. It stops at SIGTERM, and when stdin
ends, which is how it learns that its owner died. The line `stats` on stdin is answered with the statistics as JSON.
"""

import asyncio
import json
import logging
import signal
import sys
from typing import TextIO

from avatar_core.errors import BenchError, ConfigError
from avatar_core.roomserver.config import RoomServerConfig
from avatar_core.roomserver.server import RoomServer
from avatar_core.tasks import TaskGroup


def main() -> int:
    """Run until stopped; 2 for a bad configuration, 3 where the server can't start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    try:
        return asyncio.run(_run(_read_config(sys.stdin.readline())))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 3


def _read_config(line: str) -> RoomServerConfig:
    try:
        values = json.loads(line)
        return RoomServerConfig(
            api_key=values["api_key"],
            api_secret=values["api_secret"],
            host=values.get("host", RoomServerConfig.host),
            port=values.get("port", RoomServerConfig.port),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The line holds a secret, so it is not repeated.
        raise ConfigError(f"The configuration line on stdin can't be read: {type(error).__name__}.") from None


async def _run(config: RoomServerConfig) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = RoomServer(config)
    tasks = TaskGroup()
    await server.start()
    try:
        _say(sys.stdout, ready_line(server))
        tasks.spawn(_obey(server, stop), name="room owner")
        await stop.wait()
    finally:
        await tasks.aclose()
        await server.aclose()
    return 0


def ready_line(server: RoomServer) -> dict[str, str]:
    """What a client needs to join, as the `room` command prints it."""
    return {"url": server.url, "api_key": server.config.api_key, "api_secret": server.config.api_secret}


async def _obey(server: RoomServer, stop: asyncio.Event) -> None:
    """Serve the owner's lines until they end."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            if line.strip() == b"stats":
                _say(sys.stdout, dict(server.statistics()))
    finally:
        transport.close()
        stop.set()


def _say(stream: TextIO, value: dict[str, object] | dict[str, str]) -> None:
    print(json.dumps(value), file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
