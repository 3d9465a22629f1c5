"""The task that lets pictures out: one in each slot of the frame rate, the one whose sound leaves then."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.departures import PictureDue
from avatar_core.avatar.frame_slots import FrameSlots
from avatar_core.avatar.pictures import PictureQueue
from avatar_core.avatar.sinks import VideoSink
from avatar_core.avatar.sound_release import SoundRelease
from avatar_core.avatar.synchronizer_counts import Counts
from avatar_core.clock import Clock
from avatar_core.media.frames import VideoFrame

_IDLE_AFTER_S = 0.2
"""So long the last picture stays before the idle one takes its place: a generator may be a little late."""
_BEGINNING_S, _ALIGN_EVERY_S = 0.5, 1.0


class PictureRelease:
    """Owned by a synchronizer. `room` is set whenever there may be room; `idle` is shown while nothing plays.

    `due` hears of each picture with sound, just before it leaves, and of when its sound does.
    """

    def __init__(
        self,
        output: VideoSink,
        clock: Clock,
        pictures: PictureQueue,
        slots: FrameSlots,
        sound: SoundRelease,
        counts: Counts,
        *,
        latency_s: float,
        room: asyncio.Event,
        alarm: Alarm,
        idle: VideoFrame | None,
        due: Callable[[PictureDue], None],
    ) -> None:
        self._output = output
        self._clock = clock
        self._pictures = pictures
        self._slots = slots
        self._sound = sound
        self._counts = counts
        self._latency_s = latency_s
        self._room = room
        self._alarm = alarm
        self._idle = idle
        self._due = due
        self._last: VideoFrame | None = None
        self._last_new_s = -math.inf
        self._aligned_s = -math.inf

    async def run(self) -> None:
        """Let out until cancelled."""
        while True:
            now_s = self._clock.now()
            unknown_from_s = self._sound.unknown_from_s
            if self._may_align(now_s) and (due_s := self._pictures.align(unknown_from_s)) is not None:
                self._slots.align(due_s)
                self._aligned_s = now_s
            elif self._slots.next_s is None and self._idle is not None:
                self._slots.align(now_s)
            slot_s = self._slots.next_s
            if slot_s is None or now_s < slot_s:
                await self._alarm.sleep(slot_s)
                continue
            # A picture takes the slot nearest to the moment it is due.
            half_s = self._slots.frame_s / 2 - 1e-6
            self._fill(self._pictures.take(max(slot_s + half_s, now_s), unknown_from_s), now_s)
            self._slots.advance(now_s)

    def _may_align(self, now_s: float) -> bool:
        """While an utterance begins at once; later seldom, or a source that starves would set the frame rate."""
        return now_s - self._sound.begun_s < _BEGINNING_S or now_s - self._aligned_s >= _ALIGN_EVERY_S

    def _fill(self, picture: VideoFrame | None, now_s: float) -> None:
        """Show `picture`, or what stands for a missing one: a frame object of its own each time."""
        if picture is not None:
            self._room.set()
            if picture.pts_s < self._sound.until_s:
                self._due(PictureDue(picture.pts_s, self._pictures.leaves_s(picture.pts_s) + self._latency_s))
                self._sound.expects_pictures = True
            self._counts.shown += 1
            self._last, self._last_new_s = picture, now_s
            self._output.capture(picture)
        elif self._idle is not None and now_s >= self._last_new_s + _IDLE_AFTER_S and self._sound.plays_nothing(now_s):
            self._counts.idle += 1
            self._output.capture(replace(self._idle))
        elif self._last is not None:
            self._counts.repeated += 1
            self._output.capture(replace(self._last))
