"""VideoSDK's `agents.avatar.avatar_audio_io`: AvatarAudioOut and AvatarAudioIn, both ends of the wire."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator

import av

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.media.av_frames import to_av_audio
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.media.resampler import remix
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.incoming_segment import BufferCleared
from avatar_core.signal import Signal
from avatar_core.videosdk.avatar_auth import AvatarAuthCredentials, AvatarJoinInfo
from avatar_core.videosdk.avatar_schema import AvatarInput
from avatar_core.videosdk.launch import launch_avatar
from avatar_core.videosdk.meeting import Meeting, MeetingEnd
from avatar_core.videosdk.speech_receiver import MeetingAudioReceiver
from avatar_core.wire.videosdk import (
    INTERRUPT_COOLDOWN_S,
    Interrupt,
    Message,
    SegmentEnd,
    SoundMark,
    StreamEnded,
    StreamStarted,
    chunks,
    fingerprint,
    never_text,
)

_log = logging.getLogger(__name__)

HOLD_S = INTERRUPT_COOLDOWN_S + 0.1
"""How long sound is held back after an interrupt, for a receiver that would drop it; the rest is for the way."""


class AvatarAudioOut:
    """The agent's end: mono s16le of 24 kHz to the participant of `credentials`.

    All sound is marked, so that a receiver of ours loses nothing and has it in order; one of theirs ignores that. Until
    the other end has shown that it knows our marks, sound waits out the moment in which theirs is deaf after an
    interrupt (PROTOCOLS V15), told by `held_back` in seconds, and goes out so that it is never taken for text (V8).
    Answers come as `stream_started` and `stream_ended`.
    """

    def __init__(
        self,
        *,
        credentials: AvatarAuthCredentials,
        avatar_dispatcher_url: str | None = None,
        room_id: str | None = None,
        signaling_base_url: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.stream_started: Signal[StreamStarted] = Signal("stream_started")
        self.stream_ended: Signal[StreamEnded] = Signal("stream_ended")
        self.held_back: Signal[float] = Signal("held_back")
        self.unheard_bytes = 0
        self.video_track = None
        self.audio_track = None
        self._credentials = credentials
        self._dispatcher_url = avatar_dispatcher_url
        self._room_id = room_id
        self._signaling_base_url = signaling_base_url
        self._clock = clock or MonotonicClock()
        self._end = MeetingEnd(self._on_message, peer=credentials.participant_id)
        self._peer_marks = False
        self._interrupts = 0
        self._interrupted_s = float("-inf")
        # The segment whose sound is being sent, and how many bytes have been since the last interrupt.
        self._segment: SegmentRef | None = None
        self._offset = 0
        self._id_prefix = secrets.token_hex(3)
        self._count = 0

    @property
    def participant_id(self) -> str:
        """Who the avatar is in the meeting."""
        return self._credentials.participant_id

    def set_room_id(self, room_id: str) -> None:
        """Name the meeting that the avatar is to join."""
        self._room_id = room_id

    def set_meeting(self, meeting: Meeting) -> None:
        """Speak in `meeting`, which is joined; videosdk-agents calls this by `_set_meeting` (PROTOCOLS V4)."""
        self._end.attach(meeting)

    _set_meeting = set_meeting

    async def connect(self) -> bytes:
        """Ask the dispatcher for the avatar; nothing without a dispatcher (PROTOCOLS V2). Returns its answer.

        Raises ValueError without a room, ProviderStartError where it was not started.
        """
        if not self._dispatcher_url:
            return b""
        if not self._room_id:
            raise ValueError("room_id must be set before connect(): the dispatcher has to know which meeting to join")
        credentials = self._credentials
        info = AvatarJoinInfo(
            self._room_id, credentials.token, credentials.participant_id, self._signaling_base_url or None
        )
        return await launch_avatar(self._dispatcher_url, info)

    async def handle_audio_input(self, audio_data: bytes, *, segment: SegmentRef | None = None) -> None:
        """Send sound; the first of a segment opens it, under the name `segment` where one is given.

        An interrupt meanwhile drops the rest. RoomError where the meeting takes it not. Before there is a meeting it is
        dropped, counted in `unheard_bytes` and warned of.
        """
        if not self._end.attached:
            if not self.unheard_bytes:
                _log.warning("speech for %s is dropped: no meeting is joined yet", self.participant_id)
            self.unheard_bytes += len(audio_data)
            return
        interrupts = self._interrupts
        await self._until_it_hears()
        for chunk in chunks(audio_data):
            if interrupts != self._interrupts:
                return
            if self._segment is None:
                self._count += 1
                self._segment = segment or SegmentRef(f"{self._id_prefix}-{self._count}")
            sound = chunk if self._peer_marks else never_text(chunk)
            mark = self._mark(self._segment, sound.pcm)
            self._offset += len(sound.pcm)
            await self._end.send(mark)
            await self._end.send(sound)

    async def send_segment_end(self) -> None:
        """The segment ends behind what was sent; nothing without sound. RoomError where that can't be sent."""
        segment, self._segment = self._segment, None
        if segment is not None:
            # Both, as RELIABLE may lose the one, and a receiver of theirs does not know the other.
            end = SegmentEnd(segment.id, segment.generation, self._interrupts, self._offset)
            mark = self._mark(segment, b"")
            await self._end.send(end)
            await self._end.send(mark)

    async def interrupt(self) -> None:
        """Stop the avatar at once; several in a row are harmless (V12). RoomError where that can't be sent."""
        self._interrupts += 1
        self._interrupted_s = self._clock.now()
        self._segment = None
        self._offset = 0
        if self._end.attached:
            interrupts = self._interrupts
            await asyncio.gather(self._end.send(Interrupt()), self._end.send(Interrupt(interrupts)))

    async def aclose(self) -> None:
        """Hear and send no more; harmless twice."""
        self._end.detach()

    def _mark(self, segment: SegmentRef, pcm: bytes) -> SoundMark:
        return SoundMark(segment.id, segment.generation, self._interrupts, self._offset, *fingerprint(pcm))

    async def _until_it_hears(self) -> None:
        wait_s = self._interrupted_s + HOLD_S - self._clock.now()
        if wait_s > 0 and not self._peer_marks:
            self.held_back.emit(wait_s)
            await self._clock.sleep_until(self._interrupted_s + HOLD_S)

    def _on_message(self, message: Message) -> None:
        if isinstance(message, StreamStarted):
            self._peer_marks = True
            self.stream_started.emit(message)
        elif isinstance(message, StreamEnded):
            self._peer_marks = self._peer_marks or message.segment_id is not None
            self.stream_ended.emit(message)


class AvatarAudioIn(AvatarInput):
    """The worker's end: frames of `sample_rate` and `channels`, mono sound on each of them; all else is core's.

    It obeys `sender`, or whoever first speaks, and nobody else (PROTOCOLS V17).
    """

    def __init__(
        self,
        meeting: Meeting | None,
        *,
        channels: int = 1,
        sample_rate: int = 24000,
        sender: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self.receiver = MeetingAudioReceiver(sender=sender, sample_rate_hz=sample_rate, clock=clock)
        self.receiver.buffer_cleared.connect(self._on_cleared)
        self._channels = channels
        self._cut: set[str] = set()
        if meeting is not None:
            self.set_meeting(meeting)

    def set_meeting(self, meeting: Meeting) -> None:
        """Hear what is said in `meeting`, instead of any other."""
        self.receiver.set_meeting(meeting)

    def notify_stream_ended(self, playback_position: float, interrupted: bool) -> None:
        """Answer the oldest segment; nothing without one.

        An interrupt is answered once, as theirs does: whatever else it has cut was not heard at all.
        """
        cut = [segment.key for segment in self.receiver.open_segments if segment.key in self._cut]
        self._cut.clear()
        positions_s = [playback_position] if interrupted else []
        for key in cut:
            position_s = positions_s.pop() if positions_s else 0.0
            self.receiver.notify_playback_finished(key, position_s, interrupted=True)
        if not interrupted and (segments := self.receiver.open_segments):
            self.receiver.notify_playback_finished(segments[0].key, playback_position, interrupted=False)

    async def __aiter__(self) -> AsyncIterator[av.AudioFrame | AudioSegmentEnd]:
        async for item in self.receiver:
            if isinstance(item, AudioFrame):
                yield to_av_audio(AudioFrame(remix(item.samples, self._channels), item.sample_rate_hz))
            else:
                yield item

    async def aclose(self) -> None:
        """Hear no more. Harmless twice."""
        await self.receiver.aclose()

    def _on_cleared(self, cleared: BufferCleared) -> None:
        self._cut.update(segment.key for segment in cleared.segments)
        self.emit("reset_stream")
