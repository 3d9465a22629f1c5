"""The commands `worker` and `dispatcher`: avatars of ours, or of the user's, hosted by hand. docs/hosting-an-avatar.md.

What they are is avatar_core.avatar's; here are the arguments, the credentials and the words for the terminal.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from avatar_core.avatar.dispatcher import DispatcherConfig, dispatch
from avatar_core.avatar.loading import load_generator
from avatar_core.avatar.runner import ReceiverFactory, livekit_receiver
from avatar_core.avatar.worker import be_avatar
from avatar_core.avatar.worker_options import read_options
from avatar_core.bench.commands.serve_room import stopped_by_signals
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.pairs import read_pairs
from avatar_core.bench.settings.room_choice import RoomKind
from avatar_core.bench.stage.venue import open_venue
from avatar_core.clock import MonotonicClock
from avatar_core.errors import ConfigError
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.videosdk.worker import videosdk_receiver
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.dispatch import LaunchRequest
from avatar_core.wire.process_messages import WorkerEnded, WorkerReady

_RECEIVERS = MappingProxyType({"livekit": livekit_receiver, "videosdk": videosdk_receiver})


@dataclass(frozen=True, slots=True)
class WorkerArguments:
    """What `worker` was asked for: which room, as whom, for whom, and with what face."""

    room_name: str
    identity: str
    agent: str
    generator: str
    options: Sequence[str]


def run_worker(config: Config, arguments: WorkerArguments) -> str:
    """Be one avatar until it is over or Ctrl+C; returns "pass", or "fail" where it failed.

    Raises ConfigError for options or a generator that are wrong, and where no room is named.
    """
    if config.room.kind is not RoomKind.URL:
        raise ConfigError("A worker joins a room that runs: give its URL with --room, or set LIVEKIT_URL.")
    options = read_pairs(arguments.options) | {"generator": arguments.generator}
    wire = read_options(options).wire
    load_generator(arguments.generator)
    ended = asyncio.run(_be_avatar(config, arguments, options, _RECEIVERS[wire]))
    print(f"The avatar ended: {ended.reason.replace('_', ' ')}. {ended.detail}", flush=True)
    return "fail" if ended.reason == "failed" else "pass"


def run_dispatcher(config: DispatcherConfig, *, as_json: bool) -> None:
    """Launch workers on demand until Ctrl+C or SIGTERM. Raises ConfigError, or BenchError where it can't listen."""

    def announce(url: str) -> None:
        if as_json:
            print(json.dumps({"url": url}), flush=True)
        else:
            print(f"The dispatcher is ready: POST {url}/launch. Ctrl+C stops it and its workers.", flush=True)

    async def serve() -> None:
        stop = asyncio.Event()
        with stopped_by_signals(stop):
            await dispatch(config, announce, stop)

    asyncio.run(serve())


async def _be_avatar(
    config: Config, arguments: WorkerArguments, options: dict[str, JsonScalar], receive: ReceiverFactory
) -> WorkerEnded:
    clock, stop = MonotonicClock(), asyncio.Event()
    venue = await open_venue(config, arguments.room_name)
    seat = venue.seat(arguments.identity, arguments.agent)
    request = LaunchRequest(seat.room_name, seat.url, seat.token, options)

    def on_ready(ready: WorkerReady) -> None:
        print(f"{ready.identity} is in room {request.room_name!r}. Ctrl+C ends it.", flush=True)

    with stopped_by_signals(stop):
        living = spawn(be_avatar(request, clock, on_ready, receive), name="worker life")
        stopping = spawn(stop.wait(), name="worker stop")
        try:
            await asyncio.wait({living, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return living.result() if living.done() else WorkerEnded("stopped", "Told to stop.", clock.now())
        finally:
            await cancel_and_wait(living, stopping)
