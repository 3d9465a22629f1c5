"""Closing the real window in every state, by itself or by a signal: all that was started ends, and soon."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.states import Command, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import press_key, wait_session_state, wait_until
from avatar_gui.theme import Theme
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.ui.real_room.conftest import EMBEDDED
from tests.ui.real_room.real_window import KEYS, NUMBER_KEYS, ask, ready, speaking

HANG_S = 10.0
"""The promise is two seconds; this only tells a hang from a busy machine. What it took is in the test report."""

Drive = Callable[..., BenchSession]
Record = Callable[[str, object], None]
WORKER = "avatar_core.avatar.worker"


async def close(window: MainWindow, leftovers: Leftovers, record: Record, name: str) -> None:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    window.request_close()
    async with asyncio.timeout(HANG_S):
        await window.wait_closed()
    record(f"closed_in_s {name}", round(loop.time() - started_s, 2))
    await leftovers.nothing_within(HANG_S)
    record(f"all_gone_in_s {name}", round(loop.time() - started_s, 2))


async def runs(leftovers: Leftovers, module: str, number: int = 1) -> None:
    await wait_until(lambda: len(leftovers.processes(module)) == number, LIMIT_S, lambda: f"{module} does not run")


async def be_paused(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    await speaking(window)
    result = await ask(window, Command.PAUSE)
    assert result.ok, result.text


async def be_speaking(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    await speaking(window)


async def be_ready(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)


async def be_swapping(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    await speaking(window)
    press_key(window, NUMBER_KEYS["audio-wave"])
    await runs(leftovers, WORKER, 2)


async def be_interrupting(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    await speaking(window)
    press_key(window, KEYS[Command.INTERRUPT])
    await wait_until(
        lambda: window.commands[Command.INTERRUPT].state == "busy", LIMIT_S, lambda: "it does not interrupt"
    )


async def be_failed(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    leftovers.kill("avatar_core.viewer")
    await wait_session_state(window, SessionState.FAILED, LIMIT_S)


async def be_roomless(window: MainWindow, leftovers: Leftovers) -> None:
    await ready(window)
    await speaking(window)
    leftovers.kill("avatar_core.roomserver")
    await wait_session_state(window, SessionState.FAILED, LIMIT_S)


@pytest.mark.parametrize(
    ("be", "state"),
    [
        pytest.param(be_ready, SessionState.READY, id="ready"),
        pytest.param(be_speaking, SessionState.SPEAKING, id="speaking"),
        pytest.param(be_paused, SessionState.PAUSED, id="paused"),
        pytest.param(be_swapping, SessionState.SWAPPING, id="swapping"),
        pytest.param(be_interrupting, SessionState.SPEAKING, id="interrupting"),
        pytest.param(be_failed, SessionState.FAILED, id="failed"),
        pytest.param(
            be_roomless,
            SessionState.FAILED,
            id="room lost",
            marks=pytest.mark.error_logs("embedded room ended by itself, exit code -9"),
        ),
    ],
)
def test_closing_ends_all_that_was_started(
    be: Callable[[MainWindow, Leftovers], Awaitable[None]],
    state: SessionState,
    drive_real: Drive,
    leftovers: Leftovers,
    record_testsuite_property: Record,
) -> None:
    async def use(window: MainWindow) -> None:
        await be(window, leftovers)
        assert window.session.state is state
        await close(window, leftovers, record_testsuite_property, be.__name__)

    session = drive_real(use)
    balance = session.snapshot().balance
    assert (balance.open, balance.opened) == (0, balance.finished)


@pytest.mark.parametrize("module", ["avatar_core.roomserver", "avatar_core.viewer", WORKER])
def test_closing_while_it_connects_ends_what_runs_already(
    module: str, drive_real: Drive, leftovers: Leftovers, record_testsuite_property: Record
) -> None:
    async def use(window: MainWindow) -> None:
        await runs(leftovers, module)
        assert window.session.state is SessionState.CONNECTING
        await close(window, leftovers, record_testsuite_property, f"connecting {module}")

    drive_real(use)


def test_closing_before_it_connects_starts_nothing(
    qapp: Any, run: Callable[..., None], leftovers: Leftovers, record_testsuite_property: Record
) -> None:
    theme = Theme(qapp)

    async def use() -> None:
        window = MainWindow(qapp, BenchSession(EMBEDDED), theme)
        window.show()
        await close(window, leftovers, record_testsuite_property, "idle")
        assert window.session.state is SessionState.IDLE
        assert not window.isVisible()
        window.deleteLater()

    run(use())
    theme.deleteLater()


@pytest.mark.parametrize(("number", "when"), [(signal.SIGINT, "starts"), (signal.SIGTERM, "speaks")])
def test_a_signal_ends_the_program_and_all_that_it_started(
    number: signal.Signals,
    when: str,
    run: Callable[..., None],
    leftovers: Leftovers,
    tmp_path: Path,
    record_testsuite_property: Record,
) -> None:
    async def use() -> None:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "avatar_gui", "--out", str(tmp_path)), stdout=asyncio.subprocess.PIPE
        )
        assert program.stdout is not None
        try:
            if when == "starts":
                await runs(leftovers, "avatar_core.viewer")
            else:
                async with asyncio.timeout(LIMIT_S):
                    while b"speak" not in await program.stdout.readline():
                        assert program.returncode is None
            loop = asyncio.get_running_loop()
            started_s = loop.time()
            program.send_signal(number)
            async with asyncio.timeout(HANG_S):
                assert await program.wait() == 3
            await leftovers.nothing_within(HANG_S)
            record_testsuite_property(f"all_gone_in_s {number.name} {when}", round(loop.time() - started_s, 2))
        finally:
            if program.returncode is None:
                program.kill()
                await program.wait()

    run(use())
