"""AVSynchronizer: sound and pictures of one avatar, let out on one media clock. The sound is the master.

When what is due is in `playhead` and `pictures`; here are the two tasks that let it out, and the segment ends.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from avatar_core.avatar.alarm import Alarm
from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.avatar.pictures import PictureQueue
from avatar_core.avatar.playhead import Playhead, Utterance
from avatar_core.avatar.sinks import AudioSink, VideoSink
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup

QUEUE_S = 0.05
"""Sound given to the output ahead of time: what an interrupt takes back, and a late loop lives on."""
SILENCE_S = 0.04
"""The same while nobody speaks. Silence never stops: an output that runs dry shifts every receiver's clock."""
LAST_MOMENT_S = 0.01
"""The same within an utterance whose sound has not come: what comes in time must not find silence before it."""
PIECE_S = 0.02
AHEAD_S = 0.25
"""Sound, and pictures, taken from the generator ahead of time."""
OUTPUT_LATENCY_S = 0.005
"""LiveKit's source lets sound out 10 ms at a time, so a sample leaves half of that after its turn, on average."""
_OFFSETS = 32


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The last sample of a segment has left: its end as the generator gave it, and the seconds that were played."""

    end: AudioSegmentEnd
    played_s: float


@dataclass(frozen=True, slots=True)
class SynchronizerStatistics:
    """What became of the media since the start: pictures and seconds of sound."""

    shown: int
    repeated: int
    late: int
    stale: int
    silence_s: float


class AVSynchronizer:
    """Takes a generator's items by `push`, in order, and lets each out when it is due.

    A picture leaves when the sound of the same media time does; late ones are dropped, missing ones replaced by the
    last. `push` waits while AHEAD_S are held. `flush` voids everything of older generations, wherever it is, at once.
    Made inside a running loop; `audio` and `video` are given, not owned. `on_failure` hears of an output that failed.
    """

    def __init__(
        self,
        audio: AudioSink,
        video: VideoSink,
        options: AvatarOptions,
        clock: Clock,
        *,
        on_failure: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self.speech_started: Signal[float] = Signal("speech_started")
        self.speech_ended: Signal[SpeechEnded] = Signal("speech_ended")
        self._audio_out = audio
        self._video_out = video
        self._options = options
        self._clock = clock
        self._tasks = TaskGroup(on_failure=on_failure)
        self._generation = 0
        self._room = Alarm(clock)
        # The sound: what waits, what the output holds, and the utterances that have not ended yet, oldest first.
        self._audio: deque[AudioFrame | AudioSegmentEnd] = deque()
        self._audio_s = 0.0
        self._audio_alarm = Alarm(clock)
        self._playhead = Playhead()
        self._utterances: deque[Utterance] = deque()
        self._speaking: Utterance | None = None
        # What is to be announced once its time has come, in order.
        self._marks: deque[tuple[float, Callable[[], None]]] = deque()
        # The pictures: what waits, the last one shown, and up to which media time they belong to sound.
        self._frame_s = 1 / options.video_fps
        self._pictures = PictureQueue(math.ceil(AHEAD_S * options.video_fps) + 2, hold_s=OUTPUT_LATENCY_S)
        self._video_alarm = Alarm(clock)
        self._last_shown: tuple[VideoFrame, float] | None = None
        self._sound_until_s = -math.inf
        self._offsets_s: deque[float] = deque(maxlen=_OFFSETS)
        self._shown = self._repeated = self._stale = 0
        self._silence_s = 0.0

    @property
    def generation(self) -> int:
        """The generation whose items are let out."""
        return self._generation

    @property
    def buffered_s(self) -> float:
        """Seconds of sound taken and not played."""
        return self._audio_s + self._playhead.queued_s(self._clock.now())

    @property
    def played_s(self) -> tuple[float, ...]:
        """Seconds played of each utterance that has not ended, oldest first."""
        self._playhead.settle(self._clock.now())
        return tuple(utterance.played_s for utterance in self._utterances)

    @property
    def offset_s(self) -> float | None:
        """Video minus audio time at the outputs, median of the last pictures with sound; None before the first."""
        return float(np.median(self._offsets_s)) if self._offsets_s else None

    @property
    def statistics(self) -> SynchronizerStatistics:
        """What became of the media so far."""
        return SynchronizerStatistics(self._shown, self._repeated, self._pictures.late, self._stale, self._silence_s)

    def start(self) -> None:
        """Begin to let out; silence until something comes."""
        self._tasks.spawn(self._play(), name="synchronizer audio")
        self._tasks.spawn(self._show(), name="synchronizer video")

    async def push(self, item: GeneratedItem) -> None:
        """Take the next item, once there is room. One of another generation than the current is dropped and counted."""
        while item.generation == self._generation and self._is_full(item):
            await self._room.sleep(None)
        if item.generation != self._generation:
            self._stale += 1
        elif isinstance(item, VideoFrame):
            self._pictures.push(item, self._clock.now())
            self._video_alarm.ring()
        else:
            for piece in _pieces(item):
                self._audio.append(piece)
                self._audio_s += piece.duration_s if isinstance(piece, AudioFrame) else 0.0
            self._audio_alarm.ring()

    def flush(self, generation: int) -> tuple[float, ...]:
        """Void all that has not left, and let out `generation` from now on; played seconds as `played_s` had them."""
        now_s = self._clock.now()
        # What has ended by now ended by itself.
        self._announce(now_s)
        self._generation = generation
        self._playhead.cut(now_s)
        positions = tuple(utterance.played_s for utterance in self._utterances)
        self._stale += len(self._audio) + self._pictures.clear()
        self._audio.clear()
        self._audio_s = 0.0
        self._utterances.clear()
        self._speaking = None
        self._marks.clear()
        self._sound_until_s = -math.inf
        self._audio_out.clear_queue()
        for alarm in (self._room, self._audio_alarm, self._video_alarm):
            alarm.ring()
        return positions

    async def aclose(self) -> None:
        """Stop letting out; harmless twice."""
        await self._tasks.aclose()

    def _is_full(self, item: GeneratedItem) -> bool:
        if isinstance(item, VideoFrame):
            return self._pictures.full
        return self._audio_s >= AHEAD_S

    async def _play(self) -> None:
        while True:
            now_s = self._clock.now()
            self._announce(now_s)
            queued_s = self._playhead.queued_s(now_s)
            silence_s = SILENCE_S if self._speaking is None else LAST_MOMENT_S
            head = self._audio[0] if self._audio else None
            if isinstance(head, AudioSegmentEnd):
                self._audio.popleft()
                self._end(head, now_s)
            elif head is not None and (queued_s + PIECE_S <= QUEUE_S or self._playhead.only_silence(now_s)):
                self._audio.popleft()
                await self._say(head, now_s)
            elif head is None and queued_s <= silence_s:
                await self._keep_silent(now_s)
            else:
                spare_s = silence_s if head is None else QUEUE_S - PIECE_S
                next_s = now_s + queued_s - spare_s + 1e-6
                await self._audio_alarm.sleep(min(next_s, self._marks[0][0]) if self._marks else next_s)

    async def _say(self, sound: AudioFrame, now_s: float) -> None:
        if sound.pts_s is None:
            raise ValueError("sound without a media time cannot be synchronized")
        if self._playhead.queued_s(now_s) > 0 and self._playhead.only_silence(now_s):
            self._playhead.cut(now_s)
            self._audio_out.clear_queue()
        first = self._speaking is None
        utterance = self._speaking or Utterance()
        leaves_s = self._playhead.push(now_s, sound.duration_s, utterance)
        if first:
            self._speaking = utterance
            self._utterances.append(utterance)
            self._marks.append((leaves_s, lambda: self.speech_started.emit(leaves_s)))
        self._audio_s = max(0.0, self._audio_s - sound.duration_s) if self._audio else 0.0
        self._pictures.anchor(sound.pts_s, leaves_s)
        self._sound_until_s = sound.pts_s + sound.duration_s
        self._video_alarm.ring()
        self._room.ring()
        await self._capture(sound)

    def _end(self, end: AudioSegmentEnd, now_s: float) -> None:
        if self._speaking is None:
            self._utterances.append(Utterance())
        utterance = self._speaking or self._utterances[-1]
        self._speaking = None
        after_s = self._marks[-1][0] if self._marks else now_s
        self._marks.append((max(after_s, self._playhead.end_of(utterance, now_s)), lambda: self._ended(end)))

    def _ended(self, end: AudioSegmentEnd) -> None:
        utterance = self._utterances.popleft()
        self.speech_ended.emit(SpeechEnded(end, utterance.pushed_s))

    async def _keep_silent(self, now_s: float) -> None:
        self._silence_s += PIECE_S
        self._playhead.push(now_s, PIECE_S, None)
        rate_hz = self._options.audio_sample_rate
        silence = np.zeros((round(PIECE_S * rate_hz), self._options.audio_channels), dtype=np.int16)
        await self._capture(AudioFrame(silence, rate_hz))

    async def _capture(self, sound: AudioFrame) -> None:
        generation = self._generation
        await self._audio_out.capture(sound)
        if generation != self._generation:
            # A clear that came meanwhile may have overtaken it on its way.
            self._audio_out.clear_queue()

    def _announce(self, now_s: float) -> None:
        while self._marks and self._marks[0][0] <= now_s:
            self._marks.popleft()[1]()

    async def _show(self) -> None:
        while True:
            now_s = self._clock.now()
            unknown_from_s = self._unknown_from_s()
            picture = self._pictures.take(now_s, unknown_from_s)
            if picture is not None:
                self._room.ring()
                if picture.pts_s < self._sound_until_s:
                    self._offsets_s.append(now_s - self._pictures.leaves_s(picture.pts_s) - OUTPUT_LATENCY_S)
                self._shown += 1
                self._last_shown = (picture, now_s)
                self._video_out.capture(picture)
            elif (last := self._last_shown) is not None and now_s >= last[1] + 1.5 * self._frame_s:
                # A picture is missing: its slot gets the last one again, as a frame of its own.
                self._repeated += 1
                self._last_shown = (last[0], max(last[1] + self._frame_s, now_s - self._frame_s))
                self._video_out.capture(replace(last[0]))
            else:
                due_s = self._pictures.next_due_s(unknown_from_s)
                missing_s = last[1] + 1.5 * self._frame_s if last is not None else None
                await self._video_alarm.sleep(min((s for s in (due_s, missing_s) if s is not None), default=None))

    def _unknown_from_s(self) -> float:
        """From which media time on pictures wait for their sound to be queued first."""
        sound = next((item for item in self._audio if isinstance(item, AudioFrame)), None)
        return math.inf if sound is None or sound.pts_s is None else sound.pts_s


def _pieces(item: AudioFrame | AudioSegmentEnd) -> list[AudioFrame | AudioSegmentEnd]:
    if isinstance(item, AudioSegmentEnd) or item.duration_s <= PIECE_S:
        return [item]
    step = max(1, round(PIECE_S * item.sample_rate_hz))
    return [
        replace(
            item,
            samples=item.samples[start : start + step],
            pts_s=None if item.pts_s is None else item.pts_s + start / item.sample_rate_hz,
        )
        for start in range(0, item.samples_per_channel, step)
    ]
