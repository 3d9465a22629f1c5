"""VideoSDK's direct voice (PROTOCOLS O21, O23): a track of the agent's own beside the avatar that it speaks through."""

from avatar_core.clock import Clock
from avatar_core.playback.contract import AudioOutput, OutputCapabilities
from avatar_core.playback.tee_track import TeeTrack
from avatar_core.playback.track_output import TrackAudioOutput
from avatar_core.room.publishing import PublishedAudio
from avatar_core.room.values import ParticipantLeft
from avatar_core.signal import Signal


class OwnVoiceOutput(TrackAudioOutput):
    """Speaks through `avatar` while the participant `identity` is there, then by `voice`, of VOICE_OPTIONS.

    `voice` is in the room all the time, and carries silence while the avatar speaks. What the avatar was saying when it
    left is answered as cut; what is said next is said here. `left` tells who leaves. Avatar and voice are owned.
    """

    def __init__(
        self,
        avatar: AudioOutput,
        voice: PublishedAudio,
        identity: str,
        left: Signal[ParticipantLeft],
        *,
        clock: Clock | None = None,
    ) -> None:
        self._tee = TeeTrack([avatar], label=f"own voice beside {avatar.label}", clock=clock)
        super().__init__(self._tee, label=f"OwnVoiceOutput({avatar.label})", clock=clock)
        self._avatar = avatar
        self._voice = voice
        self._identity = identity
        self._disconnect = left.connect(self._on_left)
        self._tasks.spawn(self._play(), name=f"{self.label} plays")

    @property
    def next_in_chain(self) -> AudioOutput | None:
        """The avatar."""
        return self._avatar

    @property
    def capabilities(self) -> OutputCapabilities:
        """Positions are the avatar's: as exact as those it tells."""
        return OutputCapabilities(pause=True, exact_position=self._avatar.capabilities.exact_position)

    async def aclose(self) -> None:
        """End track and avatar, finish what is pending as interrupted; harmless twice."""
        self._disconnect()
        await super().aclose()
        await self._tee.aclose()
        await self._avatar.aclose()
        await self._voice.aclose()

    async def _play(self) -> None:
        while True:
            await self._voice.capture(await self._tee.recv())

    def _on_left(self, left: ParticipantLeft) -> None:
        if left.participant.identity == self._identity:
            self._tee.output.remove(self._avatar)
