"""The task that lets sound out: little ahead of time, never dry, and by that the clock of the pictures."""

import asyncio
import math
from collections.abc import Callable

import numpy as np

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.grain_clock import GRAIN_S
from avatar_core.avatar.pictures import PictureQueue
from avatar_core.avatar.playhead import Playhead
from avatar_core.avatar.queue_check import QueueCheck
from avatar_core.avatar.sinks import AudioSink
from avatar_core.avatar.sound_queue import PIECE_S, SoundQueue
from avatar_core.avatar.synchronizer_counts import Counts
from avatar_core.avatar.utterances import Utterances
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd

QUEUE_S = 0.1
"""Sound given to the output ahead of time: what an interrupt takes back, and a late loop lives on."""
SILENCE_S = QUEUE_S - GRAIN_S
"""The same while nobody speaks. Silence never stops: an output that runs dry shifts every receiver's clock."""
LAST_MOMENT_S = 0.01
"""The same within an utterance whose sound has not come: what comes in time must not find silence before it."""
LATE_SOUND_S = 0.1
"""So long pictures wait for sound that is late; then they go on without it."""


class SoundRelease:
    """Owned by a synchronizer. `pictures` is told when each stretch of the media timeline leaves.

    `pictures_wait`: a picture comes before its sound, so that one at the end of what was given waits for more of it.
    `room` is set whenever there may be room, `picture_alarm` rung when the timeline may have moved. `started` and
    `ended` hear of utterances when it is time: of their start, and of their end with the seconds played.
    """

    def __init__(
        self,
        output: AudioSink,
        options: AvatarOptions,
        clock: Clock,
        pictures: PictureQueue,
        counts: Counts,
        *,
        wait_for_picture_s: float,
        pictures_wait: bool,
        room: asyncio.Event,
        picture_alarm: Alarm,
        started: Callable[[float], None],
        ended: Callable[[AudioSegmentEnd, float], None],
    ) -> None:
        self.queue = SoundQueue()
        self.alarm = Alarm(clock)
        self.paused = False
        self.expects_pictures = True
        """Whether the first sound of an utterance is to wait for its picture: pictures have come with sound before."""
        self.until_s = -math.inf
        """Media time up to which sound was given to the output."""
        self.begun_s = -math.inf
        """When the first sound of the newest utterance was given to the output."""
        self._output = output
        self._options = options
        self._clock = clock
        self._pictures = pictures
        self._counts = counts
        self._wait_for_picture_s = wait_for_picture_s
        self._late_sound_s = LATE_SOUND_S if pictures_wait else 0.0
        self._room = room
        self._picture_alarm = picture_alarm
        self._started = started
        self._ended = ended
        self._playhead = Playhead()
        self._check = QueueCheck(self._playhead, QUEUE_S)
        self._utterances = Utterances(self._playhead)
        self._waits_since_s: float | None = None
        self._cuts = 0

    @property
    def buffered_s(self) -> float:
        """Seconds of speech taken and not played."""
        return self.queue.waiting_s + self._playhead.speech_s(self._clock.now())

    @property
    def played_s(self) -> tuple[float, ...]:
        """Seconds played of each utterance that has not ended, oldest first."""
        return self._utterances.played_s(self._clock.now())

    @property
    def unknown_from_s(self) -> float:
        """From which media time on pictures wait for their sound to be given to the output first.

        Within an utterance also for sound that has not come yet, for a moment: a picture would leave before it.
        """
        next_s = self.queue.next_media_s
        waits_from_s = math.inf if next_s is None else next_s
        if not self._utterances.speaking:
            return waits_from_s
        late_s = self._clock.now() - self._pictures.leaves_s(self.until_s)
        return min(waits_from_s, self.until_s) if self.paused or late_s < self._late_sound_s else waits_from_s

    @property
    def waits_for_picture(self) -> bool:
        """The first sound of an utterance is held back for its picture."""
        return self._waits_since_s is not None

    def push(self, item: AudioFrame | AudioSegmentEnd) -> None:
        """Append to `queue`."""
        waits = self.queue.head is None
        self.queue.push(item)
        if waits:
            self.alarm.ring()

    def plays_nothing(self, now_s: float) -> bool:
        """No sound plays, waits, or is to come."""
        return not self._utterances.speaking and self.queue.head is None and self._playhead.only_silence(now_s)

    def cut(self) -> tuple[float, ...]:
        """Void all that has not left; returns `played_s` of what had not ended."""
        positions_s = self._utterances.cut(self._clock.now())
        self._counts.stale_sound_s += self.queue.clear()
        self._cuts += 1
        self.until_s = -math.inf
        self._waits_since_s = None
        self._output.clear_queue()
        return positions_s

    async def run(self) -> None:
        """Let out until cancelled."""
        while True:
            now_s = self._clock.now()
            self._utterances.announce(now_s)
            head = self._next(now_s)
            queued_s = self._playhead.queued_s(now_s)
            # A little more than fits now and then: the capture that waits tells how much there is.
            most_s = QUEUE_S + GRAIN_S if self._check.is_due(now_s) else QUEUE_S
            silence_s = LAST_MOMENT_S if self._utterances.speaking else SILENCE_S
            if isinstance(head, AudioSegmentEnd):
                self.queue.pop()
                self._end(head, now_s)
            elif head is not None and self._playhead.only_silence(now_s):
                between_s = self._playhead.grains.between_s(now_s)
                if between_s > now_s:
                    await self.alarm.sleep(between_s)
                else:
                    self.queue.pop()
                    await self._say(head, now_s)
            elif head is not None and queued_s + PIECE_S <= most_s:
                self.queue.pop()
                await self._say(head, now_s)
            elif head is None and queued_s <= silence_s:
                await self._keep_silent(now_s)
            else:
                spare_s = silence_s if head is None else most_s - PIECE_S
                times_s = [now_s + queued_s - spare_s + 1e-6, self._utterances.next_s]
                await self.alarm.sleep(min(time_s for time_s in times_s if time_s is not None))

    def _next(self, now_s: float) -> AudioFrame | AudioSegmentEnd | None:
        """What may leave next; None in a pause, and while its picture is waited for."""
        head = None if self.paused else self.queue.head
        if not isinstance(head, AudioFrame) or self._utterances.speaking or not self.expects_pictures:
            return head
        assert head.pts_s is not None
        if self._pictures.covers(head.pts_s):
            self._waits_since_s = None
            return head
        self._waits_since_s = now_s if self._waits_since_s is None else self._waits_since_s
        if now_s - self._waits_since_s < self._wait_for_picture_s:
            return None
        self.expects_pictures = False
        self._waits_since_s = None
        return head

    async def _say(self, sound: AudioFrame, now_s: float) -> None:
        assert sound.pts_s is not None
        if self._playhead.queued_s(now_s) > 0 and self._playhead.only_silence(now_s):
            self._playhead.cut(now_s)
            self._output.clear_queue()
        if not self._utterances.speaking:
            self.begun_s = now_s
            self._check.begin()
        leaves_s = self._utterances.say(now_s, sound.duration_s, self._started)
        self._pictures.anchor(sound.pts_s, leaves_s)
        self.until_s = sound.pts_s + sound.duration_s
        self._counts.dry = False
        self._room.set()
        if self._pictures.moved:
            self._picture_alarm.ring()
        await self._capture(sound)

    def _end(self, end: AudioSegmentEnd, now_s: float) -> None:
        self._utterances.end(now_s, lambda played_s: self._ended(end, played_s))

    async def _keep_silent(self, now_s: float) -> None:
        # A whole piece, also within an utterance: a gap that is too short to catch up in is followed by the next one.
        self._counts.silence(PIECE_S, missing=self._utterances.speaking and not self.paused)
        self._playhead.push(now_s, PIECE_S, None)
        rate_hz = self._options.audio_sample_rate
        silence = np.zeros((round(PIECE_S * rate_hz), self._options.audio_channels), dtype=np.int16)
        await self._capture(AudioFrame(silence, rate_hz))

    async def _capture(self, sound: AudioFrame) -> None:
        cuts, from_s = self._cuts, self._clock.now()
        should_wait = self._check.is_full(from_s)
        await self._output.capture(sound)
        if cuts != self._cuts:
            # A clear that came meanwhile may have overtaken it on its way.
            self._output.clear_queue()
            return
        until_s = self._clock.now()
        if should_wait:
            # Others take as long now and then, in a busy loop, and return with no beat.
            self._check.returned(until_s, waited=self._playhead.grains.captured(from_s, until_s))
