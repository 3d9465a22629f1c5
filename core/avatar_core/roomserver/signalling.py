"""The HTTP and WebSocket door: who may join, and one handler per client from its first message to its last."""

import asyncio
import base64
import binascii
import logging
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from aiohttp import WSMsgType, web
from google.protobuf.message import DecodeError
from livekit.protocol import models, rtc

from avatar_core.errors import TokenError
from avatar_core.roomserver import requests
from avatar_core.roomserver.channel import SignalChannel
from avatar_core.roomserver.config import RoomServerConfig
from avatar_core.roomserver.connection import MediaContext
from avatar_core.roomserver.dual import DualConnection
from avatar_core.roomserver.participant import Participant
from avatar_core.roomserver.room import Room
from avatar_core.roomserver.sdp import MalformedSdp
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.tokens import TokenClaims, verify_token

_log = logging.getLogger(__name__)

# The client pings every interval; an interval of 0 makes the SDK panic (ROOMSERVER 4.1).
PING_INTERVAL_S = 5
PING_TIMEOUT_S = 15
_SILENCE_S = PING_INTERVAL_S + PING_TIMEOUT_S
_PROTOCOL = 17
_CODECS = ("audio/opus", "video/VP8", "video/H264", "video/VP9", "video/AV1")


@dataclass(frozen=True)
class _Join:
    """What a client says when it connects, in either mode."""

    client: models.ClientInfo
    auto_subscribe: bool
    reconnect: bool
    offer: rtc.SessionDescription | None
    tracks: tuple[rtc.AddTrackRequest, ...] = ()


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

    def __init__(self, config: RoomServerConfig, media: MediaContext, rooms: Rooms, version: str) -> None:
        self._config = config
        self._media = media
        self._rooms = rooms
        self._version = version

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
        return await self._serve(
            request, claims, _read_join_request(request, self._config.limits.sdp_bytes), single=True
        )

    async def _join_dual(self, request: web.Request) -> web.WebSocketResponse:
        claims = self._authorize(request)
        query = request.query
        known = models.ClientInfo.Capability.DESCRIPTOR.values_by_number
        numbers = [int(text) for text in query.get("capabilities", "").split(",") if text.isdecimal()]
        client = models.ClientInfo(
            version=query.get("version", ""),
            client_protocol=_number(query, "client_protocol"),
            capabilities=[known[number].name for number in numbers if number in known],
        )
        join = _Join(
            client=client,
            auto_subscribe=query.get("auto_subscribe", "1") in ("1", "true"),
            reconnect=query.get("reconnect", "") in ("1", "true"),
            offer=None,
        )
        return await self._serve(request, claims, join, single=False)

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
        self, request: web.Request, claims: TokenClaims, join: _Join, *, single: bool
    ) -> web.WebSocketResponse:
        limits = self._config.limits
        self._rooms.check(claims)
        socket = web.WebSocketResponse(
            max_msg_size=limits.signal_message_bytes, receive_timeout=_SILENCE_S, compress=False
        )
        await socket.prepare(request)
        channel = SignalChannel(socket, capacity=limits.signal_queue_messages)
        writer = spawn(channel.write(), name=f"room signalling to {claims.identity}")
        if join.reconnect:
            # Resuming is not offered: the client comes back whole, which takes 0.4 s on one machine.
            channel.leave(models.DisconnectReason.STATE_MISMATCH, rtc.LeaveRequest.Action.RECONNECT)
            await _finish(writer)
            return socket
        room = self._rooms.open(claims.grants.room)
        participant = Participant(
            room,
            claims,
            join.client,
            channel,
            self._media,
            single=single,
            auto_subscribe=join.auto_subscribe,
        )
        reason = models.DisconnectReason.SIGNAL_CLOSE
        try:
            self._welcome(participant, join, single=single)
            await self._read(participant, socket)
        except requests.ClientLeft:
            reason = models.DisconnectReason.CLIENT_INITIATED
        except (MalformedSdp, DecodeError) as error:
            _log.warning("room %s: %s sent what can't be read: %s", room.name, claims.identity, error)
            reason = models.DisconnectReason.STATE_MISMATCH
            channel.leave(reason, rtc.LeaveRequest.Action.DISCONNECT)
        except TimeoutError:
            _log.info("room %s: nothing heard from %s for %d s", room.name, claims.identity, _SILENCE_S)
            reason = models.DisconnectReason.CONNECTION_TIMEOUT
        finally:
            room.leave(participant, reason)
            channel.close()
            await participant.connection.aclose()
            await _finish(writer)
        return socket

    def _welcome(self, participant: Participant, join: _Join, *, single: bool) -> None:
        room = participant.room
        room.join(participant)
        participant.channel.send(
            join=rtc.JoinResponse(
                room=room.info,
                participant=participant.info,
                other_participants=room.others(participant),
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_TIMEOUT_S,
                server_info=models.ServerInfo(version=self._version, protocol=_PROTOCOL),
                server_version=self._version,
                enabled_publish_codecs=[models.Codec(mime=mime) for mime in _CODECS],
                fast_publish=True,
                subscriber_primary=not single,
            )
        )
        for track in join.tracks:
            requests.add_track(participant, track, self._config.limits)
        if join.offer is not None:
            participant.connection.offer_received(join.offer.sdp, join.offer.id)
        if isinstance(participant.connection, DualConnection):
            participant.connection.start()

    async def _read(self, participant: Participant, socket: web.WebSocketResponse) -> None:
        """Serve requests until the client or the server closes."""
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.BINARY:
                requests.serve(participant, rtc.SignalRequest.FromString(message.data), self._config.limits)
            elif message.type is not WSMsgType.TEXT:  # closed, closing or broken
                return


async def _finish(writer: asyncio.Task[None]) -> None:
    """Let the last messages out, but not for ever."""
    done, _ = await asyncio.wait({writer}, timeout=1.0)
    if not done:
        await cancel_and_wait(writer)
    elif (failure := writer.exception()) is not None:
        _log.debug("signalling ended unwritten: %s", failure)


def _read_join_request(request: web.Request, max_bytes: int) -> _Join:
    """Decode the query of /rtc/v1; HTTPBadRequest for what is not a join request."""
    encoded = request.query.get("join_request", "")
    try:
        wrapped = rtc.WrappedJoinRequest.FromString(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        content = wrapped.join_request
        if wrapped.compression == rtc.WrappedJoinRequest.Compression.GZIP:
            content = _gunzip(content, max_bytes)
        join = rtc.JoinRequest.FromString(content)
    except (DecodeError, binascii.Error, zlib.error, ValueError) as error:
        raise web.HTTPBadRequest(text=f"The join request can't be read: {error}.") from None
    return _Join(
        client=join.client_info,
        auto_subscribe=join.connection_settings.auto_subscribe,
        reconnect=join.reconnect,
        offer=join.publisher_offer if join.HasField("publisher_offer") else None,
        tracks=tuple(join.add_track_requests),
    )


def _gunzip(content: bytes, max_bytes: int) -> bytes:
    """Decompress, bounded: a small message may unpack to a very large one."""
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    unpacked = decompressor.decompress(content, max_bytes)
    if decompressor.unconsumed_tail or not decompressor.eof:
        raise ValueError(f"it is cut short, or unpacks to more than {max_bytes} bytes")
    return unpacked


def _number(query: Mapping[str, str], name: str) -> int:
    value = query.get(name, "0")
    return int(value) if value.isdecimal() and len(value) < 10 else 0
