"""The worker process: one avatar in one room, owned by whoever holds its stdin.

The first line is a launch request (`wire.dispatch`); WORKER_COMMANDS follow, WORKER_EVENTS go out. It ends at once at
Stop, at SIGTERM and when stdin ends; by itself when its controller is gone or the room is lost.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Literal

from avatar_core.avatar.faults.life import before_joining, once_ready
from avatar_core.avatar.loading import load_generator
from avatar_core.avatar.registry import GeneratorFactory
from avatar_core.avatar.runner import AvatarRunner, ReceiverFactory, livekit_receiver
from avatar_core.avatar.worker_options import WorkerIdentity, WorkerOptions, read_options, read_own_token
from avatar_core.clock import MonotonicClock
from avatar_core.errors import BenchError, WireError
from avatar_core.leaving import run_and_leave
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination
from avatar_core.priority import keep_time
from avatar_core.room.connection import RoomConnection
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire.dispatch import LaunchRequest, decode_launch_request
from avatar_core.wire.process_messages import WORKER_COMMANDS, WORKER_EVENTS, Stop, WorkerEnded, WorkerReady

_log = logging.getLogger(__name__)

_CLOSE_S = 0.7
"""For leaving the room; a worker that has been told to go is gone within a second."""

EndReason = Literal["stopped", "controller_gone", "room_lost", "failed"]


def main(receive: ReceiverFactory = livekit_receiver) -> int:
    """Run until it is over, hearing by the wire of `receive`; 1 where that was a failure."""
    log_to_owner()
    return asyncio.run(_run(receive))


async def _run(receive: ReceiverFactory) -> int:
    clock = MonotonicClock()
    pipe = await OwnerPipe.open()
    stop = asyncio.Event()
    on_termination(stop.set)
    first_line = await pipe.read_line()
    obeying = spawn(_obey(pipe, stop), name="worker owner")
    living = spawn(_live(first_line, clock, pipe, receive), name="worker life")
    stopping = spawn(stop.wait(), name="worker stop")
    await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
    ended = living.result() if living.done() else WorkerEnded("stopped", "told to stop", clock.now())
    pipe.send(WORKER_EVENTS.encode(ended))
    _log.info("ends: %s (%s)", ended.reason, ended.detail)
    await cancel_and_wait(living, stopping, obeying)
    pipe.close()
    return 1 if ended.reason == "failed" else 0


async def _obey(pipe: OwnerPipe, stop: asyncio.Event) -> None:
    """Serve the owner's lines; their end is an order to stop."""
    try:
        async for line in pipe.lines():
            try:
                command = WORKER_COMMANDS.decode(line)
            except WireError as failure:
                _log.warning("a line of the owner is ignored: %s", failure)
                continue
            if isinstance(command, Stop):
                return
    finally:
        stop.set()


async def _live(first_line: bytes, clock: MonotonicClock, pipe: OwnerPipe, receive: ReceiverFactory) -> WorkerEnded:
    """Be the avatar that the first line asks for."""
    try:
        request = decode_launch_request(first_line)
    except WireError as failure:
        return WorkerEnded("failed", str(failure), clock.now())
    return await be_avatar(request, clock, lambda ready: pipe.send(WORKER_EVENTS.encode(ready)), receive)


async def be_avatar(
    request: LaunchRequest,
    clock: MonotonicClock,
    on_ready: Callable[[WorkerReady], None],
    receive: ReceiverFactory = livekit_receiver,
) -> WorkerEnded:
    """Join, and be the avatar until that is over; never raises for what can go wrong in a room."""
    try:
        options = read_options(request.options)
        identity = read_own_token(request.token)
        make_generator = load_generator(options.generator)
        await before_joining(options.faults, clock)
        reason, detail = await _join(request, options, identity, make_generator, clock, on_ready, receive)
    except BenchError as failure:
        reason, detail = "failed", str(failure)
    except Exception as failure:
        _log.exception("the worker failed")
        reason, detail = "failed", f"{type(failure).__name__}: {failure}"
    return WorkerEnded(reason, detail, clock.now())


async def _join(
    request: LaunchRequest,
    options: WorkerOptions,
    identity: WorkerIdentity,
    make_generator: GeneratorFactory,
    clock: MonotonicClock,
    on_ready: Callable[[WorkerReady], None],
    receive: ReceiverFactory,
) -> tuple[EndReason, str]:
    connection = RoomConnection(clock=clock)
    runner = AvatarRunner(
        connection,
        make_generator(options.avatar, clock),
        options.avatar,
        clock,
        controller=identity.controller,
        grace_s=options.grace_s,
        controller_wait_s=options.controller_wait_s,
        faults=options.faults,
        receive=receive,
    )
    living: asyncio.Task[str] | None = None
    try:
        await connection.connect(request.url, request.token)
        if "never_publish" not in options.faults:
            await runner.publish()
            on_ready(WorkerReady(identity.identity, clock.now()))
            living = spawn(once_ready(options.faults, clock), name="planted life")
            await asyncio.wait((runner.ended, living), return_when=asyncio.FIRST_COMPLETED)
            if not runner.ended.done():
                return "failed", living.result()
        ended = await runner.ended
        return ended.reason, ended.detail
    finally:
        await cancel_and_wait(living)
        await runner.aclose()
        leaving = spawn(connection.aclose(), name="worker leaves")
        await asyncio.wait({leaving}, timeout=_CLOSE_S)
        await cancel_and_wait(leaving)


if __name__ == "__main__":
    keep_time()
    run_and_leave(main)
