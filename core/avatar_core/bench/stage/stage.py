"""What a session has running while it is connected: room, dispatcher, viewer, the agent's connection, the avatar."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.settings.config import Config
from avatar_core.bench.stage.cast import Actor, Cast
from avatar_core.bench.stage.lifeline import Lifeline
from avatar_core.bench.stage.venue import Venue, open_venue
from avatar_core.bench.viewing.viewer_child import ViewerChild
from avatar_core.child import ChildProcess
from avatar_core.clock import Clock
from avatar_core.errors import BenchError, ProviderStartError, RoomError, WireError
from avatar_core.providers.joining import JOIN_TIMEOUT_S
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.room.rpc import RpcCall, RpcError
from avatar_core.room.values import ConnectionState, Participant, ParticipantLeft, StateChanged
from avatar_core.signal import Signal
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.wire import viewer_commands
from avatar_core.wire.livekit import (
    RPC_PLAYBACK_FINISHED,
    RPC_REJECT,
    RPC_SWAP_AVATAR,
    SwapRequest,
    decode_swap_request,
)

_log = logging.getLogger(__name__)

_DISPATCHER_START_S = 15.0
_STREAM_END_S = 0.3
_CALLER_S = 4.0
"""LiveKit's server tells once in three seconds of those who publish nothing, and lets them call before."""
_GOODBYE_S = 0.5
"""How long a server of ours is kept for those who leave its room; it has time to end itself afterwards."""

ATTRIBUTE_MAY_SWAP = "bench.may_swap"
"""Set to "true" in the token of whoever may ask for a swap by RPC."""

_NOT_ALLOWED, _BAD_REQUEST, _SWAP_FAILED = 2401, 2400, 2500  # codes of our own, outside LiveKit's 1001 to 1999


class DispatcherChild:
    """The dispatcher that launches our workers, as an owned child on loopback.

    `ended` tells of an end that nobody asked for, in words; its workers are gone then, too.
    """

    def __init__(self) -> None:
        self.ended: Signal[str] = Signal("dispatcher ended")
        self._watch: asyncio.Task[None] | None = None
        self._child: ChildProcess | None = None
        self._url = ""

    @property
    def url(self) -> str:
        """Where to post; ProviderStartError while it does not run."""
        if self._child is None or not self._child.running or not self._url:
            raise ProviderStartError("The dispatcher does not run, so no reference avatar can be started. Reconnect.")
        return self._url

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._child.pid if self._child is not None and self._child.running else None

    async def start(self) -> None:
        """Start it and wait until it serves; raises BenchError."""
        self._child = child = await ChildProcess.start("avatar_core.avatar.dispatcher", name="dispatcher")
        child.send_line(json.dumps({"host": "127.0.0.1", "port": 0}).encode() + b"\n")
        try:
            async with asyncio.timeout(_DISPATCHER_START_S):
                async for line in child.lines():
                    self._url = str(json.loads(line)["url"])
                    self._watch = spawn(self._tell_of_end(child), name="dispatcher watch")
                    return
        except TimeoutError:
            raise BenchError(f"The dispatcher was not ready in {_DISPATCHER_START_S:.0f} s.") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BenchError(f"The dispatcher's first line can't be read: {error}") from error
        raise BenchError(f"The dispatcher ended at its start. {child.last_words}")

    async def aclose(self) -> None:
        """End it with all its workers; harmless twice."""
        child, self._child = self._child, None
        if child is not None:
            await child.aclose()
        await cancel_and_wait(self._watch)

    async def _tell_of_end(self, child: ChildProcess) -> None:
        how = await child.how_it_ended()
        if self._child is child:
            self.ended.emit(how)


class Stage:
    """Opened once, closed once; the session makes a new one to connect again.

    `lost` tells of anything that ended by itself and cannot be done without: (what, why) in words.
    """

    def __init__(
        self,
        config: Config,
        room_name: str,
        clock: Clock,
        dispatcher: DispatcherChild,
        *,
        join_timeout_s: float = JOIN_TIMEOUT_S,
    ) -> None:
        self.viewer_said: Signal[object] = Signal("viewer event")
        self.avatar_left: Signal[Actor] = Signal("avatar left")
        self.dispatcher = dispatcher
        self.actor: Actor | None = None
        self._config = config
        self._room_name = room_name
        self._clock = clock
        self._venue: Venue | None = None
        self._connection: RoomConnection | None = None
        self._viewer: ViewerChild | None = None
        self._cast: Cast | None = None
        self._join_timeout_s = join_timeout_s
        self._opening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._lifeline = Lifeline()
        self.lost = self._lifeline.lost
        self.unless_lost = self._lifeline.unless_lost
        lose = self._lifeline.lose
        self._disconnect = dispatcher.ended.connect(lambda how: lose("The dispatcher process ended", how))

    @property
    def venue(self) -> Venue:
        """The room; open() comes first."""
        assert self._venue is not None
        return self._venue

    @property
    def connection(self) -> RoomConnection:
        """The agent's; open() comes first."""
        assert self._connection is not None
        return self._connection

    @property
    def viewer(self) -> ViewerChild:
        """The viewer process; open() comes first."""
        assert self._viewer is not None
        return self._viewer

    @property
    def cast(self) -> Cast:
        """Who starts avatars; open() comes first."""
        assert self._cast is not None
        return self._cast

    @property
    def is_open(self) -> bool:
        """Whether everything came up."""
        return self._cast is not None and self._closing is None

    async def open(self, *, monitor_muted: bool) -> None:
        """Bring up everything but the avatar; raises BenchError, and then close it."""
        self._opening = spawn(self._open(monitor_muted=monitor_muted), name="stage open")
        await self._opening

    async def _open(self, *, monitor_muted: bool) -> None:
        dispatcher = spawn(self.dispatcher.start(), name="dispatcher start")
        try:
            self._venue = await open_venue(self._config, self._room_name)
            self._venue.on_server_exit(lambda why: self._lifeline.lose("The room server ended", why))
            url = self._venue.room.url
            self._viewer = await ViewerChild.start(
                viewer_commands.StartViewer(url, self._venue.viewer_token(), None, monitor_muted)
            )
            self._viewer.said.connect(self._on_viewer_said)
            self._viewer.ended.connect(lambda why: self._lifeline.lose("The viewer process ended", why))
            self._connection = RoomConnection(clock=self._clock)
            self._connection.events.state_changed.connect(self._on_state)
            self._connection.events.participant_disconnected.connect(self._on_left)
            # The agent speaks; what is seen and heard is the viewer's matter.
            await self._connection.connect(url, self._venue.agent_token(), ConnectOptions(auto_subscribe=False))
            await dispatcher
        finally:
            await cancel_and_wait(dispatcher)
        self._cast = Cast(self._venue, self._connection, self._clock, join_timeout_s=self._join_timeout_s)

    def refuse_foreign_answers(self, found: Callable[[WireFinding], None]) -> None:
        """Refuse answers of whoever is none of this stage's avatars, and tell of them (B26)."""

        async def refuse(call: RpcCall) -> str:
            if call.caller not in self.cast.identities:
                claim = f"{call.caller!r}, which is not the avatar, told that a segment is over"
                found(WireFinding("B26", claim, self._clock.now()))
            return RPC_REJECT

        self.connection.rpc.register(RPC_PLAYBACK_FINISHED, refuse)

    def serve_swaps(self, swap: Callable[[SwapRequest], Awaitable[CommandResult]]) -> None:
        """Answer the RPC `swap_avatar` of participants whose token carries the right (docs/protocols.md)."""

        async def answer(call: RpcCall) -> str:
            caller = await self._caller(call.caller)
            if caller is None or caller.attributes.get(ATTRIBUTE_MAY_SWAP) != "true":
                raise RpcError(_NOT_ALLOWED, f"{call.caller} may not swap the avatar: {ATTRIBUTE_MAY_SWAP} is not set")
            try:
                result = await swap(decode_swap_request(call.payload))
            except WireError as error:
                raise RpcError(_BAD_REQUEST, str(error)) from None
            if not result.ok:
                raise RpcError(_SWAP_FAILED, result.text)
            return json.dumps({"text": result.text, "values": dict(result.values)})

        self.connection.rpc.register(RPC_SWAP_AVATAR, answer)

    async def aclose(self) -> None:
        """End everything at once; harmless twice, and while opening."""
        if self._closing is None:
            self._lifeline.let_go()
            self._closing = spawn(self._close(), name="stage close")
        await asyncio.shield(self._closing)

    async def _caller(self, identity: str) -> Participant | None:
        """Who calls; one that has just joined may call before the room tells of it."""
        try:
            return await self.connection.wait_for(
                lambda: self.connection.participant(identity), what=f"caller {identity!r}", timeout_s=_CALLER_S
            )
        except RoomError:
            return None

    async def _close(self) -> None:
        self._disconnect()
        # First of all nothing may come up any more that would be missed below.
        await cancel_and_wait(self._opening)
        actor, self.actor = self.actor, None
        leaving = [
            spawn(self._leave(actor), name="stage leave"),
            spawn(self.dispatcher.aclose(), name="dispatcher end"),
        ]
        if self._viewer is not None:
            leaving.append(spawn(self._viewer.aclose(), name="viewer end"))
        await asyncio.wait(leaving, timeout=_GOODBYE_S)
        if self._venue is not None:
            leaving.append(spawn(self._venue.aclose(), name="room end"))
        for failure in await asyncio.gather(*leaving, return_exceptions=True):
            if isinstance(failure, Exception):
                _log.error("closing went wrong", exc_info=failure)

    async def _leave(self, actor: Actor | None) -> None:
        # While the SDK tries to reconnect, the end of a stream waits for it; leaving the room frees whoever waits.
        ending = spawn(actor.sink.aclose(), name="end of speech") if actor is not None else None
        if ending is not None:
            await asyncio.wait({ending}, timeout=_STREAM_END_S)
        if self._connection is not None:
            await self._connection.aclose()
        if ending is not None:
            await ending
        if actor is not None:
            await actor.dismiss()

    def _on_viewer_said(self, message: object) -> None:
        if self._closing is None:
            self.viewer_said.emit(message)

    def _on_left(self, left: ParticipantLeft) -> None:
        if self.actor is not None and left.participant.identity == self.actor.identity and self._closing is None:
            self.avatar_left.emit(self.actor)

    def _on_state(self, change: StateChanged) -> None:
        if change.current is ConnectionState.LOST:
            self._lifeline.lose("The room is gone", change.reason)
