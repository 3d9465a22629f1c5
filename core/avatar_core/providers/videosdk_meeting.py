"""An avatar in a VideoSDK meeting, brought into our room by a relay: in VideoSDK's own, or in the stand-in of one."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from avatar_core.clock import Clock
from avatar_core.errors import BenchError, ProviderStartError
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.providers.videosdk import Dispatching, VideoSdkAvatar, VideoSdkWorker, worker_id_of
from avatar_core.room.server import RoomServer, start_embedded_room
from avatar_core.signal import Signal
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.videosdk.account import MeetingAccount
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials, AvatarJoinInfo
from avatar_core.videosdk.launch import launch_avatar
from avatar_core.videosdk.relay.child import RelayChild
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF
from avatar_core.wire.relay import JoinBoth, MeetingPlace, Relayed, RoomPlace
from avatar_core.wire.videosdk import SAMPLE_RATE_HZ

_AVATAR_JOIN_S: Final = 20.0
_TOKEN_S: Final = 3600.0
_ROOM: Final = "meeting"


@dataclass(frozen=True)
class StandInHabits:
    """How the stand-in is. Its data channels are as on a network without loss, unless told otherwise (PROTOCOLS V6).

    With `worker_by_relay` our worker takes part as it does in VideoSDK's own meetings; else it joins by itself.
    """

    loss: float = 0.0
    spread_s: float = 0.0
    seed: int = 0
    worker_by_relay: bool = False


@dataclass(frozen=True)
class _StandIn:
    """What MeetingAccount is to VideoSDK's own meetings."""

    server: RoomServer
    habits: StandInHabits
    python: str = ""

    def place(self, participant_id: str, peer: str) -> MeetingPlace:
        habits, token = self.habits, _room_token(self.server, participant_id)
        url = self.server.room.url
        return MeetingPlace(
            "stand-in", _ROOM, participant_id, peer, token, url, habits.loss, habits.spread_s, habits.seed
        )


class VideoSdkMeeting(VideoSdkAvatar):
    """Each avatar has a relay that stands for it in the room, and for the agent in the meeting.

    `account` None: the meeting is a stand-in on this machine, and the avatar our reference worker.
    """

    def __init__(
        self,
        reference: Callable[[], Dispatching],
        clock: Clock,
        account: MeetingAccount | None = None,
        *,
        habits: StandInHabits | None = None,
        own_voice: bool = False,
    ) -> None:
        ours = account is None or not (account.dispatcher_url or account.avatar_id)
        traits = ProviderTraits(
            id="videosdk-meeting",
            name="VideoSDK meeting" if account is not None else "VideoSDK stand-in",
            kind="built-in" if ours else "dispatched",
            sample_rate_hz=SAMPLE_RATE_HZ,
            exact_position=ours,
            shows_pattern=ours,
        )
        super().__init__(traits, reference, clock, own_voice=own_voice)
        self._reference = reference
        self._account = account
        self._habits = habits or StandInHabits()

    async def start(self, seat: Seat) -> Avatar:
        """Bring relay and avatar into the meeting; ProviderStartError, or ProviderTimeout where it does not come."""
        relayed = _Relayed(self, seat)
        try:
            if self._account is None:
                await self._in_a_stand_in(relayed, seat)
            else:
                await self._in_a_meeting(relayed, seat, self._account)
        except BenchError as failure:
            await relayed.aclose()
            if isinstance(failure, ProviderStartError):
                raise
            raise ProviderStartError(f"{self.traits.name}: {failure}") from failure
        except BaseException:
            await relayed.aclose()
            raise
        return relayed

    async def _in_a_stand_in(self, relayed: "_Relayed", seat: Seat) -> None:
        stand_in = _StandIn(await _room_of_its_own(relayed), self._habits)
        agent, avatar = _agent_of(seat), seat.identity
        relay = await relayed.stand_in_room(stand_in.place(agent, avatar), stand_in.python)
        if self._habits.worker_by_relay:
            await self._bring_ours(relayed, stand_in, agent, avatar)
        else:
            await self._launch_ours(relayed, stand_in.server, avatar, controller=agent)
        await relay.peer_came(f"the avatar {avatar}", _AVATAR_JOIN_S)

    async def _in_a_meeting(self, relayed: "_Relayed", seat: Seat, account: MeetingAccount) -> None:
        agent, avatar = _agent_of(seat), account.avatar_id or seat.identity
        relay = await relayed.stand_in_room(account.place(agent, avatar), account.python)
        if account.dispatcher_url:
            host = account.signaling_base_url or None
            info = AvatarJoinInfo(account.meeting_id, account.token(avatar), avatar, host)
            await launch_avatar(account.dispatcher_url, info)
        elif not account.avatar_id:
            await self._bring_ours(relayed, account, agent, avatar)
        await relay.peer_came(f"the avatar {avatar} in the meeting {account.meeting_id}", _AVATAR_JOIN_S)

    async def _bring_ours(
        self, relayed: "_Relayed", meeting: MeetingAccount | _StandIn, agent: str, avatar: str
    ) -> None:
        """Our worker speaks in a room of its own, and a relay brings it into the meeting."""
        server = await _room_of_its_own(relayed)
        await self._launch_ours(relayed, server, avatar, controller=agent)
        room = RoomPlace(server.room.url, avatar, _room_token(server, agent))
        relay = await RelayChild.start(JoinBoth(meeting.place(avatar, agent), room), python=meeting.python)
        relayed.owns(relay.aclose)

    async def _launch_ours(self, relayed: "_Relayed", server: RoomServer, identity: str, *, controller: str) -> None:
        dispatching = self._reference()
        token = _room_token(server, identity, {ATTRIBUTE_PUBLISH_ON_BEHALF: controller})
        answer = await launch_avatar(dispatching.url, AvatarJoinInfo(_ROOM, token, identity, server.room.url))
        relayed.worker(dispatching.workers_url, worker_id_of(answer))


class _Relayed(VideoSdkWorker):
    """The avatar as the room has it, and all that was started for it, ended in the opposite order."""

    def __init__(self, provider: VideoSdkMeeting, seat: Seat) -> None:
        self.measured: Signal[tuple[str, float]] = Signal("measured by a relay")
        self._seat = seat
        self._owned: list[Callable[[], Awaitable[None]]] = []
        self._relay: RelayChild | None = None
        credentials = AvatarAuthCredentials(seat.identity, seat.token)
        super().__init__(provider, AvatarAudioOut(credentials=credentials), "", None)

    def owns(self, close: Callable[[], Awaitable[None]]) -> None:
        """End this as well."""
        self._owned.append(close)

    def worker(self, workers_url: str, worker_id: str | None) -> None:
        """The worker that was launched in the meeting."""
        self._base_url, self._worker_id = workers_url, worker_id

    async def stand_in_room(self, place: MeetingPlace, python: str) -> RelayChild:
        """A relay at this seat."""
        room = RoomPlace(self._seat.url, self._seat.agent_identity, self._seat.token)
        self._relay = relay = await RelayChild.start(JoinBoth(place, room), python=python)
        relay.relayed.connect(self._on_relayed)
        self.owns(relay.aclose)
        return relay

    async def why_ended(self) -> str:
        """The worker's reason, or the relay's."""
        relay = await self._relay.why_ended() if self._relay is not None else ""
        return await super().why_ended() or relay

    async def aclose(self) -> None:
        """Leave the meeting and end what was started for it."""
        await super().aclose()
        await self.dismiss()

    async def dismiss(self) -> None:
        """End relay and room."""
        while self._owned:
            # Not taken away before it is ended: whoever was cancelled meanwhile ends it the next time.
            await self._owned[-1]()
            self._owned.pop()

    def _on_relayed(self, relayed: Relayed) -> None:
        self.measured.emit((f"relay_{relayed.kind}_ms", relayed.p50_ms))


async def _room_of_its_own(relayed: _Relayed) -> RoomServer:
    key, secret = f"meeting-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    server = await start_embedded_room(api_key=key, api_secret=secret, why="the meeting's")
    relayed.owns(server.aclose)
    return server


def _room_token(server: RoomServer, identity: str, attributes: dict[str, str] | None = None) -> str:
    grants = VideoGrants(room_join=True, room=_ROOM)
    claims = TokenClaims(identity, grants, name=identity, kind="agent", attributes=attributes or {})
    return mint_token(claims, api_key=server.room.api_key, api_secret=server.room.api_secret, ttl_s=_TOKEN_S)


def _agent_of(seat: Seat) -> str:
    """Who the agent is in the meeting: another for each avatar, since a swap has two of them there at once."""
    return f"{seat.agent_identity}-of-{seat.identity}"
