"""The command `run`: a scenario without a window, its table, its run folder, its exit code."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from avatar_core.bench.contract import Session
from avatar_core.bench.results.result import build_result, step_line, table
from avatar_core.bench.results.run_folder import RunFolder, default_run_folder
from avatar_core.bench.scenarios.catalogue import SCENARIOS, Scenario
from avatar_core.bench.scenarios.steps import Step
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.faults import Faults
from avatar_core.errors import ConfigError, ProviderNotFound
from avatar_core.owner import on_termination
from avatar_core.playback.recall import SwapPolicy
from avatar_core.tasks import cancel_and_wait, spawn


@dataclass(frozen=True)
class RunRequest:
    """What `run` was asked for. `json_to` is a path, "-" for standard output, or empty.

    Without `swap_policy` the scenario's own is taken: `demo` carries speech over, all others let it finish.
    """

    scenario: str
    provider: str
    swap_to: str
    swap_policy: SwapPolicy | None = None
    seed: int = 0
    faults: Faults = field(default_factory=Faults)
    out: Path | None = None
    json_to: str = ""
    record: bool = False

    @property
    def policy(self) -> SwapPolicy:
        """The swap policy in force."""
        if self.swap_policy is not None:
            return self.swap_policy
        return SCENARIOS[self.scenario].policy


def run_headless(config: Config, request: RunRequest) -> str:
    """Run to the end and print; returns the verdict: pass, fail or broken. ConfigError for what is not there."""
    return asyncio.run(_run(config, request))


async def _run(config: Config, request: RunRequest) -> str:
    try:
        session = BenchSession(
            config,
            first_provider=request.provider,
            faults=request.faults,
            policy=request.policy,
            judged_by=SCENARIOS[request.scenario].judged_by,
            monitor_muted=True,
        )
        session.life.registry.get(request.swap_to)
    except ProviderNotFound as error:
        raise ConfigError(str(error)) from None
    out = request.out or default_run_folder(session.run_id)
    driving = spawn(drive(session, request, out), name="scenario")

    def stop() -> None:
        driving.cancel()

    return await until_stopped(session, driving, stop)


async def until_stopped(session: Session, driving: asyncio.Task[str], stop: Callable[[], None]) -> str:
    """The verdict that `driving` comes to; `stop` is called at SIGINT and SIGTERM. The session is closed."""
    on_termination(stop)
    try:
        return await driving
    except asyncio.CancelledError:
        print("The run was stopped.", file=sys.stderr)
        return "broken"
    finally:
        await cancel_and_wait(driving)
        await session.aclose()


async def drive(session: Session, request: RunRequest, out: Path, scenario: Scenario | None = None) -> str:
    """Run the scenario, print each step, then write the run folder `out` and print the result; returns the verdict.

    `scenario` stands in for one that can't be called by its name alone.
    """
    scenario = scenario or SCENARIOS[request.scenario]
    folder = RunFolder(out)
    folder.follow(session)
    session.run_folder = out
    steps: list[Step] = []
    progress = sys.stderr if request.json_to == "-" else sys.stdout
    try:
        async for step in scenario.run(session, request.swap_to):
            steps.append(step)
            print(step_line(step), file=progress, flush=True)
            if request.record and len(steps) == 1 and step.ok:
                print(f"  {(await session.record(True)).text}", file=progress, flush=True)
        if request.record:
            print(f"  {(await session.record(False)).text}", file=progress, flush=True)
        if not await session.wait_measured():
            print("Not everything was measured in time; the figures are of what was.", file=progress)
        snapshot, timeline, samples = session.snapshot(), session.timeline(0.0), tuple(session.samples())
        result = build_result(
            snapshot,
            timeline,
            steps,
            scenario=scenario,
            provider=request.provider,
            swap_to=request.swap_to if scenario.drives else None,
            swap_policy=request.policy.value if scenario.drives else None,
            seed=request.seed,
            faults=request.faults,
            samples=samples,
        )
        path = await asyncio.to_thread(folder.write_result, result)
        await asyncio.to_thread(folder.write_samples, samples)
        print(f"\n{table(snapshot, timeline)}\n\nRun folder: {path.parent}", file=progress)
        if request.json_to == "-":
            print(json.dumps(result, indent=2))
        elif request.json_to:
            await asyncio.to_thread(_write, Path(request.json_to), json.dumps(result, indent=2))
    finally:
        folder.close()
    verdict: str = result["verdict"]
    return verdict


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The result can't be written to {path}: {error.strerror}. Choose another --json.") from error
