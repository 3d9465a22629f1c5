"""The room server as an owned child process.

Its configuration comes as one JSON line on stdin; the ready line goes to stdout. It stops at SIGTERM, and when stdin
ends, which is how it learns that its owner died. The line `stats` on stdin is answered with the statistics as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Mapping

from avatar_core.errors import BenchError, ConfigError
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination
from avatar_core.priority import keep_time
from avatar_core.roomserver.config import RoomServerConfig
from avatar_core.roomserver.server import RoomServer
from avatar_core.tasks import TaskGroup


def main() -> int:
    """Run until stopped; 2 for a bad configuration, 3 where the server can't start."""
    log_to_owner()
    try:
        asyncio.run(_run())
    except BenchError as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 3
    return 0


async def _run() -> None:
    stop = asyncio.Event()
    on_termination(stop.set)
    owner = await OwnerPipe.open()
    tasks = TaskGroup()
    try:
        server = RoomServer(_read_config(await owner.read_line()))
        await server.start()
        try:
            _say(owner, ready_line(server))
            tasks.spawn(_obey(owner, server, stop), name="room owner")
            await stop.wait()
        finally:
            await tasks.aclose()
            await server.aclose()
    finally:
        owner.close()


def _read_config(line: bytes) -> RoomServerConfig:
    try:
        values = json.loads(line)
        return RoomServerConfig(
            api_key=values["api_key"],
            api_secret=values["api_secret"],
            host=values.get("host", RoomServerConfig.host),
            port=values.get("port", RoomServerConfig.port),
            quiet_update_s=values.get("quiet_update_s", RoomServerConfig.quiet_update_s),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The line holds a secret, so it is not repeated.
        raise ConfigError(f"The configuration line on stdin can't be read: {type(error).__name__}.") from None


def ready_line(server: RoomServer) -> dict[str, str]:
    """What a client needs to join, as the `room` command prints it."""
    return {"url": server.url, "api_key": server.config.api_key, "api_secret": server.config.api_secret}


async def _obey(owner: OwnerPipe, server: RoomServer, stop: asyncio.Event) -> None:
    """Serve the owner's lines until they end."""
    try:
        async for line in owner.lines():
            if line.strip() == b"stats":
                _say(owner, server.statistics())
    finally:
        stop.set()


def _say(owner: OwnerPipe, value: Mapping[str, object]) -> None:
    owner.send(json.dumps(value).encode() + b"\n")


if __name__ == "__main__":
    keep_time(first=True)
    sys.exit(main())
