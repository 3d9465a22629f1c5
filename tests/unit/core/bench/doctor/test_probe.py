import asyncio
import os
from pathlib import Path

import pytest

from avatar_core.bench.doctor.probe import SHOWN_CHARACTERS, ProbeResult, one_line, run_probe


async def test_a_childs_last_line_is_its_answer_and_it_sees_its_arguments() -> None:
    result = await run_probe("import json, sys; print('noise'); print(json.dumps({'got': sys.argv[1:]}))", "-a", "b")
    assert result.succeeded
    assert result.values() == {"got": ["-a", "b"]}


async def test_a_child_that_fails_says_why_in_its_last_line() -> None:
    result = await run_probe("raise OSError('no library')")
    assert not result.succeeded
    assert result.failure() == "OSError: no library (exit code 1)"


async def test_a_child_that_aborts_harms_nobody_and_its_first_line_says_why() -> None:
    result = await run_probe(
        "import os, sys; print('why', 'and more', sep='\\n', file=sys.stderr, flush=True); os.abort()"
    )
    assert not result.succeeded
    assert result.failure() == "why (ended by signal 6)"


async def test_a_child_that_hangs_is_ended() -> None:
    result = await run_probe("import signal; signal.pause()", timeout_s=0.01)
    assert result == ProbeResult(None)
    assert result.failure() == "it did not answer in time"


async def test_a_cancelled_probe_ends_its_child(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    os.mkfifo(pid_file)
    source = "import os, signal, sys; open(sys.argv[1], 'w').write(str(os.getpid())); signal.pause()"
    probe = asyncio.get_running_loop().create_task(run_probe(source, str(pid_file)))
    # Opening the pipe waits for the child, which has started by then.
    pid = int(await asyncio.to_thread(pid_file.read_text))
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_modules_of_the_current_folder_are_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    assert (await run_probe("import json; print(json.dumps({}))")).values() == {}


def test_an_answer_that_is_no_object_is_refused() -> None:
    with pytest.raises(ValueError, match="one JSON object"):
        ProbeResult(0, "[]").values()


def test_text_from_outside_becomes_one_printable_line() -> None:
    assert one_line(" a\n\tb\x1b[31m c\x00 ") == "a b [31m c"


def test_long_text_keeps_its_beginning_and_its_end() -> None:
    shown = one_line("begin " + "x" * 1000 + " end")
    assert len(shown) <= SHOWN_CHARACTERS
    assert shown.startswith("begin x")
    assert shown.endswith("x end")
