"""The one way from core signals to Qt signals. A fact told on another thread arrives on the window's own."""

from PySide6.QtCore import QObject, Signal

from avatar_core.bench.contract import Session


class SessionBridge(QObject):
    """Passes on what a session tells, until it is closed.

    Signals:
        event_came: a SessionEvent.
        wire_came: a WireEvent.
        state_changed: a SessionState.
    """

    event_came = Signal(object)
    wire_came = Signal(object)
    state_changed = Signal(object)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disconnects = [
            session.event.connect(self.event_came.emit),
            session.wire.connect(self.wire_came.emit),
            session.state_changed.connect(self.state_changed.emit),
        ]

    def close(self) -> None:
        """Hear nothing more. Harmless twice."""
        for disconnect in self._disconnects:
            disconnect()
