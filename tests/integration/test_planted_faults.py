"""Faults over a real room: one of each level is caught by its check, a clean run is silent, a loaded machine is told.

A run that can't be trusted is repeated, and in the end left out: that is the machine's doing, not the bench's.
"""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.commands.fault_matrix import Seen
from avatar_core.bench.commands.fault_runs import observe
from avatar_core.bench.scenarios.catalogue import SCENARIOS, Scenario
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.wire.codec import JsonScalar

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "a test"), avatar_size=(640, 360))
PATTERN = "sync-pattern"
SHORT = SCENARIOS["barge_in_single"]
ATTEMPTS = 2
"""The whole matrix starts a run up to three times; on a machine that is never calm each costs half a minute."""
JUDGED = Scenario("test", SHORT.steps, ("barge_in_single", "monologue", "health"))


async def seen(check: str, folder: Path | None = None, **planted: JsonScalar) -> Seen:
    """What a run shows whose `check` can be trusted."""
    for _ in range(ATTEMPTS):
        shown = await observe(EMBEDDED, Faults(planted), PATTERN, JUDGED, folder=folder)
        if shown.trusted(check):
            return shown
    return pytest.skip(f"{check} could not be trusted in {ATTEMPTS} runs")


@pytest.mark.parametrize(
    ("check", "planted"),
    [
        ("av_offset_ms", {"offset_ms": 400.0}),
        ("interrupt_leak_ms", {"leak_ms": 300.0}),
        ("step:speak again", {"leave_after_s": 3.0}),
        ("finding:B26", {"wrong_identity": True}),
    ],
    ids=["media", "wire", "life", "accomplice"],
)
async def test_a_planted_fault_is_caught_by_its_check(check: str, planted: dict[str, JsonScalar]) -> None:
    assert check in (await seen(check, **planted)).fired


async def test_a_clean_run_is_silent(tmp_path: Path) -> None:
    shown = await seen("av_offset_ms", tmp_path)
    assert {name: shown.value(name) for name in shown.fired} == {}
    assert shown.value("av_offset_ms") is not None
    (run,) = json.loads((tmp_path / "result.json").read_text())["runs"]
    assert run["metrics"].keys() >= {"av_offset_ms", "fps"}
    assert "av_offset_ms" in (tmp_path / "samples.csv").read_text()


async def test_a_loaded_machine_makes_a_run_broken_and_blames_no_avatar(tmp_path: Path) -> None:
    busy = [await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass") for _ in range(4)]
    try:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "avatar_gui", "run", "barge_in_single", "--provider", PATTERN),
            *("--room", "embedded", "--out", str(tmp_path)),
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await run.wait() == 3
    finally:
        for loop in busy:
            loop.kill()
            await loop.wait()
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert result["verdict"] == "broken"
    verdicts = {check["verdict"] for one in result["runs"] for check in one["checks"]}
    assert "broken" in verdicts
    assert "fail" not in verdicts
