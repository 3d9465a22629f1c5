"""Planted faults that take somebody else in the room: who speaks beside the avatar, or answers in its place."""

import asyncio
import logging
from collections.abc import Callable

from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.stage.venue import AGENT_IDENTITY, Venue
from avatar_core.errors import RoomError
from avatar_core.media.source import ToneSource
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.room.publishing import PublishedAudio
from avatar_core.room.voice_output import VOICE_OPTIONS
from avatar_core.tasks import TaskGroup
from avatar_core.wire.livekit import RPC_PLAYBACK_FINISHED, PlaybackFinished, encode_playback_finished

_log = logging.getLogger(__name__)

SECOND_AVATAR = "avatar-second"
_IMPOSTOR = "somebody-else"
_LOOK_S = 0.1
_ANSWER_AFTER_S = 0.5


class Accomplice:
    """Started once the session's own avatar is there; `segment` says which one is open (None: nothing is said).

    `agent` is the bench agent's connection, given; what it published ends with it.
    """

    def __init__(
        self, venue: Venue, agent: RoomConnection, faults: Faults, segment: Callable[[], tuple[str, int] | None]
    ) -> None:
        self._venue = venue
        self._agent = agent
        self._faults = faults
        self._segment = segment
        self._connections: list[RoomConnection] = []
        self._tasks = TaskGroup()

    async def start(self) -> None:
        """Plant what is to be planted; raises RoomError."""
        if "agent_audible" in self._faults:
            self._speak(await self._agent.publish_audio("voice", options=VOICE_OPTIONS), 600.0)
        if "second_avatar" in self._faults:
            second = await self._join(SECOND_AVATAR)
            self._speak(await second.publish_audio("avatar_audio", options=VOICE_OPTIONS), 500.0)
        if "wrong_identity" in self._faults:
            impostor = await self._join(_IMPOSTOR)
            self._tasks.spawn(self._answer(impostor), name="planted impostor")

    async def aclose(self) -> None:
        """Leave; harmless twice."""
        await self._tasks.aclose()
        await asyncio.gather(*(connection.aclose() for connection in self._connections))

    async def _join(self, identity: str) -> RoomConnection:
        seat, connection = self._venue.seat(identity), RoomConnection()
        self._connections.append(connection)
        await connection.connect(seat.url, seat.token, ConnectOptions(auto_subscribe=False))
        return connection

    def _speak(self, audio: PublishedAudio, frequency_hz: float) -> None:
        self._tasks.spawn(self._sound(audio, frequency_hz), name=f"planted voice {audio.name}")

    async def _sound(self, audio: PublishedAudio, frequency_hz: float) -> None:
        """A tone for as long as something is said; the track's own queue keeps the time."""
        try:
            async for frame in ToneSource(frequency_hz, sample_rate_hz=VOICE_OPTIONS.sample_rate_hz):
                while self._segment() is None:
                    await asyncio.sleep(_LOOK_S)
                await audio.capture(frame)
        except RoomError as failure:
            _log.info("a planted voice has ended: %s", failure)

    async def _answer(self, impostor: RoomConnection) -> None:
        """Say of each segment that it is over, half a second after it began."""
        answered: tuple[str, int] | None = None
        while True:
            await asyncio.sleep(_LOOK_S)
            segment = self._segment()
            if segment is None or segment == answered:
                continue
            answered = segment
            await asyncio.sleep(_ANSWER_AFTER_S)
            finished = PlaybackFinished(
                _ANSWER_AFTER_S, interrupted=False, segment_id=segment[0], generation=segment[1]
            )
            try:
                await impostor.rpc.perform(AGENT_IDENTITY, RPC_PLAYBACK_FINISHED, encode_playback_finished(finished))
            except RoomError as failure:
                _log.info("a planted answer was refused: %s", failure)
