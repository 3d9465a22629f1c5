"""Which room server is behind a room, and starting one: the embedded server, or a livekit-server, as a child.

Which one is taken is decided elsewhere; nothing here reads the environment.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from avatar_core.room.child import ServerExited, ServerProcess
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn

START_TIMEOUT_S = 20.0
STATISTICS_TIMEOUT_S = 5.0
_LOOPBACK = "127.0.0.1"
_HTTP_POLL_S = 0.05

RoomServerKind = Literal["embedded", "server", "url"]
T = TypeVar("T")


@dataclass(frozen=True)
class RunningRoom:
    """A room server that can be joined: where, with whose tokens, of which kind, and why this one was taken."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)
    kind: RoomServerKind
    why: str


class RoomServer:
    """A room server that runs as our child, and the room it offers; `aclose` stops it."""

    def __init__(self, process: ServerProcess, room: RunningRoom) -> None:
        self.room = room
        self._process = process
        self._asking = asyncio.Lock()
        process.watch()

    @property
    def exited(self) -> Signal[ServerExited]:
        """Tells when the server ended though nobody stopped it."""
        return self._process.exited

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    async def statistics(self) -> Mapping[str, int]:
        """What the embedded server holds now: rooms, participants, transports, tasks, sockets and more.

        RoomServerError when it does not answer; a livekit-server never does.
        """
        async with self._asking:
            answer = await _before(
                STATISTICS_TIMEOUT_S, self._process, _exchange(self._process, "stats"), what="it gave no statistics"
            )
        return {name: int(value) for name, value in answer.items()}

    async def aclose(self) -> None:
        """Stop the server; harmless twice."""
        await self._process.aclose()


async def start_embedded_room(
    *, api_key: str, api_secret: str, why: str, host: str = _LOOPBACK, port: int = 0
) -> RoomServer:
    """Start the embedded server and return once it can be joined.

    Its stdin stays open as long as we live and ends with us; the server takes that as its end, so it never outlives its
    owner. RoomServerError when it does not come up.
    """
    # -P: a folder named avatar_core where we happen to be started must not take our place.
    command = (sys.executable, "-P", "-m", "avatar_core.roomserver")
    process = await ServerProcess.start(command, label="embedded room", talks=True)
    configuration = json.dumps({"host": host, "port": port, "api_key": api_key, "api_secret": api_secret})
    try:
        ready = await _before(
            START_TIMEOUT_S, process, _exchange(process, configuration), what="it did not become ready"
        )
        room = RunningRoom(str(ready["url"]), api_key, api_secret, "embedded", why)
    except BaseException:
        await process.aclose()
        raise
    return RoomServer(process, room)


async def start_livekit_server(
    executable: str, *, api_key: str, api_secret: str, why: str, port: int = 0
) -> RoomServer:
    """Start a livekit-server on loopback, media too, and return once it answers; port 0 takes a free one.

    RoomServerError when it does not come up.
    """
    http_port = port or _free_port(socket.SOCK_STREAM)
    configuration = {
        "port": http_port,
        "bind_addresses": [_LOOPBACK],
        "keys": {api_key: api_secret},
        "rtc": {
            "udp_port": _free_port(socket.SOCK_DGRAM),
            "tcp_port": 0,
            "node_ip": _LOOPBACK,
            "use_external_ip": False,
            "enable_loopback_candidate": True,
            "interfaces": {"includes": ["lo"]},
        },
    }
    # The environment, not the command line, which every user of the machine can read. JSON is YAML.
    environment = {"LIVEKIT_CONFIG": json.dumps(configuration)}
    process = await ServerProcess.start((executable,), label="livekit-server", environment=environment)
    try:
        await _before(START_TIMEOUT_S, process, _answers_http(http_port), what="it did not answer")
    except BaseException:
        await process.aclose()
        raise
    return RoomServer(process, RunningRoom(f"ws://{_LOOPBACK}:{http_port}", api_key, api_secret, "server", why))


async def _exchange(process: ServerProcess, line: str) -> Mapping[str, Any]:
    await process.send_line(line)
    answer = await process.read_line()
    try:
        values = json.loads(answer)
    except ValueError:
        raise await process.failure("it gave an answer that is no JSON") from None
    if not isinstance(values, dict):
        raise await process.failure("it gave an answer that is no JSON object")
    return values


async def _before(limit_s: float, process: ServerProcess, step: Coroutine[Any, Any, T], *, what: str) -> T:
    """Await `step`, but neither longer than `limit_s` nor beyond the end of the process."""
    ended = spawn(process.wait(), name="room server end")
    task = spawn(step, name="room server step")
    try:
        await asyncio.wait((task, ended), timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise await process.failure(what if ended.done() else f"{what} within {limit_s:g} s")
        return task.result()
    finally:
        await cancel_and_wait(task, ended)


async def _answers_http(port: int) -> None:
    while True:
        try:
            reader, writer = await asyncio.open_connection(_LOOPBACK, port)
        except OSError:
            await asyncio.sleep(_HTTP_POLL_S)
            continue
        try:
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            status = await reader.readline()
        finally:
            writer.close()
        if status.split()[1:2] == [b"200"]:
            return
        await asyncio.sleep(_HTTP_POLL_S)


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])
