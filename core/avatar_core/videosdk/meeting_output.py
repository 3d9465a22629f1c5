"""MeetingAudioOutput: the leaf that speaks through an avatar by VideoSDK's wire, in a LiveKit room."""

from collections.abc import Collection

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.media.resampler import remix
from avatar_core.playback.segment import SegmentRecord, SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.room.answered_output import AnsweredOutput
from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import TrackKind
from avatar_core.videosdk.avatar_audio_io import AvatarAudioOut
from avatar_core.videosdk.sink_output import AHEAD_S
from avatar_core.wire.videosdk import INTERRUPT_COOLDOWN_S, SAMPLE_RATE_HZ, StreamEnded, StreamStarted


class MeetingAudioOutput(AnsweredOutput):
    """Speaks through `audio_out`, given and not owned, `ahead_s` before it is heard at most: nothing on that wire holds
    a sender back, and a receiver of theirs drops what is 2 s ahead (PROTOCOLS V28). The rate is what the other end is
    configured to, since no message tells it.

    `found` tells as well when speech had to wait out the other end's deafness after an interrupt (V15).
    """

    def __init__(
        self,
        connection: RoomConnection,
        audio_out: AvatarAudioOut,
        *,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        ahead_s: float = AHEAD_S,
        wait_remote_tracks: Collection[TrackKind] = (),
        ready_timeout_s: float = 30.0,
        clear_buffer_timeout_s: float = 2.0,
        answer_timeout_s: float = 10.0,
        wait_playback_start: bool = False,
        exact_position: bool = False,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            connection,
            audio_out.participant_id,
            label=f"MeetingAudioOutput({audio_out.participant_id})",
            sample_rate_hz=sample_rate_hz,
            wait_remote_tracks=wait_remote_tracks,
            ready_timeout_s=ready_timeout_s,
            clear_buffer_timeout_s=clear_buffer_timeout_s,
            answer_timeout_s=answer_timeout_s,
            wait_playback_start=wait_playback_start,
            exact_position=exact_position,
            clock=clock,
        )
        self._audio_out = audio_out
        self._ahead_s = ahead_s
        # When the last of what was sent is heard, at the earliest.
        self._ends_s = 0.0
        self._subscribed.append(audio_out.stream_ended.connect(self._on_ended))
        self._subscribed.append(audio_out.held_back.connect(self._on_held_back))
        if wait_playback_start:
            self._subscribed.append(audio_out.stream_started.connect(self._on_started))

    def clear_buffer(self) -> None:
        """Ask the avatar to stop at once; what is said next is not ahead of anything."""
        self._ends_s = self._clock.now()
        super().clear_buffer()

    async def _wait_for_the_way(self, duration_s: float) -> None:
        await self._clock.sleep_until(self._ends_s - self._ahead_s)
        self._ends_s = max(self._ends_s, self._clock.now()) + duration_s

    def _check_format(self, frame: AudioFrame) -> None:
        if frame.sample_rate_hz != self.sample_rate_hz:
            raise PlaybackError(f"{self.label} takes {self.sample_rate_hz} Hz alone: its wire tells no rate")

    async def _send(self, record: SegmentRecord, frame: AudioFrame) -> None:
        mono = AudioFrame(remix(frame.samples, 1), frame.sample_rate_hz)
        await self._audio_out.handle_audio_input(mono.to_bytes(), segment=record.ref)

    async def _send_end(self) -> None:
        await self._audio_out.send_segment_end()

    async def _interrupt(self, _: Collection[SegmentRef]) -> None:
        await self._audio_out.interrupt()

    def _on_started(self, started: StreamStarted) -> None:
        self._heard_started(started.segment_id, started.generation)

    def _on_ended(self, ended: StreamEnded) -> None:
        self._heard_finished(ended.segment_id, ended.generation, ended.playback_position, ended.interrupted)

    def _on_held_back(self, held_s: float) -> None:
        claim = (
            f"speech waited {held_s:.2f} s after an interrupt: this avatar does not show that it knows marked speech, "
            f"and VideoSDK's receiver drops whatever comes within {INTERRUPT_COOLDOWN_S:g} s"
        )
        self.found.emit(WireFinding("V15", claim, self._clock.now()))
