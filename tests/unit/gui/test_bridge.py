import threading

from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import SessionState
from avatar_gui.bridge import SessionBridge


def test_facts_pass_until_the_bridge_is_closed(qapp: QApplication) -> None:
    session, heard = FakeSession(), []
    bridge = SessionBridge(session)
    bridge.event_came.connect(heard.append)
    bridge.state_changed.connect(heard.append)
    session.world.announce("Mark", "one")
    session.world.set_state(SessionState.CONNECTING)
    bridge.close()
    bridge.close()
    session.world.announce("Mark", "two")
    assert [fact.text if isinstance(fact, SessionEvent) else fact for fact in heard] == ["one", SessionState.CONNECTING]


def test_a_fact_told_on_another_thread_arrives_on_the_windows_own(qapp: QApplication, qtbot: QtBot) -> None:
    session, threads = FakeSession(), []
    bridge = SessionBridge(session)
    bridge.event_came.connect(
        lambda _: threads.append(QThread.currentThread()),
    )
    teller = threading.Thread(target=session.world.announce, args=("Mark", "one"))
    with qtbot.waitSignal(bridge.event_came):
        teller.start()
    teller.join()
    qtbot.waitUntil(lambda: len(threads) == 1)
    bridge.close()
