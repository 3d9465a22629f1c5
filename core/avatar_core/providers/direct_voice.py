"""Direct voice: the speech as a track in the room, without a face. What customers hear where there is no avatar."""

from avatar_core.clock import Clock
from avatar_core.errors import ProviderStartError, RoomError
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.room.voice_output import VOICE_OPTIONS, VoiceAudioOutput

_TRACK_NAME = "agent_voice"


class DirectVoice:
    """A provider whose avatar is a participant of this process that publishes one track."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def traits(self) -> ProviderTraits:
        """What it is."""
        return ProviderTraits(
            id="direct-voice",
            name="Direct voice",
            kind="built-in",
            sample_rate_hz=VOICE_OPTIONS.sample_rate_hz,
            exact_position=True,
            has_face=False,
        )

    async def start(self, seat: Seat) -> Avatar:
        """Join and publish; raises ProviderStartError."""
        connection = RoomConnection(clock=self._clock)
        try:
            await connection.connect(seat.url, seat.token, ConnectOptions(auto_subscribe=False))
            audio = await connection.publish_audio(_TRACK_NAME, options=VOICE_OPTIONS)
        except RoomError as error:
            await connection.aclose()
            raise ProviderStartError(f"Direct voice could not join: {error}") from error
        except BaseException:
            await connection.aclose()
            raise
        return _Voice(connection, VoiceAudioOutput(audio, clock=self._clock))


class _Voice:
    """The participant that speaks."""

    def __init__(self, connection: RoomConnection, output: VoiceAudioOutput) -> None:
        self._connection = connection
        self._output = output

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """Where the speech goes: it comes from the voice's own connection."""
        return self._output

    async def why_ended(self) -> str:
        """Nothing is known of it but what the room tells."""
        return ""

    async def aclose(self) -> None:
        """Fall silent and leave."""
        await self._output.aclose()
        await self._connection.aclose()
