"""One rtc.Room from join to end: its state, its loss, and SDK calls that never outlive it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from livekit import rtc

from avatar_core.errors import RoomError
from avatar_core.room import sdk
from avatar_core.room.closing import CloseOnce
from avatar_core.room.failures import connect_error, lost_error, not_allowed_error, not_connected_error
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import ConnectionState, StateChanged
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.tokens import VideoGrants

_log = logging.getLogger(__name__)

T = TypeVar("T")

JOIN_GRACE_S = 0.5  # for a join given up to end by itself: then the server hears of it
DISCONNECT_TIMEOUT_S = 1.0  # an SDK that tries to reconnect does not answer; the server sees the end anyway

_USABLE = (ConnectionState.CONNECTED, ConnectionState.RECONNECTING)


class RoomLink:
    """Owns the SDK's room object and the connection state; serves one join, then is done. Made inside a running loop.

    `on_joined` runs in the same loop step in which the SDK has joined, before any event of the room is handled.
    """

    def __init__(self, room: rtc.Room, *, on_joined: Callable[[], None]) -> None:
        self.room = room
        self.state = ConnectionState.NEW
        self.state_changed: Signal[StateChanged] = Signal("state_changed")
        # After whatever changed in the room, state included, once everybody heard of it.
        self.changed: Signal[None] = Signal("changed")
        # Done once the connection is lost or closed: what waits for the room waits for this as well.
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_joined = on_joined
        self._url = ""
        self._loss_reason = ""
        self._join: asyncio.Task[None] | None = None
        self._close_once = CloseOnce(self._close, name="room close")
        room.on("reconnecting", self._on_reconnecting)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_disconnected)

    async def connect(self, url: str, token: str, options: ConnectOptions) -> None:
        """Join; raises RoomConnectError, after which everything is freed. A second call is a RuntimeError."""
        if self.state is not ConnectionState.NEW:
            raise RuntimeError("a room connection joins once; make a new one to join again")
        self._url = url
        self._set_state(ConnectionState.CONNECTING)
        self._join = spawn(self._joined(url, token, options), name="room join")
        try:
            # In a task of its own: a join cancelled here would go on natively, as a participant that nobody owns.
            waited_for: tuple[asyncio.Future[Any], ...] = (self._join, self.ended)
            await asyncio.wait(waited_for, timeout=options.timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if self.ended.done():
                raise self.gone_error()
            if not self._join.done():
                raise connect_error(url, f"timed out after {options.timeout_s:g} s", token=token)
            self._join.result()
        except rtc.ConnectError as failure:
            raise connect_error(url, failure.message, token=token) from None
        finally:
            if not self.usable:
                await self.aclose()

    async def run(self, call: Coroutine[Any, Any, T], *, name: str) -> T:
        """Await an SDK call, but no longer than the connection lives; raises RoomLost or RoomError when it ends."""
        if not self.usable:
            call.close()
            raise self.gone_error()
        task = spawn(call, name=name)
        try:
            await asyncio.wait((task, self.ended), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise self.gone_error()
        finally:
            if not task.done():
                await cancel_and_wait(task)

    @property
    def usable(self) -> bool:
        """Whether calls to the SDK can be made: joined, be it interrupted at the moment."""
        return self.state in _USABLE

    def require_connected(self) -> None:
        """Raise RoomLost or RoomError unless the room is joined."""
        if not self.usable:
            raise self.gone_error()

    @property
    def grants(self) -> VideoGrants:
        """What the server allows now. The SDK lets a refused request run into a timeout, or go unheard: ask first."""
        self.require_connected()
        return sdk.to_grants(self.room.local_participant.permissions, self.room.name)

    def require_data_grant(self) -> None:
        """Raise RoomError unless data may be sent; streams and RPC are data too."""
        if not self.grants.may_publish_data():
            raise not_allowed_error("send data", "canPublishData")

    def gone_error(self) -> RoomError:
        """The error that tells why this connection can't be used."""
        if self.state is ConnectionState.LOST:
            return lost_error(self._url, self._loss_reason)
        return not_connected_error(self.state.value)

    async def aclose(self) -> None:
        """Leave and free everything native; calls while it runs wait for the same end."""
        await self._close_once()

    async def _joined(self, url: str, token: str, options: ConnectOptions) -> None:
        await self.room.connect(url, token, sdk.to_room_options(options))
        if self.state is ConnectionState.CONNECTING:
            self._on_joined()
            self._set_state(ConnectionState.CONNECTED)

    async def _close(self) -> None:
        self._set_state(ConnectionState.CLOSED)
        if self._join is not None:
            await asyncio.wait((self._join,), timeout=JOIN_GRACE_S)
            await cancel_and_wait(self._join)
        try:
            async with asyncio.timeout(DISCONNECT_TIMEOUT_S):
                await self.room.disconnect()
        except TimeoutError:
            _log.warning("leaving the room at %s took more than %g s; it is given up", self._url, DISCONNECT_TIMEOUT_S)
        await sdk.drop_unjoined(self.room)

    def _set_state(self, state: ConnectionState, reason: str = "") -> None:
        lost_for_good = self.state is ConnectionState.LOST and state is not ConnectionState.CLOSED
        if lost_for_good or self.state in (state, ConnectionState.CLOSED):
            return
        previous, self.state = self.state, state
        if state in (ConnectionState.LOST, ConnectionState.CLOSED) and not self.ended.done():
            self.ended.set_result(None)
        self.state_changed.emit(StateChanged(previous, state, reason))
        self.changed.emit(None)

    def _on_reconnecting(self) -> None:
        self._set_state(ConnectionState.RECONNECTING)

    def _on_reconnected(self) -> None:
        self._set_state(ConnectionState.CONNECTED)

    def _on_disconnected(self, reason: int) -> None:
        self._loss_reason = sdk.disconnect_reason(reason)
        self._set_state(ConnectionState.LOST, self._loss_reason)
