"""AVSynchronizer: sound and pictures of one avatar, let out on one media clock. The sound is the master.

Here they come in; `sound_release` and `picture_release` let them out.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.departures import PictureDue
from avatar_core.avatar.frame_slots import FrameSlots
from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.avatar.picture_release import PictureRelease
from avatar_core.avatar.pictures import PictureQueue
from avatar_core.avatar.sinks import AudioSink, VideoSink
from avatar_core.avatar.sound_queue import pieces
from avatar_core.avatar.sound_release import SoundRelease
from avatar_core.avatar.synchronizer_counts import Buffered, Counts, SynchronizerStatistics
from avatar_core.avatar.synchronizer_options import Overflow, SynchronizerOptions
from avatar_core.avatar.timing import Timing, timeline
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The last sample of a segment has left: its end as the generator gave it, and the seconds that were played."""

    end: AudioSegmentEnd
    played_s: float


class AVSynchronizer:
    """Takes sound and pictures, and lets each out when it is due, pictures at exactly the frame rate.

    A picture leaves when the sound of the same media time does; late ones are dropped, missing ones replaced by the
    last. `flush` begins a new generation: what is older is refused from then on, wherever it is. Made inside a running
    loop; `audio` and `video` are given, not owned. `on_failure` hears of an output that failed.
    """

    def __init__(
        self,
        audio: AudioSink,
        video: VideoSink,
        options: AvatarOptions,
        clock: Clock,
        *,
        behaviour: SynchronizerOptions | None = None,
        on_failure: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self.speech_started: Signal[float] = Signal("speech_started")
        self.speech_ended: Signal[SpeechEnded] = Signal("speech_ended")
        self.picture_due: Signal[PictureDue] = Signal("picture_due")
        self._behaviour = behaviour = behaviour or SynchronizerOptions()
        self._clock = clock
        self._tasks = TaskGroup(on_failure=on_failure)
        self._generation = 0
        self._closed = False
        self._room = asyncio.Event()
        self._counts = Counts()
        self._slots = FrameSlots(options.video_fps)
        self._timeline = timeline(behaviour.timing, self._slots.frame_s)
        self._pictures = PictureQueue(
            math.ceil(behaviour.ahead_s * options.video_fps) + 2,
            max_bytes=behaviour.max_bytes,
            hold_s=behaviour.output_latency_s,
            frame_s=self._slots.frame_s,
        )
        self._picture_alarm = Alarm(clock)
        self._sound = SoundRelease(
            audio,
            options,
            clock,
            self._pictures,
            self._counts,
            wait_for_picture_s=behaviour.wait_for_picture_s,
            pictures_wait=behaviour.timing is not Timing.ARRIVAL,
            room=self._room,
            picture_alarm=self._picture_alarm,
            started=self.speech_started.emit,
            ended=lambda end, played_s: self.speech_ended.emit(SpeechEnded(end, played_s)),
        )
        self._picture = PictureRelease(
            video,
            clock,
            self._pictures,
            self._slots,
            self._sound,
            self._counts,
            latency_s=behaviour.output_latency_s,
            room=self._room,
            alarm=self._picture_alarm,
            idle=behaviour.idle,
            due=self.picture_due.emit,
        )

    @property
    def generation(self) -> int:
        """The generation whose items are let out."""
        return self._generation

    @property
    def buffered(self) -> Buffered:
        """Seconds of sound and of pictures that were taken and have not left."""
        return Buffered(self._sound.buffered_s, len(self._pictures) * self._slots.frame_s)

    @property
    def played_s(self) -> tuple[float, ...]:
        """Seconds played of each utterance that has not ended, oldest first."""
        return self._sound.played_s

    @property
    def statistics(self) -> SynchronizerStatistics:
        """What became of the media so far."""
        return self._counts.statistics(self._pictures, self._sound.queue, self._slots)

    def start(self) -> None:
        """Begin to let out; silence, and the idle picture, until something comes."""
        self._tasks.spawn(self._sound.run(), name="synchronizer audio")
        self._tasks.spawn(self._picture.run(), name="synchronizer video")

    async def push(self, item: GeneratedItem) -> None:
        """Take the next item of its own generation, once there is room. One of another than the current is refused.

        Raises ValueError for sound without a media time where that is needed.
        """
        if item.generation != self._generation or self._closed:
            self._counts.refuse(item)
        elif isinstance(item, VideoFrame):
            await self._push_picture(item)
        elif isinstance(item, AudioFrame):
            await self._push_sound(item)
        else:
            self._timeline.end()
            self._sound.push(item)

    async def write_audio(self, frame: AudioFrame) -> None:
        """Take sound of the current generation: a flush while this waits for room voids it."""
        await self.push(replace(frame, generation=self._generation))

    async def write_video(self, frame: VideoFrame) -> None:
        """Take a picture of the current generation: a flush while this waits for room voids it."""
        await self.push(replace(frame, generation=self._generation))

    async def end_segment(self, segment_id: str | None = None) -> None:
        """The utterance ends behind the sound written so far; `speech_ended` tells when that was played."""
        await self.push(AudioSegmentEnd(segment_id, self._generation))

    def flush(self, generation: int | None = None) -> tuple[float, ...]:
        """Void all that has not left, and let out `generation` (the next one) from now on. Nothing is awaited.

        Returns the seconds played of each utterance that had not ended. A generation that is not newer than the
        current one voids nothing: what it would void is void already.
        """
        generation = self._generation + 1 if generation is None else generation
        if generation <= self._generation:
            return self.played_s
        self._generation = generation
        positions_s = self._sound.cut()
        self._counts.stale_pictures += self._pictures.clear()
        self._timeline = timeline(self._behaviour.timing, self._slots.frame_s)
        self._wake()
        return positions_s

    def pause(self) -> None:
        """Let out no more speech: what the output holds, QUEUE_S and a grain, is still heard. Pictures wait with it."""
        self._sound.paused = True

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        self._sound.paused = False
        self._wake()

    async def aclose(self) -> None:
        """Stop letting out; whoever waits for room returns, and what comes later is refused. Harmless twice."""
        self._closed = True
        self._wake()
        await self._tasks.aclose()

    def _wake(self) -> None:
        self._room.set()
        self._sound.alarm.ring()
        self._picture_alarm.ring()

    async def _push_picture(self, picture: VideoFrame) -> None:
        now_s = self._clock.now()
        picture = self._timeline.picture(picture, now_s, self._pictures.playing_s(now_s))
        while not self._pictures.fits(picture):
            if self._behaviour.overflow is Overflow.DROP_OLDEST:
                self._pictures.drop_oldest()
            elif not await self._has_room(picture):
                return
        self._pictures.push(picture, self._clock.now())
        if self._pictures.moved:
            self._picture_alarm.ring()
        if self._sound.waits_for_picture:
            self._sound.alarm.ring()

    async def _push_sound(self, frame: AudioFrame) -> None:
        now_s = self._clock.now()
        for piece in pieces(self._timeline.sound(frame, now_s, self._pictures.playing_s(now_s))):
            while self._sound_is_full:
                if self._behaviour.overflow is Overflow.DROP_OLDEST:
                    self._sound.queue.drop_oldest()
                elif not await self._has_room(piece):
                    return
            self._sound.push(piece)

    async def _has_room(self, item: VideoFrame | AudioFrame) -> bool:
        """Wait until there may be room; False, and `item` refused, where it is void by then."""
        self._room.clear()
        await self._room.wait()
        if item.generation == self._generation and not self._closed:
            return True
        self._counts.refuse(item)
        return False

    @property
    def _sound_is_full(self) -> bool:
        # Whoever brings both in one order must get through to the pictures.
        starved = self._sound.expects_pictures and not len(self._pictures)
        return self._sound.queue.waiting_s >= (self._behaviour.max_sound_s if starved else self._behaviour.ahead_s)
