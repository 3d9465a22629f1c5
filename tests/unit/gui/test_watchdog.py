import tempfile
import threading
import time

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from avatar_core.clock import MonotonicClock
from avatar_gui.watchdog import STALL_S, LoopWatchdog, describe, where_is


def hold_the_loop(seconds: float) -> None:
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        pass


def test_a_stall_is_timed_and_named(qapp: QApplication, qtbot: QtBot) -> None:
    watchdog = LoopWatchdog(MonotonicClock())
    watchdog.start()
    with qtbot.waitSignal(watchdog.stalled, timeout=10_000) as stalled:
        hold_the_loop(4 * STALL_S)
    watchdog.close()
    watchdog.close()
    duration_s, where = stalled.args
    assert duration_s >= STALL_S
    assert "hold_the_loop" in where and "test_watchdog.py" in where


STACKS = """Thread 0x000000000000000a (most recent call first):
  File "/usr/lib/python3.11/selectors.py", line 468 in select
  File "/home/me/gui/avatar_gui/plots/panel.py", line 88 in show_data
  File "/home/me/gui/avatar_gui/main_window.py", line 140 in _tick

Current thread 0x000000000000000b (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 320 in wait
"""


def test_our_own_innermost_line_is_named_before_what_it_calls() -> None:
    assert describe(STACKS, 0xA) == "plots/panel.py:88 in show_data"


def test_code_of_others_is_named_where_there_is_none_of_ours() -> None:
    assert describe(STACKS, 0xB) == "python3.11/threading.py:320 in wait"
    assert describe(STACKS, 0xC) == "unknown code"


def test_another_threads_line_is_found_while_it_runs() -> None:
    seen: list[str] = []
    watched = threading.get_ident()

    def look() -> None:
        with tempfile.TemporaryFile() as file:
            seen.append(where_is(watched, file))

    looker = threading.Thread(target=look)
    looker.start()
    looker.join()
    assert "unknown" not in seen[0] and "where_is" not in seen[0]
