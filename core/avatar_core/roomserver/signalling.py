"""The HTTP and WebSocket door: who may join, and one handler per client from its first message to its last."""

import asyncio
import logging
from typing import Protocol

from aiohttp import WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from avatar_core.errors import TokenError
from avatar_core.roomserver import requests
from avatar_core.roomserver.allowance import Allowance
from avatar_core.roomserver.channel import SignalChannel
from avatar_core.roomserver.config import RoomServerConfig
from avatar_core.roomserver.connection import MediaContext
from avatar_core.roomserver.dual import DualConnection
from avatar_core.roomserver.join import Join, MalformedJoin, read_dual, read_single
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.roomserver.sdp import MalformedSdp
from avatar_core.roomserver.single import SingleConnection
from avatar_core.tokens import TokenClaims, verify_token

_log = logging.getLogger(__name__)

# The client pings every interval; an interval of 0 makes the SDK panic (ROOMSERVER 4.1).
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15
_SILENCE_S = PING_INTERVAL_S + PING_TIMEOUT_S
_PROTOCOL = 17
_LIVEKIT_VERSION = "1.9.0"
"""The LiveKit release whose signalling this server speaks: the SDK refuses RPC to one before 1.8."""

_BYTES_PER_REQUEST = 4096
"""A longer request counts as several."""
_CODECS = ("audio/opus", "video/VP8", "video/H264", "video/VP9", "video/AV1")


class Rooms(Protocol):
    """The server's rooms, as its door sees them."""

    def check(self, claims: TokenClaims) -> None:
        """Raise an HTTPException where the bounds leave no place for the holder of `claims`."""
        ...

    def open(self, name: str) -> Room:
        """The room of that name, made where there is none."""
        ...


class Signalling:
    """The routes of the server and what happens behind them."""

    def __init__(self, config: RoomServerConfig, media: MediaContext, rooms: Rooms) -> None:
        self._config = config
        self._media = media
        self._rooms = rooms

    def routes(self) -> list[web.RouteDef]:
        """What the SDK asks of a server."""
        return [
            web.get("/", self._greet),
            web.get("/rtc/v1", self._join_single),
            web.get("/rtc", self._join_dual),
            web.get("/rtc/v1/validate", self._validate),
            web.get("/rtc/validate", self._validate),
        ]

    async def _greet(self, _request: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def _validate(self, request: web.Request) -> web.Response:
        """The SDK comes here after a refused join, to show the reason."""
        self._authorize(request)
        return web.Response(text="success")

    async def _join_single(self, request: web.Request) -> web.WebSocketResponse:
        claims = self._authorize(request)
        try:
            join = read_single(request.query, max_bytes=self._config.limits.sdp_bytes)
        except MalformedJoin as error:
            raise web.HTTPBadRequest(text=f"{error}.") from None
        return await self._serve(request, claims, join, SingleConnection)

    async def _join_dual(self, request: web.Request) -> web.WebSocketResponse:
        return await self._serve(request, self._authorize(request), read_dual(request.query), DualConnection)

    def _authorize(self, request: web.Request) -> TokenClaims:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            token = request.query.get("access_token", "")
        try:
            claims = verify_token(token, api_key=self._config.api_key, api_secret=self._config.api_secret)
        except TokenError as error:
            raise web.HTTPUnauthorized(text=str(error)) from None
        if not claims.grants.room_join or not claims.grants.room:
            raise web.HTTPUnauthorized(text="The token does not allow to join a room (grant roomJoin, with the room).")
        if len(claims.identity.encode()) > self._config.limits.identity_bytes:
            raise web.HTTPUnauthorized(text=f"The identity is longer than {self._config.limits.identity_bytes} bytes.")
        return claims

    async def _serve(
        self,
        request: web.Request,
        claims: TokenClaims,
        join: Join,
        mode: type[SingleConnection] | type[DualConnection],
    ) -> web.WebSocketResponse:
        limits = self._config.limits
        self._rooms.check(claims)
        socket = web.WebSocketResponse(
            max_msg_size=limits.signal_message_bytes, receive_timeout=_SILENCE_S, compress=False
        )
        await socket.prepare(request)

        def cut_off() -> None:
            if request.transport is not None:
                request.transport.abort()

        channel = SignalChannel(socket, cut_off, capacity=limits.signal_queue_messages, write_s=limits.signal_write_s)
        channel.start(f"room signalling to {claims.identity}")
        try:
            if join.reconnect:
                # Resuming is not offered: the client comes back whole, which takes 0.4 s on one machine.
                channel.leave(models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.Action.RECONNECT)
            else:
                await self._attend(socket, channel, claims, join, mode)
        finally:
            await channel.aclose()
        return socket

    async def _attend(
        self,
        socket: web.WebSocketResponse,
        channel: SignalChannel,
        claims: TokenClaims,
        join: Join,
        mode: type[SingleConnection] | type[DualConnection],
    ) -> None:
        """One participant's stay, from the welcome to the leave."""
        room = self._rooms.open(claims.grants.room)
        participant = Participant(
            room,
            claims,
            join.client,
            channel,
            lambda owner: mode(owner, self._media),
            auto_subscribe=join.auto_subscribe,
        )
        reason = models.DisconnectReason.SIGNAL_CLOSE
        try:
            self._welcome(participant, join)
            await self._read(participant, socket)
        except requests.ClientLeft:
            reason = models.DisconnectReason.CLIENT_INITIATED
        except (MalformedSdp, DecodeError) as error:
            _log.warning("room %r: %r sent what can't be read: %s", room.name, claims.identity, error)
            reason = models.DisconnectReason.STATE_MISMATCH
            channel.leave(reason, rtc.LeaveRequest.Action.DISCONNECT)
        except TimeoutError:
            _log.info("room %r: nothing heard from %r for %d s", room.name, claims.identity, _SILENCE_S)
            reason = models.DisconnectReason.CONNECTION_TIMEOUT
        finally:
            room.leave(participant, reason)
            # The client closes its media when it is told to leave; a transport that went first would look like a fault.
            try:
                await channel.aclose()
            finally:
                await participant.connection.aclose()

    def _welcome(self, participant: Participant, join: Join) -> None:
        room = participant.room
        room.join(participant)
        participant.channel.send(
            join=rtc.JoinResponse(
                room=room.info,
                participant=participant.info,
                other_participants=room.others(participant),
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_TIMEOUT_S,
                server_info=models.ServerInfo(version=_LIVEKIT_VERSION, protocol=_PROTOCOL),
                server_version=_LIVEKIT_VERSION,
                enabled_publish_codecs=[models.Codec(mime=mime) for mime in _CODECS],
                fast_publish=True,
                subscriber_primary=isinstance(participant.connection, DualConnection),
            )
        )
        for track in join.tracks:
            requests.add_track(participant, track, self._config.limits)
        if join.offer is not None:
            participant.connection.offer_received(join.offer.sdp, join.offer.id)
        participant.connection.start()

    async def _read(self, participant: Participant, socket: web.WebSocketResponse) -> None:
        """Serve requests until the client or the server closes."""
        limits = self._config.limits
        loop = asyncio.get_running_loop()
        pace = Allowance(per_second=limits.signal_requests_per_s, burst=limits.signal_requests_at_once)
        while True:
            message = await socket.receive()
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):  # closed, closing or broken
                return
            # What comes after it was sent away could disturb its successor of the same identity.
            if message.type is WSMsgType.BINARY and participant.room.holds(participant):
                requests.serve(participant, rtc.SignalRequest.FromString(message.data), limits)
            # Even without a wait this lets the writers to the others run before the next request adds to their queues.
            await asyncio.sleep(pace.charge(1 + len(message.data) / _BYTES_PER_REQUEST, loop.time()))
