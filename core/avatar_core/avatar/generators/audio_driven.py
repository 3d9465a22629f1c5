"""What the reference generators share: the media timeline. A subclass draws one picture for one moment of sound."""

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator
from fractions import Fraction

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem, VideoGenerator
from avatar_core.avatar.generators.speech_input import SpeechInput
from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, Pixels, Samples, VideoFrame
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.media.resampler import Resampler
from avatar_core.tasks import cancel_and_wait, spawn

INPUT_S = 30.0
"""Speech accepted ahead of its drawing."""
STARVATION_GRACE_S = 0.06
"""How long a segment that ran dry is waited for before idle pictures fill in."""


class AudioDrivenGenerator(VideoGenerator):
    """One picture for each frame interval of sound, drawn from exactly that sound.

    A segment begins on a picture's boundary, so what comes out does not depend on when the input came in: a segment
    of S seconds gives ceil(S * fps) pictures, the last one for what sound is left. Boundaries are counted in samples
    as integers: no rate and fps drift against each other.

    Idle pictures are due by the clock, and wait while speech that was yielded ahead still plays, so that new speech
    never queues behind them. A segment that runs dry gets what sound it has left, then idle pictures, until it goes on.
    """

    def __init__(self, options: AvatarOptions, clock: Clock) -> None:
        self.options = options
        self._clock = clock
        self._generation = 0
        self._closed = False
        self._wake = asyncio.Event()
        self._fps = Fraction(options.video_fps).limit_denominator(1001)
        # The way of the sound: accepted, converted, then paired with its picture.
        self._input = SpeechInput(INPUT_S)
        self._resampler = Resampler(options.audio_sample_rate, options.audio_channels)
        self._pending = PcmBuffer(options.audio_sample_rate, channels=options.audio_channels)
        self._ready: deque[GeneratedItem] = deque()
        self._segment_end: AudioSegmentEnd | None = None
        # More of this segment should come any moment; no longer expected once its end was taken or it ran dry.
        self._expecting = False
        # The next picture's number; and since which picture, and with how many samples, sound has run without a break.
        self._frame = 0
        self._anchor_frame = 0
        self._anchor_samples = 0
        # Clock time of media time 0, moved later whenever the media fell behind.
        self._zero_s: float | None = None

    @property
    def generation(self) -> int:
        """How many times the buffer was cleared."""
        return self._generation

    @property
    def buffered_s(self) -> float:
        """Seconds of speech pushed and not yet yielded."""
        ready_s = sum(item.duration_s for item in self._ready if isinstance(item, AudioFrame))
        return self._input.buffered_s + len(self._pending) / self.options.audio_sample_rate + ready_s

    async def push_audio(self, frame: AudioFrame | AudioSegmentEnd) -> None:
        """Append speech or its end; waits while INPUT_S are held."""
        if self._closed:
            raise RuntimeError("this generator is closed; it takes no more speech")
        # Before, so that a push which finds no room wakes the reader; after, for what found room late.
        self._wake.set()
        await self._input.push(frame)
        self._wake.set()

    def clear_buffer(self) -> None:
        """Forget all speech and segment ends that were not yielded, and begin a new generation."""
        self._generation += 1
        self._input.clear()
        self._resampler.reset()
        self._pending.clear()
        self._ready.clear()
        self._expecting = False
        self._segment_end = None
        self._anchor()
        # What was yielded ahead will not be played: the next picture is due now.
        self._zero_s = self._clock.now() - float(self._frame / self._fps)
        self._forget()
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[GeneratedItem]:
        """Yield until closed. One consumer."""
        while not self._closed:
            self._wake.clear()
            if self._ready:
                yield self._ready.popleft()
            elif self._advance():
                # A burst of speech must not keep a clear, or the consumer's other tasks, from running.
                await asyncio.sleep(0)
            elif not await self._woken_before(self._idle_due_s()):
                self._fill()

    async def aclose(self) -> None:
        """End the iteration and release waiting pushes."""
        self._closed = True
        self._input.clear()
        self._wake.set()

    @abstractmethod
    def draw(self, sound: Samples | None, time_s: float) -> Pixels:
        """Flat I420 of the picture at media time `time_s`, for its sound [samples, channels]; None: idle."""

    def _forget(self) -> None:
        """Drop what the drawing remembers of speech that was cleared."""

    def _advance(self) -> bool:
        """Make the next of speech or segment end ready, if the input holds enough for it."""
        while self._segment_end is None and len(self._pending) < self._wanted():
            item = self._input.take()
            if item is None:
                return False
            if isinstance(item, AudioSegmentEnd):
                self._segment_end = item
                self._pending.push(self._resampler.flush())
            else:
                self._expecting = True
                self._pending.push(self._resampler.push(item))
        if len(self._pending):
            self._speak(min(self._wanted(), len(self._pending)))
        if self._segment_end is not None and not len(self._pending):
            self._ready.append(AudioSegmentEnd(self._segment_end.segment_id, self._generation))
            self._segment_end = None
            self._expecting = False
            self._anchor()
        return True

    def _fill(self) -> None:
        """Make ready what is shown while no speech comes."""
        if len(self._pending):
            self._speak(len(self._pending))
        else:
            self._show(self.draw(None, float(self._frame / self._fps)))
        self._expecting = False
        self._anchor()

    def _speak(self, count: int) -> None:
        sound = self._pending.pop(count)
        assert sound is not None
        rate = self.options.audio_sample_rate
        pts_s = float(self._anchor_frame / self._fps + Fraction(self._anchor_samples, rate))
        self._show(self.draw(sound, float(self._frame / self._fps)))
        self._ready.append(AudioFrame(sound, rate, pts_s, self._generation))
        self._anchor_samples += count

    def _show(self, picture: Pixels) -> None:
        media_s = float(self._frame / self._fps)
        now_s = self._clock.now()
        # A loop that wakes late by a moment catches up; only a real gap moves the timeline.
        if self._zero_s is None or now_s - (self._zero_s + media_s) > 2 / self._fps:
            self._zero_s = now_s - media_s
        width, height = self.options.video_width, self.options.video_height
        self._ready.append(VideoFrame(picture, width, height, media_s, generation=self._generation))
        self._frame += 1

    def _wanted(self) -> int:
        """Samples up to the end of the next picture's time."""
        pictures = self._frame - self._anchor_frame + 1
        return int(pictures * self.options.audio_sample_rate / self._fps) - self._anchor_samples

    def _anchor(self) -> None:
        """The sound that comes next begins together with the next picture."""
        self._anchor_frame = self._frame
        self._anchor_samples = 0

    def _idle_due_s(self) -> float:
        if self._zero_s is None:
            return self._clock.now()
        grace_s = STARVATION_GRACE_S if self._expecting else 0.0
        return self._zero_s + float(self._frame / self._fps) + grace_s

    async def _woken_before(self, when_s: float) -> bool:
        """Wait for input, a clear or the close, until `when_s` at the latest; whether one came."""
        if when_s <= self._clock.now():
            return False
        timer = spawn(self._clock.sleep_until(when_s), name="generator idle timer")
        woken = spawn(self._wake.wait(), name="generator wake")
        try:
            await asyncio.wait({timer, woken}, return_when=asyncio.FIRST_COMPLETED)
            return self._wake.is_set()
        finally:
            await cancel_and_wait(timer, woken)
