"""The command `fault-matrix`: runs the faults one after another over a real room, repeats what can't be trusted."""

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.faults.table import FAULTS, FaultKind
from avatar_core.bench.commands.fault_matrix import Row, Seen, markdown, row_object, what_was_seen
from avatar_core.bench.results.result import build_result
from avatar_core.bench.results.run_folder import RunFolder
from avatar_core.bench.scenarios.catalogue import EXERCISE, Scenario
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.errors import ConfigError
from avatar_core.owner import on_termination
from avatar_core.tasks import cancel_and_wait, spawn

ATTEMPTS = 3
_JOIN_TIMEOUT_S = 8.0
_PATTERN, _FACE = "sync-pattern", "talking-head"
_FACE_CHECKS = (
    "still_s",
    "missing_start_ms",
    "missing_end_ms",
    "pitch_error_percent",
    "click_count",
    "audio_gap_ms",
    "leak_into_next_ms",
)


@dataclass(frozen=True, slots=True)
class MatrixRequest:
    """What `fault-matrix` was asked for: some faults by name, or all; where to write; `json_to` as for `run`."""

    only: Sequence[str] = ()
    out: Path | None = None
    json_to: str = ""

    def kinds(self) -> list[FaultKind]:
        """Those that are asked for, in the table's order; raises ConfigError for a name that is none."""
        for name in self.only:
            if name not in FAULTS:
                raise ConfigError(f"No fault is called {name!r}. Known are {', '.join(FAULTS)}.")
        return [kind for kind in FAULTS.values() if not self.only or kind.name in self.only]


def run_matrix(config: Config, request: MatrixRequest) -> str:
    """Run it and print the table; "pass" where all is as it should be, "broken" where nothing could be trusted."""
    return asyncio.run(_run(config, request))


async def rows(config: Config, kinds: Sequence[FaultKind], out: Path | None = None) -> AsyncIterator[Row]:
    """A clean run for each run with a fault, then those; each line as soon as it is known.

    The run folder of one that is not as it should be stays in `out`, where that is given.
    """
    planted = [(kind, strength) for kind in kinds for strength in kind.strengths]
    zeros: list[float] = []
    for number, (kind, _) in enumerate(planted, 1):
        provider = _provider(kind)
        row = await _attempt(config, None, 0.0, provider, 0.0, _folder(out, f"{number}-clean"))
        if provider == _PATTERN and (zero := row.seen.offset_ms) is not None:
            zeros.append(zero)
        yield row
    for number, (kind, strength) in enumerate(planted, len(planted) + 1):
        folder = _folder(out, f"{number}-{kind.name}{'' if kind.is_flag else f'={strength:g}'}")
        yield await _attempt(config, kind, strength, _provider(kind), median(zeros) if zeros else 0.0, folder)


def _folder(out: Path | None, name: str) -> Path | None:
    return None if out is None else out / "runs" / name


async def _attempt(
    config: Config, kind: FaultKind | None, strength: float, provider: str, zero_ms: float, folder: Path | None
) -> Row:
    """One run, repeated where it says nothing; `folder` keeps the last, where that is not as it should be."""
    for attempt in range(1, ATTEMPTS + 1):
        faults = Faults({} if kind is None else {kind.name: True if kind.is_flag else strength})
        takes_s = kind.takes_s if kind is not None else 0.0
        seen = await observe(config, faults, provider, takes_s=takes_s, folder=folder)
        row = Row(kind, strength, seen, zero_ms, attempt)
        if row.is_told:
            break
    if folder is not None and row.ok:
        await asyncio.to_thread(shutil.rmtree, folder)
    return row


async def observe(
    config: Config,
    faults: Faults,
    provider: str,
    scenario: Scenario = EXERCISE,
    *,
    takes_s: float = 0.0,
    folder: Path | None = None,
) -> Seen:
    """Do a scenario once with these faults, for `takes_s` at least, and say what was seen; `folder` takes the run."""
    session = BenchSession(
        config,
        first_provider=provider,
        faults=faults,
        judged_by=scenario.judged_by,
        monitor_muted=True,
        join_timeout_s=_JOIN_TIMEOUT_S + faults["slow_answer_s"] + faults["slow_start_s"],
    )
    written = RunFolder(folder) if folder is not None else None
    try:
        if written is not None:
            written.follow(session)
        ends_s = session.clock.now() + takes_s
        steps = [step async for step in scenario.run(session, provider)]
        await session.clock.sleep_until(ends_s)
        await session.wait_measured()
        snapshot = session.snapshot()
        if written is not None:
            samples = tuple(session.samples())
            result = build_result(
                snapshot,
                session.timeline(0.0),
                steps,
                scenario=scenario,
                provider=provider,
                swap_to=None,
                swap_policy=None,
                seed=0,
                faults=faults,
                samples=samples,
            )
            await asyncio.to_thread(written.write_result, result)
            await asyncio.to_thread(written.write_samples, samples)
        return what_was_seen(snapshot, steps)
    finally:
        await session.aclose()
        if written is not None:
            written.close()


def _provider(kind: FaultKind) -> str:
    """The pattern measures offsets; speech and faces are measured on a face that speaks."""
    return _FACE if kind.check in _FACE_CHECKS else _PATTERN


async def _run(config: Config, request: MatrixRequest) -> str:
    kinds, done = request.kinds(), list[Row]()
    total = 2 * sum(len(kind.strengths) for kind in kinds)
    progress = sys.stderr if request.json_to == "-" else sys.stdout

    async def go() -> None:
        async for row in rows(config, kinds, request.out):
            done.append(row)
            what = f"{row.kind.name} {row.strength:g}" if row.kind is not None else "clean"
            came = "ok" if row.ok else row.why or "not as it should be"
            more = f" ({row.alarms})" if row.false_alarms else ""
            print(f"{len(done)} of {total}: {what}: {came}{more}", file=progress, flush=True)

    going = spawn(go(), name="fault matrix")

    def stop() -> None:
        going.cancel()

    on_termination(stop)
    try:
        await going
    except asyncio.CancelledError:
        print("The matrix was stopped; here is what there is of it.", file=progress)
    finally:
        await cancel_and_wait(going)
    await asyncio.to_thread(_write, request, done, progress is sys.stderr)
    trusted = [row for row in done if row.trusted]
    if len(done) < total or not any(row.kind is not None for row in trusted):
        return "broken"
    return "pass" if all(row.ok for row in trusted) else "fail"


def _write(request: MatrixRequest, done: Sequence[Row], quiet: bool) -> None:
    table, objects = markdown(done), json.dumps([row_object(row) for row in done], indent=2)
    if request.out is not None:
        try:
            request.out.mkdir(parents=True, exist_ok=True)
            (request.out / "matrix.md").write_text(table + "\n", encoding="utf-8")
            (request.out / "matrix.json").write_text(objects + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigError(f"The matrix can't be written to {request.out}: {error.strerror}.") from error
    print(table, file=sys.stderr if quiet else sys.stdout)
    if quiet:
        print(objects)
