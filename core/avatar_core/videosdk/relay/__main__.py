"""The relay process: one order on stdin (`wire.relay`), and it is in both rooms until Stop, SIGTERM or stdin's end."""

import asyncio

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import BenchError, WireError
from avatar_core.leaving import run_and_leave
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination
from avatar_core.priority import keep_time
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.relay.relay import Relay
from avatar_core.videosdk.relay.sdk import VideoSdk
from avatar_core.videosdk.relay.stand_in import StandInSdk
from avatar_core.videosdk.relay.surface import MeetingSdk
from avatar_core.wire.relay import RELAY_EVENTS, RELAY_ORDERS, JoinBoth, RelayEnded


async def _run() -> int:
    clock = MonotonicClock()
    pipe = await OwnerPipe.open()
    stop = asyncio.Event()
    on_termination(stop.set)
    exit_code = await _relay(await pipe.read_line(), pipe, stop, clock)
    pipe.close()
    return exit_code


async def _relay(first_line: bytes, pipe: OwnerPipe, stop: asyncio.Event, clock: Clock) -> int:
    def tell(event: object) -> None:
        pipe.send(RELAY_EVENTS.encode(event))

    try:
        order = RELAY_ORDERS.decode(first_line)
        if not isinstance(order, JoinBoth):
            raise WireError("the first order is to join")
        relay = Relay(_sdk(order, clock), order, clock, tell)
    except BenchError as failure:
        tell(RelayEnded("not_joined", str(failure), 0, 0, 0, clock.now()))
        return 1
    obeying = spawn(_obey(pipe, stop), name="relay owner")
    stopping = spawn(_stop(stop, relay), name="relay stop")
    running = spawn(relay.run(), name="relay run")
    try:
        # A join may take long: an order to stop is not for later.
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await asyncio.wait((running,), timeout=_STOP_S)
        return 0 if stop.is_set() or running.result().reason == "stopped" else 1
    finally:
        await cancel_and_wait(obeying, stopping, running)


async def _obey(pipe: OwnerPipe, stop: asyncio.Event) -> None:
    try:
        async for line in pipe.lines():
            try:
                if not isinstance(RELAY_ORDERS.decode(line), JoinBoth):
                    return
            except WireError:
                continue
    finally:
        stop.set()


async def _stop(stop: asyncio.Event, relay: Relay) -> None:
    await stop.wait()
    relay.stop()


def _sdk(order: JoinBoth, clock: Clock) -> MeetingSdk:
    return VideoSdk(clock) if order.meeting.sdk == "videosdk" else StandInSdk(clock)


_STOP_S = 0.9
"""For leaving both."""

if __name__ == "__main__":
    log_to_owner()
    keep_time()
    run_and_leave(lambda: asyncio.run(_run()))
