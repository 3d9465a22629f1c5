"""The embedded room server: one loop, one HTTP port, one UDP socket, any number of rooms."""

import asyncio
import logging
from typing import TypedDict

from aiohttp import web
from livekit.protocol import models, rtc

from avatar_core.errors import RoomServerError
from avatar_core.roomserver.config import RoomServerConfig
from avatar_core.roomserver.connection import MediaContext
from avatar_core.roomserver.dtls import Certificate
from avatar_core.roomserver.http_log import HttpLog
from avatar_core.roomserver.rooms import Rooms
from avatar_core.roomserver.signalling import Signalling
from avatar_core.roomserver.udp import MediaSocket
from avatar_core.tasks import TaskGroup
from avatar_core.tokens import MAX_TOKEN_BYTES

_log = logging.getLogger(__name__)

_MAX_REQUEST_LINE_BYTES = 128 << 10
"""A join request travels in the query: a whole session description, packed by gzip and base64."""

_FEEDBACK_INTERVAL_S = 0.05
_REPORT_INTERVAL_S = 1.0


class ServerStatistics(TypedDict):
    """What the server holds at a moment; all zero but `tasks` and the strangers' datagrams when nobody is there."""

    rooms: int
    participants: int
    tracks: int
    transports: int
    tasks: int
    sockets: int
    dropped_datagrams: int
    """Of strangers, or more than the socket took."""
    dropped_packets: int
    """Of or to the participants that are here: forged, malformed, or sent before they were connected."""
    dropped_data: int
    """Data packets of the rooms that are here: malformed, not allowed, or lossy and too many."""


class RoomServer:
    """`start`, then `url` is where clients connect; `aclose` ends every connection. Used once."""

    def __init__(self, config: RoomServerConfig) -> None:
        self.config = config
        self.url = ""
        self._rooms = Rooms(config.limits, quiet_update_s=config.quiet_update_s)
        self._socket = MediaSocket()
        self._runner: web.AppRunner | None = None
        self._tasks = TaskGroup()

    async def start(self) -> None:
        """Listen; raises RoomServerError where a port can't be had."""
        config = self.config
        await self._socket.open(config.address)
        certificate = Certificate()
        media = MediaContext(self._socket, certificate, certificate.context(), config.address, config.limits)
        application = web.Application()
        application.add_routes(Signalling(config, media, self._rooms).routes())
        self._runner = web.AppRunner(
            application,
            access_log=None,  # a query may carry a token
            logger=HttpLog(_log),
            max_line_size=_MAX_REQUEST_LINE_BYTES,
            max_field_size=MAX_TOKEN_BYTES + 1024,
            shutdown_timeout=1.0,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, config.address, config.port)
        try:
            await site.start()
        except OSError as error:
            await self.aclose()
            raise RoomServerError(
                f"Port {config.port} of {config.address} can't be had: {error.strerror}. Take another with --port."
            ) from error
        port = self._runner.addresses[0][1]
        host = f"[{config.address}]" if ":" in config.address else config.address
        self.url = f"ws://{host}:{port}"
        self._tasks.spawn(self._keep_time(), name="room feedback")

    async def aclose(self) -> None:
        """Close every connection and both ports; harmless twice."""
        for participant in self._rooms.participants():
            participant.channel.leave(models.DisconnectReason.SERVER_SHUTDOWN, rtc.LeaveRequest.Action.DISCONNECT)
        await self._tasks.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._socket.close()

    def statistics(self) -> ServerStatistics:
        """Counted now, for leak checks and curiosity."""
        participants = self._rooms.participants()
        runner = self._runner
        return ServerStatistics(
            rooms=len(self._rooms),
            participants=len(participants),
            tracks=sum(len(participant.tracks) for participant in participants),
            transports=len(self._socket),
            tasks=len(asyncio.all_tasks()),
            sockets=len(runner.server.connections) if runner is not None and runner.server is not None else 0,
            dropped_datagrams=self._socket.dropped,
            dropped_packets=sum(participant.connection.dropped for participant in participants),
            dropped_data=self._rooms.dropped_data,
        )

    async def _keep_time(self) -> None:
        """Feedback to every sender: arrival times and lost packets often, reports once a second."""
        loop = asyncio.get_running_loop()
        next_report_s = loop.time()
        while True:
            await asyncio.sleep(_FEEDBACK_INTERVAL_S)
            now_s = loop.time()
            reports = now_s >= next_report_s
            if reports:
                next_report_s = now_s + _REPORT_INTERVAL_S
            for participant in self._rooms.participants():
                participant.connection.uplink.send_feedback(now_s)
                if reports:
                    participant.connection.uplink.send_reports(now_s)
