"""The dispatcher process: launches workers on demand over HTTP (PROTOCOLS 1.2), on loopback.

The first line on stdin is its configuration; the line {"url": ...} on stdout says that it listens. It ends, and every
worker with it, at SIGTERM and when stdin ends.
"""

import asyncio
import hmac
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated

from aiohttp import web
from aiohttp.typedefs import Middleware

from avatar_core.avatar.loading import installed_generators, load_generator
from avatar_core.avatar.worker_options import read_options, read_own_token, read_scalar
from avatar_core.avatar.worker_pool import CrashLoop, PoolFull, WorkerPool
from avatar_core.errors import BenchError, ConfigError, WireError
from avatar_core.leaving import run_and_leave
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.codec import JsonScalar, Length, Within, from_fields, parse_object
from avatar_core.wire.dispatch import (
    MAX_BODY_BYTES,
    Body,
    JoinInfo,
    LaunchAnswer,
    LaunchRequest,
    Refusal,
    WorkerList,
    decode_join_info,
    decode_launch_request,
    encode_body,
)

_log = logging.getLogger(__name__)

_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
_MAX_CONFIG_BYTES = 8_192

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class DispatcherConfig:
    """Where to listen (port 0: any free one), the bearer token that callers need if one is set, how many workers.

    `generators` may be launched beside our own and those of installed packages: classes as `module:Class`.
    """

    host: Annotated[str, Length(1, 256)] = "127.0.0.1"
    port: Annotated[int, Within(0, 65_535)] = 0
    token: Annotated[str, Length(1, 4_096)] | None = field(default=None, repr=False)
    max_workers: Annotated[int, Within(1, 64)] = 8
    generators: Annotated[tuple[str, ...], Length(0, 32)] = ()

    def __post_init__(self) -> None:
        if self.token is None and self.host not in _LOOPBACK_NAMES:
            raise ConfigError(
                f"A dispatcher on {self.host} can be reached by others: give it a token, AVATAR_DISPATCHER_TOKEN."
            )


def build_app(pool: WorkerPool, config: DispatcherConfig, generators: Collection[str]) -> web.Application:
    """The HTTP side: POST /launch and /videosdk, GET /workers, GET and DELETE /workers/{worker_id}.

    Bodies are of `wire.dispatch`. The options of what VideoSDK's agents post, who have no word for them, are the query.
    """

    async def launch(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return _refuse(415, "the body must be application/json")
        try:
            asked = decode_launch_request(await request.read())
            return await start(asked)
        except (WireError, ConfigError) as failure:
            return _refuse(400, str(failure))

    async def launch_videosdk(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            return _refuse(415, "the body must be application/json")
        try:
            info = decode_join_info(await request.read())
            options = {name: read_scalar(value) for name, value in request.query.items()} | {"wire": "videosdk"}
            return await start(_as_launch_request(info, options))
        except (WireError, ConfigError) as failure:
            return _refuse(400, str(failure))

    async def start(asked: LaunchRequest) -> web.StreamResponse:
        options = read_options(asked.options, generators)
        read_own_token(asked.token)
        await asyncio.sleep(options.faults["slow_answer_s"])
        try:
            worker = await pool.launch(asked, options.wire)
        except (PoolFull, CrashLoop) as failure:
            return _refuse(503, str(failure))
        except BenchError as failure:
            return _refuse(500, str(failure))
        _log.info("%s launched into room %r", worker.worker_id, worker.room_name)
        return _answer(200, LaunchAnswer("success", f"{worker.worker_id} was started", worker.worker_id))

    async def list_workers(_: web.Request) -> web.StreamResponse:
        return _answer(200, WorkerList(pool.statuses()))

    async def status(request: web.Request) -> web.StreamResponse:
        worker_id = request.match_info["worker_id"]
        found = next((one for one in pool.statuses() if one.worker_id == worker_id), None)
        return _refuse(404, f"there is no {worker_id[:64]!r}") if found is None else _answer(200, found)

    async def stop(request: web.Request) -> web.StreamResponse:
        worker_id = request.match_info["worker_id"]
        status = await pool.stop(worker_id)
        return _refuse(404, f"there is no {worker_id[:64]!r}") if status is None else _answer(200, status)

    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_gate(config), _refusals])
    app.add_routes(
        [
            web.post("/launch", launch),
            web.post("/videosdk", launch_videosdk),
            web.get("/workers", list_workers),
            web.get("/workers/{worker_id}", status),
            web.delete("/workers/{worker_id}", stop),
        ]
    )
    return app


def _as_launch_request(info: JoinInfo, options: dict[str, JsonScalar]) -> LaunchRequest:
    """The same request in the words of `/launch`; ConfigError where it names no room, or not its token's holder."""
    if info.signaling_base_url is None:
        raise ConfigError("signaling_base_url must name the LiveKit server of the room; workers here join no other")
    holder = read_own_token(info.token).identity
    if info.participant_id not in (None, holder):
        raise ConfigError(f"participant_id is {info.participant_id!r}, but the token names {holder!r}")
    return LaunchRequest(info.room_name, info.signaling_base_url, info.token, options)


def _gate(config: DispatcherConfig) -> Middleware:
    """Who may ask at all. Without a token only by a loopback name: a web page could point a name of its own here."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if config.token is None:
            name = request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", "")
            if name not in _LOOPBACK_NAMES:
                return _refuse(403, "only 127.0.0.1, localhost and [::1] are answered here")
        elif not hmac.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {config.token}".encode()
        ):
            return _refuse(401, "a bearer token is needed")
        return await handler(request)

    return gate


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What aiohttp refuses by itself (no such path or method, too large a body) in our words."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        return _refuse(refused.status, refused.reason)


def _answer(status: int, body: Body) -> web.Response:
    return web.Response(status=status, body=encode_body(body), content_type="application/json")


def _refuse(status: int, detail: str) -> web.Response:
    return _answer(status, Refusal(detail))


def main() -> int:
    """Run until stopped; 2 for a bad configuration, 3 where it can't listen."""
    log_to_owner()
    try:
        return asyncio.run(_run())
    except BenchError as failure:
        print(failure, file=sys.stderr)
        return 2 if isinstance(failure, ConfigError) else 3


async def _run() -> int:
    stop = asyncio.Event()
    pipe = await OwnerPipe.open()
    on_termination(stop.set)
    owner: asyncio.Task[None] | None = None
    try:
        config = _read_config(await pipe.read_line())
        owner = spawn(_until_owner_goes(pipe, stop), name="dispatcher owner")
        await dispatch(config, lambda url: pipe.send(json.dumps({"url": url}).encode() + b"\n"), stop)
    finally:
        await cancel_and_wait(owner)
        pipe.close()
    return 0


async def dispatch(config: DispatcherConfig, announce: Callable[[str], None], stop: asyncio.Event) -> None:
    """Launch workers until `stop` is set, and end them then; `announce` is told the url once it listens.

    Raises ConfigError for a generator that can't be loaded, BenchError where it can't listen.
    """
    for name in config.generators:
        load_generator(name)
    pool = WorkerPool(limit=config.max_workers)
    runner = web.AppRunner(build_app(pool, config, (*installed_generators(), *config.generators)), access_log=None)
    try:
        await runner.setup()
        announce(await _listen(runner, config))
        await stop.wait()
    finally:
        await pool.aclose()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, config: DispatcherConfig) -> str:
    """Open the port; returns the url. BenchError where that can't be done."""
    site = web.TCPSite(runner, config.host.strip("[]"), config.port, shutdown_timeout=0.2)
    try:
        await site.start()
    except OSError as failure:
        raise BenchError(
            f"The dispatcher can't listen on {config.host}:{config.port}: {failure.strerror}. Try port 0."
        ) from None
    return f"http://{config.host}:{runner.addresses[0][1]}"


async def _until_owner_goes(pipe: OwnerPipe, stop: asyncio.Event) -> None:
    try:
        async for _ in pipe.lines():
            _log.warning("a line of the owner is ignored: a dispatcher is asked over HTTP")
    finally:
        stop.set()


def _read_config(line: bytes) -> DispatcherConfig:
    try:
        raw = parse_object(line, where="dispatcher configuration", max_bytes=_MAX_CONFIG_BYTES)
        return from_fields(DispatcherConfig, raw, where="dispatcher configuration", ignore_unknown=False)
    except WireError as failure:
        raise ConfigError(f"The configuration line on stdin can't be read: {failure}.") from None


if __name__ == "__main__":
    run_and_leave(main)
