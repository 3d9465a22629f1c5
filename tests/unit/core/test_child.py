"""Real children: small Python programs that behave, or misbehave, as a process of the bench could."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import pytest

from avatar_core.child import MAX_LINE_BYTES, ChildProcess
from avatar_core.errors import BenchError

ECHO = "import sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)"
DEAF = (
    "import signal, sys, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"
)


async def start(program: str, *, grace_s: float = 5.0) -> ChildProcess:
    return await ChildProcess.start_command([sys.executable, "-c", program], name="child", grace_s=grace_s)


async def first_line(child: ChildProcess) -> bytes:
    async for line in child.lines():
        return line
    return b""


async def read_all(child: ChildProcess) -> list[bytes]:
    return [line async for line in child.lines()]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_lines_go_down_and_up() -> None:
    child = await start(ECHO)
    child.send_line(b"one\n")
    assert await first_line(child) == b"got one\n"
    await child.aclose()


async def test_closing_its_stdin_ends_it_and_closing_again_is_harmless() -> None:
    child = await start(ECHO)
    child.send_line(b"one\n")
    await first_line(child)
    await child.aclose()
    await child.aclose()
    assert not child.running
    assert not is_alive(child.pid)


async def test_one_that_does_not_end_in_its_time_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    child = await start(DEAF, grace_s=0.1)
    await first_line(child)
    await child.aclose()
    assert child.ended.result() == -9
    assert "is killed" in caplog.text


async def test_the_exit_code_and_the_last_words_tell_how_it_ended() -> None:
    child = await start("import sys; print('the disk is full', file=sys.stderr); sys.exit(3)")
    assert await child.how_it_ended() == "exit code 3. the disk is full"
    await child.aclose()


async def test_its_daily_log_is_no_last_word() -> None:
    said = "print('it broke', file=sys.stderr); print('INFO child goes on', file=sys.stderr)"
    child = await start(f"import sys; {said}; print('WARNING child slow', file=sys.stderr); sys.exit(1)")
    assert await child.how_it_ended() == "exit code 1. it broke"
    await child.aclose()


async def test_a_signal_is_named_by_its_number() -> None:
    child = await start(ECHO)
    child.kill()
    assert await child.how_it_ended() == "signal 9."
    child.kill()
    await child.aclose()


async def test_its_log_lines_become_ours(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "avatar_core.child"):
        child = await start("import sys; print('hello', file=sys.stderr)")
        await child.ended
        await child.aclose()
    assert "child: hello" in caplog.messages


async def test_what_was_written_before_the_end_is_still_read() -> None:
    child = await start("for number in range(1000): print(number)")
    await child.ended
    assert await read_all(child) == [b"%d\n" % number for number in range(1000)]
    await child.aclose()


async def test_an_overlong_line_is_dropped_and_the_next_one_is_read(caplog: pytest.LogCaptureFixture) -> None:
    child = await start(f"print('x' * {MAX_LINE_BYTES + 10}); print('short')")
    assert (await read_all(child))[-1] == b"short\n"
    assert "line of more than" in caplog.text
    await child.aclose()


async def test_lines_to_one_that_ended_are_ignored() -> None:
    child = await start("pass")
    await child.ended
    child.send_line(b"late\n")
    await child.aclose()


async def test_one_that_does_not_read_is_noticed_and_not_fed_without_end() -> None:
    child = await start("import time; time.sleep(60)")
    with pytest.raises(BenchError, match="does not read"):
        for _ in range(20):
            child.send_line(b"x" * (1 << 19) + b"\n")
    await child.aclose()


async def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(BenchError, match=r"could not be started: .*\(/no/such/program\)"):
        await ChildProcess.start_command(["/no/such/program"], name="child")


async def test_a_module_is_not_shadowed_by_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "this.py").write_text("raise SystemExit('a foreign module was started')")
    monkeypatch.chdir(tmp_path)
    child = await ChildProcess.start("this", name="zen")
    assert b"Zen of Python" in await first_line(child)
    await child.aclose()


async def test_a_cancelled_start_leaves_no_process() -> None:
    starting = asyncio.get_running_loop().create_task(start(DEAF))
    await asyncio.sleep(0)
    starting.cancel()
    (failure,) = await asyncio.gather(starting, return_exceptions=True)
    assert isinstance(failure, asyncio.CancelledError)


async def test_a_module_finds_what_is_added_to_its_environment() -> None:
    child = await ChildProcess.start(
        "timeit", "-n1", "-r1", "import os; print(os.environ['TOLD'])", name="child", environment={"TOLD": "1 thread"}
    )
    assert await first_line(child) == b"1 thread\n"
    await child.aclose()
