"""Meetings of the stand-in over an embedded room, joined and left, with what they tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from avatar_core.clock import MonotonicClock
from avatar_core.room.server import RoomServer, start_embedded_room
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.videosdk.relay.stand_in import StandInMeeting
from avatar_core.wire.relay import MeetingPlace
from tests.patience import LIMIT_S

ROOM = "meeting"


class Told:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []
        self._came = asyncio.Event()

    def handle_event(self, action: str, data: Any) -> None:
        self.events.append((action, data))
        self._came.set()

    def of(self, action: str) -> list[Any]:
        return [data for name, data in self.events if name == action]

    async def hears(self, action: str, count: int = 1) -> list[Any]:
        async with asyncio.timeout(LIMIT_S):
            while len(self.of(action)) < count:
                self._came.clear()
                await self._came.wait()
        return self.of(action)


def place(server: RoomServer, name: str, *, peer: str = "peer", **habits: Any) -> MeetingPlace:
    """Where and as whom; a habit of the name `token` stands in for a good one."""
    claims = TokenClaims(name, VideoGrants(room_join=True, room=ROOM), name=name.title(), attributes={"role": name})
    room = server.room
    token = habits.pop("token", None) or mint_token(claims, api_key=room.api_key, api_secret=room.api_secret, ttl_s=60)
    return MeetingPlace("stand-in", ROOM, name, peer, token, room.url, **habits)


@asynccontextmanager
async def meeting_server() -> AsyncIterator[RoomServer]:
    server = await start_embedded_room(api_key="key", api_secret="s" * 32, why="test")
    try:
        yield server
    finally:
        await server.aclose()


@asynccontextmanager
async def joined_by(server: RoomServer, *names: str) -> AsyncIterator[list[StandInMeeting]]:
    """The meeting as each of `names` has it, who know of each other."""
    meetings = [StandInMeeting(place(server, name), MonotonicClock()) for name in names]
    told = [Told() for _ in meetings]
    for meeting, listener in zip(meetings, told, strict=True):
        meeting.add_event_listener(listener)
        await meeting.async_join()
    for listener in told:
        await listener.hears("participant-joined", len(names) - 1)
    try:
        yield meetings
    finally:
        for meeting, listener in zip(meetings, told, strict=True):
            meeting.leave()
            await listener.hears("meeting-left")


async def left(meeting: StandInMeeting) -> None:
    """Leave, and return when that is done."""
    told = Told()
    meeting.add_event_listener(told)
    meeting.leave()
    await told.hears("meeting-left")
