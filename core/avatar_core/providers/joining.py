"""Waiting for an avatar to be there, and its figures, by LiveKit's names: `wait_for_join`, `AvatarMetrics`."""

from collections.abc import Collection
from dataclasses import dataclass

from avatar_core.clock import wall_time
from avatar_core.errors import ProviderTimeout, RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.presence import Presence
from avatar_core.room.values import ConnectionState, TrackKind

JOIN_TIMEOUT_S = 30.0
_UNLIMITED_S = 86_400.0


@dataclass(frozen=True, slots=True)
class AvatarMetrics:
    """One fact about an avatar, field by field as livekit-agents 1.8 tells it: wall-clock seconds, or seconds.

    Told once it has joined, with both times; and for each segment it begins to play, with `playback_latency`: from its
    first frame to its start. `model_provider` is what they have in `metadata`.
    """

    timestamp: float
    playback_latency: float = 0.0
    session_started_time: float | None = None
    avatar_joined_time: float | None = None
    model_provider: str = ""


async def wait_for_join(
    connection: RoomConnection,
    identity: str,
    *,
    kinds: Collection[TrackKind] = (TrackKind.VIDEO,),
    timeout: float | None = JOIN_TIMEOUT_S,
    name: str = "",
) -> AvatarMetrics:
    """Return once the avatar `identity` is active in the room and publishes a track of each of `kinds`.

    May be called before the own join, and then waits for that too (B22 is that theirs does not). Raises
    ProviderTimeout, which calls it `name` and tells what was missing after `timeout` seconds (None: a day); RoomError
    when the connection ends.
    """
    started_s = wall_time()
    limit_s = _UNLIMITED_S if timeout is None else timeout
    avatar = Presence(connection, identity, kinds)
    try:
        await avatar.wait_until_whole(timeout_s=limit_s)
    except RoomError as failure:
        if connection.state in (ConnectionState.LOST, ConnectionState.CLOSED):
            raise
        who = name or f"The avatar {identity!r}"
        if connection.state is not ConnectionState.CONNECTED:
            raise ProviderTimeout(f"{who} was waited for {limit_s:g} s, but the room was not joined.") from failure
        if not avatar.in_room:
            raise ProviderTimeout(f"{who} did not join in {limit_s:g} s.") from failure
        raise ProviderTimeout(f"{who} joined, but in {limit_s:g} s {avatar.missing}.") from failure
    joined_s = wall_time()
    return AvatarMetrics(joined_s, session_started_time=started_s, avatar_joined_time=joined_s)
