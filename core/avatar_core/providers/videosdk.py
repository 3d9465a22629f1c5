"""Avatars that speak VideoSDK's wire in a LiveKit room: our reference worker, or one behind a dispatcher of theirs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from avatar_core.clock import Clock
from avatar_core.errors import WireError
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.providers.dispatched import DispatchedAvatar
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import TrackKind
from avatar_core.room.voice_output import VOICE_OPTIONS
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials
from avatar_core.videosdk.meeting_output import MeetingAudioOutput
from avatar_core.videosdk.own_voice_output import OwnVoiceOutput
from avatar_core.videosdk.room_meeting import RoomMeeting
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.dispatch import decode_launch_answer
from avatar_core.wire.videosdk import SAMPLE_RATE_HZ

_CLEAR_TIMEOUT_S = 2.3
_OWN_TRACK = "agent_voice"


@dataclass(frozen=True, slots=True)
class Dispatching:
    """Where to post. `workers_url` is that of a dispatcher of ours, which knows how a worker ended; else empty."""

    url: str
    workers_url: str = ""


def reference_dispatching(dispatcher_url: str, options: Mapping[str, JsonScalar] | None = None) -> Dispatching:
    """Our own dispatcher, asked for the sync pattern with `options` (size, frame rate, planted faults)."""
    asked = {**(options or {}), "generator": "sync-pattern", "sample_rate": SAMPLE_RATE_HZ}
    query = urlencode({name: json.dumps(value) for name, value in asked.items()})
    return Dispatching(f"{dispatcher_url}/videosdk?{query}", dispatcher_url)


def videosdk_avatars(
    reference: Callable[[], Dispatching],
    clock: Clock,
    *,
    dispatcher_url: str = "",
    lossy_audio: bool = False,
    own_voice: bool = False,
) -> list["VideoSdkAvatar"]:
    """Our reference worker, and whatever is behind a dispatcher of the user's, where there is one."""
    ours = ProviderTraits(
        id="videosdk-avatar",
        name="VideoSDK avatar",
        kind="built-in",
        sample_rate_hz=SAMPLE_RATE_HZ,
        exact_position=True,
        shows_pattern=True,
    )
    avatars = [VideoSdkAvatar(ours, reference, clock, lossy_audio=lossy_audio, own_voice=own_voice)]
    if dispatcher_url:
        theirs = ProviderTraits(
            id="videosdk-dispatched",
            name="VideoSDK dispatcher",
            kind="dispatched",
            sample_rate_hz=SAMPLE_RATE_HZ,
        )
        there = Dispatching(dispatcher_url)
        avatars.append(VideoSdkAvatar(theirs, lambda: there, clock, lossy_audio=lossy_audio, own_voice=own_voice))
    return avatars


class VideoSdkAvatar:
    """Posts VideoSDK's join info to `dispatching().url`, and speaks by data packets of the room.

    The credentials are the seat's: a token of LiveKit's, and the room's URL as `signaling_base_url`. With `lossy_audio`
    sound goes by the room's lossy channel, as faithful to VideoSDK's as a LiveKit room can be; with `own_voice` the
    agent has a track of its own, silent while the avatar speaks. Only where the traits say that its positions are exact
    it is waited for until it tells that it begins to sound.
    """

    def __init__(
        self,
        traits: ProviderTraits,
        dispatching: Callable[[], Dispatching],
        clock: Clock,
        *,
        lossy_audio: bool = False,
        own_voice: bool = False,
    ) -> None:
        self._traits = traits
        self._dispatching = dispatching
        self._clock = clock
        self._lossy_audio = lossy_audio
        self._own_voice = own_voice

    @property
    def traits(self) -> ProviderTraits:
        """What it is."""
        return self._traits

    async def start(self, seat: Seat) -> Avatar:
        """Launch a worker; raises ProviderStartError."""
        dispatching = self._dispatching()
        audio_out = AvatarAudioOut(
            credentials=AvatarAuthCredentials(seat.identity, seat.token),
            avatar_dispatcher_url=dispatching.url,
            room_id=seat.room_name,
            signaling_base_url=seat.url,
            clock=self._clock,
        )
        answer = await audio_out.connect()
        worker_id = worker_id_of(answer) if dispatching.workers_url else None
        return VideoSdkWorker(self, audio_out, dispatching.workers_url, worker_id)

    def meeting(self, connection: RoomConnection, identity: str) -> RoomMeeting:
        """The room as a meeting, in which `identity` alone is spoken to."""
        return RoomMeeting(connection, destinations=[identity], lossy_audio=self._lossy_audio)

    async def output(self, connection: RoomConnection, audio_out: AvatarAudioOut) -> AudioOutput:
        """The leaf that speaks through `audio_out`, which is in the room's meeting already; RoomError."""
        exact = self._traits.exact_position
        avatar = MeetingAudioOutput(
            connection,
            audio_out,
            wait_remote_tracks=tuple(TrackKind),
            wait_playback_start=exact,
            exact_position=exact,
            clear_buffer_timeout_s=_CLEAR_TIMEOUT_S,
            clock=self._clock,
        )
        if not self._own_voice:
            return avatar
        voice = await connection.publish_audio(_OWN_TRACK, options=VOICE_OPTIONS)
        left = connection.events.participant_disconnected
        return OwnVoiceOutput(avatar, voice, audio_out.participant_id, left, clock=self._clock)


class VideoSdkWorker(DispatchedAvatar):
    """One launched worker and the wire to it."""

    def __init__(
        self, provider: VideoSdkAvatar, audio_out: AvatarAudioOut, workers_url: str, worker_id: str | None
    ) -> None:
        super().__init__(workers_url, worker_id)
        self._provider = provider
        self._audio_out = audio_out
        self._meeting: RoomMeeting | None = None

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """The agent speaks in the room that it has joined (PROTOCOLS V4)."""
        self._meeting = self._provider.meeting(connection, self._audio_out.participant_id)
        self._audio_out.set_meeting(self._meeting)
        return await self._provider.output(connection, self._audio_out)

    async def aclose(self) -> None:
        """Leave the meeting, and end the worker where the dispatcher knows it by name."""
        await self._audio_out.aclose()
        if self._meeting is not None:
            self._meeting.close()
        await super().aclose()


def worker_id_of(answer: bytes) -> str | None:
    """The worker's name in the answer of a dispatcher of ours; others answer what they like (PROTOCOLS V2)."""
    try:
        return decode_launch_answer(answer).worker_id
    except WireError:
        return None
