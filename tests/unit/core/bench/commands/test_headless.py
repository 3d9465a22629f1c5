"""`drive` on the fake session: what is printed where, and what is written."""

import json
from pathlib import Path

import pytest

from avatar_core.bench.commands.headless import RunRequest, drive, run_headless
from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.errors import ConfigError
from avatar_core.playback.recall import SwapPolicy

REQUEST = RunRequest("demo", "talking-head", "sync-pattern")
EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "a test"))


def refusing() -> FakeSession:
    """A session whose run is over after its first step."""
    session = FakeSession(times=FakeTimes().faster(50))
    session.faults.add(FakeFault.CONNECT_REFUSED)
    return session


async def test_a_run_prints_its_steps_and_figures_and_writes_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = refusing()
    assert await drive(session, REQUEST, tmp_path / "run") == "broken"
    await session.aclose()
    printed = capsys.readouterr()
    assert "✗ connect" in printed.out
    assert f"Run folder: {tmp_path / 'run'}" in printed.out
    assert printed.err == ""
    assert json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))["verdict"] == "broken"
    assert {"events.jsonl", "log", "result.json"} <= {path.name for path in (tmp_path / "run").iterdir()}


async def test_json_on_standard_output_is_nothing_but_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = refusing()
    await drive(session, RunRequest("demo", "talking-head", "sync-pattern", json_to="-"), tmp_path)
    await session.aclose()
    printed = capsys.readouterr()
    assert json.loads(printed.out)["runs"][0]["scenario"] == "demo"
    assert "✗ connect" in printed.err


async def test_a_result_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    session, path = refusing(), tmp_path / "no" / "such" / "result.json"
    with pytest.raises(ConfigError, match=r"result\.json.*--json"):
        await drive(session, RunRequest("demo", "talking-head", "sync-pattern", json_to=str(path)), tmp_path)
    await session.aclose()


def test_the_demo_carries_and_every_other_scenario_finishes_unless_told() -> None:
    assert REQUEST.policy is SwapPolicy.CARRY
    assert RunRequest("monologue", "a", "b").policy is SwapPolicy.FINISH
    assert RunRequest("demo", "a", "b", swap_policy=SwapPolicy.FINISH).policy is SwapPolicy.FINISH


@pytest.mark.parametrize(
    "request_", [RunRequest("demo", "nobody", "audio-wave"), RunRequest("demo", "audio-wave", "nobody")]
)
def test_an_unknown_provider_is_a_bad_argument(request_: RunRequest) -> None:
    with pytest.raises(ConfigError, match="nobody"):
        run_headless(EMBEDDED, request_)
