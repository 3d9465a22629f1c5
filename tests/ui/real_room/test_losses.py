"""Processes that die while the window speaks: it says which and why, and the user can go on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.states import Command, SegmentState, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, press_key, wait_event, wait_session_state, wait_state, wait_until
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.ui.real_room.conftest import EMBEDDED
from tests.ui.real_room.real_window import (
    Finishes,
    ask,
    assert_each_finished_once,
    everything_ended,
    figures,
    frames_move,
    ledger,
    notice_text,
    ready,
    screenshot,
    silence,
    speaking,
)

Drive = Callable[..., BenchSession]
WORKER = "avatar_core.avatar.worker"
DISPATCHER = "avatar_core.avatar.dispatcher"
VIEWER = "avatar_core.viewer"
ROOM_SERVER = "avatar_core.roomserver"


async def reconnect(window: MainWindow) -> None:
    before_s = window.session.clock.now()
    press_key(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    await wait_event(window, "Joined", since_s=before_s, timeout_s=LIMIT_S)


def test_a_worker_killed_while_speaking_is_named_and_can_be_started_again(
    drive_real: Drive, leftovers: Leftovers, long_speech: Path
) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        await figures(window)
        before_s = window.session.clock.now()
        leftovers.kill(WORKER)
        await wait_event(window, "Notice", "SIGKILL", since_s=before_s, timeout_s=LIMIT_S)
        await wait_session_state(window, SessionState.READY, LIMIT_S)
        title, body = await notice_text(window, "worker_died")
        assert title == "The avatar process ended (killed by signal SIGKILL)"
        assert "Start it again" in body
        assert "No avatar" in window.session.snapshot().blocked[Command.SPEAK]
        await wait_state(window, "preview.a", "stopped")
        await silence(window)
        assert [(row.state, row.ended) for row in ledger(window)] == [(SegmentState.INTERRUPTED, "avatar ended")]
        assert_each_finished_once(window, finishes)
        await screenshot(window, "worker-killed")
        find(window, "notice.worker_died.action0", QPushButton).click()
        await wait_state(window, "providers.card.talking-head", "live", LIMIT_S)
        await frames_move(window)
        await speaking(window)
        await ask(window, Command.INTERRUPT)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)

    drive_real(use, config=replace(EMBEDDED, return_timeout_s=0.2))


@pytest.mark.parametrize(
    ("module", "title"),
    [
        (VIEWER, "The viewer process ended"),
        pytest.param(
            ROOM_SERVER,
            "The room server ended",
            marks=pytest.mark.error_logs("embedded room ended by itself, exit code -9"),
        ),
    ],
    ids=["viewer", "room server"],
)
def test_the_window_fails_with_what_it_cannot_do_without_until_reconnect(
    module: str, title: str, drive_real: Drive, leftovers: Leftovers, long_speech: Path
) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        leftovers.kill(module)
        await wait_session_state(window, SessionState.FAILED, LIMIT_S)
        shown, body = await notice_text(window, "lost")
        assert shown == title
        assert "9" in body
        await wait_until(lambda: not leftovers.processes(), LIMIT_S, lambda: f"still there: {leftovers.processes()}")
        assert_each_finished_once(window, finishes)
        assert [row.state for row in ledger(window)] == [SegmentState.INTERRUPTED]
        await screenshot(window, f"{module.rpartition('.')[2]}-killed")
        await reconnect(window)
        await ready(window)
        await speaking(window)
        await ask(window, Command.INTERRUPT)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)

    drive_real(use)


def test_a_killed_dispatcher_takes_its_workers_along_and_reconnect_brings_both_back(
    drive_real: Drive, leftovers: Leftovers, long_speech: Path
) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        before_s = window.session.clock.now()
        leftovers.kill(DISPATCHER)
        await wait_event(window, "Notice", since_s=before_s, timeout_s=LIMIT_S)
        await wait_until(lambda: not leftovers.processes(WORKER), LIMIT_S, lambda: "the worker outlives its owner")
        await everything_ended(window)
        assert_each_finished_once(window, finishes)
        await screenshot(window, "dispatcher-killed")
        await reconnect(window)
        await ready(window)
        await speaking(window)
        await ask(window, Command.INTERRUPT)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)

    drive_real(use)
