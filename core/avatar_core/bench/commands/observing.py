"""The command `run --observe`: somebody else's avatar measured without a window, until it is enough."""

import asyncio
import sys
from pathlib import Path

from avatar_core.bench.commands.headless import RunRequest, drive, until_stopped
from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.observe.observed import ObserveRequest
from avatar_core.bench.observe.session import ObserveSession
from avatar_core.bench.results.run_folder import default_run_folder
from avatar_core.bench.scenarios.observe import SCENARIO_NAME, observe_for
from avatar_core.bench.settings.config import Config
from avatar_core.bench.states import SessionState
from avatar_core.tasks import spawn

_SHOWN = ("Room", "Wait", "Avatar", "Left")


def observing_run(
    request: ObserveRequest, *, seed: int = 0, out: Path | None = None, json_to: str = "", record: bool = False
) -> RunRequest:
    """As `drive` takes it."""
    named = request.observed.named
    return RunRequest(SCENARIO_NAME, named, "", seed=seed, out=out, json_to=json_to, record=record)


def run_observing(config: Config, request: ObserveRequest, run: RunRequest) -> str:
    """Observe and print; returns the verdict: pass, fail or broken. ConfigError where no such room is named.

    Ctrl+C or SIGTERM ends it with a whole result; once more, or before the avatar is there, it ends without one.
    """
    return asyncio.run(_run(config, request, run))


async def _run(config: Config, request: ObserveRequest, run: RunRequest) -> str:
    session = ObserveSession(config, request.observed, monitor_muted=True)
    enough = asyncio.Event()

    def tell(text: str) -> None:
        print(text, file=sys.stderr if run.json_to == "-" else sys.stdout, flush=True)

    def on_event(event: SessionEvent) -> None:
        if event.kind in _SHOWN:
            tell(f"  {event.kind}: {event.text}")

    session.event.connect(on_event)
    scenario = observe_for(request.duration_s, enough, tell)
    driving = spawn(drive(session, run, run.out or default_run_folder(session.run_id), scenario), name="observing")

    def stop() -> None:
        if enough.is_set() or session.state in (SessionState.IDLE, SessionState.CONNECTING):
            driving.cancel()
        enough.set()

    return await until_stopped(session, driving, stop)
