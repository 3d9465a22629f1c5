"""What the fault matrix makes of runs: caught, within its error, and nothing else; or not trusted."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from avatar_core.avatar.faults.table import FAULTS
from avatar_core.bench.commands import fault_runs
from avatar_core.bench.commands.fault_matrix import Row, Seen, markdown, row_object, what_was_seen
from avatar_core.bench.commands.fault_runs import MatrixRequest, rows
from avatar_core.bench.scenarios.steps import Step
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.snapshot import Finding, SessionSnapshot
from avatar_core.bench.states import SessionState
from avatar_core.errors import ConfigError
from avatar_core.metrics.verdicts import Check, Threshold

LEAK, OFFSET, LOST, CRASH = (FAULTS[name] for name in ("leak_ms", "offset_ms", "lost_finished", "crash_after_s"))


def check(metric: str, verdict: str, value: float | None) -> Check:
    why = "measurement not trusted: busy" if verdict == "broken" else ""
    return Check(Threshold(metric, "max", fail=1.0, source=""), verdict, value, why)


def seen(*checks: Check, findings: tuple[str, ...] = (), failed: tuple[str, ...] = ()) -> Seen:
    return Seen(checks, tuple(Finding(one, "", 0.0, "p") for one in findings), failed, 0)


def test_a_fault_that_its_check_shows_at_its_size_is_as_it_should_be() -> None:
    row = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "fail", 230.0), check("fps", "pass", 30.0)))
    assert (row.caught, row.detected, row.within, row.false_alarms, row.ok) == (True, 230.0, True, (), True)


def test_a_figure_far_from_what_was_planted_or_anything_else_that_fires_is_not() -> None:
    far = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "fail", 900.0)))
    assert (far.caught, far.within, far.ok) == (True, False, False)
    more = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "warn", 200.0), check("black_s", "warn", 1.0)))
    assert (more.false_alarms, more.ok) == (("black_s",), False)
    quiet = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "pass", 0.0)))
    assert (quiet.caught, quiet.ok) == (False, False)


@pytest.mark.parametrize(("detected", "within"), [(290.0, False), (400.0, True), (690.0, True), (900.0, False)])
def test_an_end_that_is_cut_off_may_take_the_pause_before_it_along(detected: float, within: bool) -> None:
    row = Row(FAULTS["truncated_end_ms"], 400.0, seen(check("missing_end_ms", "fail", detected)))
    assert row.within is within


def test_an_offset_is_told_against_the_zero_of_clean_runs() -> None:
    row = Row(OFFSET, 120.0, seen(check("av_offset_ms", "warn", 88.0)), zero_ms=-33.0)
    assert (row.detected, row.within, row.ok) == (121.0, True, True)


def test_what_the_way_added_is_no_part_of_an_offset() -> None:
    shown = replace(seen(check("av_offset_ms", "warn", 88.0)), way_ms=-15.0)
    assert Row(OFFSET, 120.0, shown, zero_ms=-18.0).detected == 121.0


def test_findings_and_steps_catch_what_no_figure_does() -> None:
    assert Row(LOST, 1.0, seen(findings=("B4",))).ok
    assert Row(CRASH, 6.0, seen(failed=("avatar",))).caught


def test_a_check_that_cannot_be_trusted_says_nothing_and_is_not_a_miss() -> None:
    row = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "broken", None)))
    assert (row.trusted, row.ok) == (False, False)
    assert row.why == "measurement not trusted: busy"
    assert row.why in markdown([row])


def test_a_check_that_was_not_measured_is_looked_at_again_and_then_a_miss() -> None:
    row = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "skipped", None)))
    assert (row.is_told, row.trusted, row.caught, row.ok) == (False, True, False, False)
    assert Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "pass", 0.0), check("fps", "skipped", None))).is_told
    assert Row(LOST, 1.0, seen(findings=("B4",))).is_told
    assert Row(None, 0.0, seen(check("fps", "pass", 30.0), check("black_s", "skipped", None))).is_told


def test_a_clean_run_is_silent_or_it_is_an_alarm() -> None:
    assert Row(None, 0.0, seen(check("fps", "pass", 30.0))).ok
    alarm = Row(None, 0.0, seen(check("fps", "warn", 12.0)))
    assert (alarm.ok, alarm.false_alarms, alarm.alarms) == (False, ("fps",), "fps 12")
    assert Row(None, 0.0, seen(failed=("avatar",))).alarms == "step:avatar"
    assert not Row(None, 0.0, seen(check("fps", "broken", None))).trusted
    halves = (check("fps", "fail", 8.0), check("black_s", "broken", None), check("still_s", "skipped", None))
    assert not Row(None, 0.0, seen(*halves)).trusted
    assert Row(None, 0.0, seen(*halves, check("freeze_s", "pass", 0.0))).trusted
    assert "false alarms in them: 1 (fps)" in markdown([alarm])


def test_the_table_and_the_rows_for_scripts_tell_the_same() -> None:
    row = Row(LEAK, 200.0, seen(check("interrupt_leak_ms", "fail", 230.0)), attempts=2)
    assert "| `leak_ms` | +200 ms | `interrupt_leak_ms` | 230 | yes |  |" in markdown([row])
    told = json.loads(json.dumps(row_object(row)))
    assert (told["fault"], told["detected"], told["attempts"], told["ok"]) == ("leak_ms", 230.0, 2, True)


def test_what_a_session_showed_is_taken_from_its_snapshot_and_steps() -> None:
    snapshot = SessionSnapshot(0.0, 0.0, SessionState.READY, "run-1", room=None, checks=(check("fps", "warn", 1.0),))
    shown = what_was_seen(snapshot, [Step("connect", True, "", 0.0), Step("avatar", False, "", 0.0)])
    assert shown.fired == {"fps", "step:avatar"}


def test_faults_are_chosen_by_name_and_a_wrong_one_is_refused() -> None:
    assert [kind.name for kind in MatrixRequest(("leak_ms", "gap_ms")).kinds()] == ["gap_ms", "leak_ms"]
    assert len(MatrixRequest().kinds()) == len(FAULTS)
    with pytest.raises(ConfigError, match=r"'explode'\. Known are offset_ms"):
        MatrixRequest(("explode",)).kinds()


async def test_runs_that_are_not_as_they_should_be_keep_their_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    alarm, silent = seen(check("black_s", "warn", 1.0)), seen(check("black_s", "pass", 0.0))
    caught, missed = seen(check("interrupt_leak_ms", "fail", 230.0)), seen(check("interrupt_leak_ms", "pass", 0.0))
    runs = iter([alarm, silent, caught, missed])

    async def observe(*_: object, folder: Path, **__: object) -> Seen:
        await asyncio.to_thread(folder.mkdir, parents=True)
        return next(runs)

    monkeypatch.setattr(fault_runs, "observe", observe)
    done = [row async for row in rows(Config(RoomChoice(RoomKind.EMBEDDED, "a test")), [LEAK], tmp_path)]
    assert [row.ok for row in done] == [False, True, True, False]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["1-clean", "4-leak_ms=500"]
