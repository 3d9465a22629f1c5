"""The observer's place in somebody else's room: one hidden viewer, in a process of its own."""

import asyncio
import secrets

from avatar_core.bench.settings.config import Config
from avatar_core.bench.stage.lifeline import Lifeline
from avatar_core.bench.stage.venue import Venue, open_venue
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.room.closing import CloseOnce
from avatar_core.signal import Signal
from avatar_core.wire import viewer_commands, viewer_events


class Post:
    """Opened once, closed once; made inside a running loop. `lost` tells of a room or a viewer that went by itself.

    Nobody in the room is told of it: an agent that takes the first one to come for its user is not misled, nor does a
    conversation end with it. Its identity is its own, so that it pushes nobody out.
    """

    def __init__(self, config: Config, room_name: str) -> None:
        self.identity = f"observer-{secrets.token_hex(4)}"
        self.viewer_said: Signal[object] = Signal("viewer event")
        self._config = config
        self._room_name = room_name
        self._lifeline = Lifeline()
        self.lost = self._lifeline.lost
        self.unless_lost = self._lifeline.unless_lost
        self._venue: Venue | None = None
        self._viewer: ViewerChild | None = None
        self._joined = asyncio.Event()
        self._close_once = CloseOnce(self._close, name="observer leaves")

    @property
    def venue(self) -> Venue:
        """The room; open() comes first."""
        assert self._venue is not None
        return self._venue

    @property
    def viewer(self) -> ViewerChild | None:
        """The viewer process, once it is in the room and until it is told to leave."""
        return self._viewer if self._joined.is_set() and not self._close_once.started else None

    async def open(self, *, monitor_muted: bool) -> ViewerChild:
        """Join; raises BenchError, and then close it. A room that can't be joined is told by `unless_lost`."""
        self._venue = await open_venue(self._config, self._room_name)
        token = self._venue.observer_token(self.identity)
        start = viewer_commands.StartViewer(self._venue.room.url, token, None, monitor_muted)
        self._viewer = await ViewerChild.start(start)
        self._viewer.said.connect(self._on_said)
        self._viewer.ended.connect(self._on_ended)
        await self._joined.wait()
        return self._viewer

    async def aclose(self) -> None:
        """Leave; harmless twice, and while opening."""
        self._lifeline.let_go()
        await self._close_once()

    def _on_said(self, message: object) -> None:
        if isinstance(message, viewer_events.ViewerJoined):
            self._joined.set()
        if not self._close_once.started:
            self.viewer_said.emit(message)

    def _on_ended(self, why: str) -> None:
        what = "The viewer process ended" if self._joined.is_set() else f"Room {self._room_name!r} was not joined"
        self._lifeline.lose(what, why)

    async def _close(self) -> None:
        if self._viewer is not None:
            await self._viewer.aclose()
        if self._venue is not None:
            await self._venue.aclose()
