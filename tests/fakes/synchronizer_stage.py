"""Outputs of a synchronizer in a test's own time, and a stage that feeds one and looks at what left."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from avatar_core.avatar.generator import AvatarOptions, GeneratedItem
from avatar_core.avatar.grain_clock import GRAIN_S
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer import AVSynchronizer, SpeechEnded
from avatar_core.avatar.synchronizer_options import SynchronizerOptions
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.clock import ManualClock, settle
from tests.fakes.video_generator import OPTIONS, picture, sound

FRAME_S = 0.04
STEP_S = 0.001


class Speaker:
    """An audio output as LiveKit's: a queue that plays in real time. Knows when every loud sample left."""

    def __init__(self, clock: ManualClock) -> None:
        self.left: list[tuple[float, float]] = []
        self.clears = 0
        self.stalled: asyncio.Event | None = None
        self._clock = clock
        self._ends_s = clock.now()
        # (from, to, level), silence included.
        self.runs: list[tuple[float, float, int]] = []

    @property
    def queued_s(self) -> float:
        return max(0.0, self._ends_s - self._clock.now())

    async def capture(self, frame: AudioFrame) -> None:
        if self.stalled is not None:
            await self.stalled.wait()
        starts_s = max(self._ends_s, self._clock.now())
        self._ends_s = starts_s + frame.duration_s
        level = int(frame.samples[0, 0]) if frame.samples_per_channel else 0
        self.runs.append((starts_s, self._ends_s, level))

    def clear_queue(self) -> None:
        self.clears += 1
        now_s = self._clock.now()
        while self.runs and self.runs[-1][0] >= now_s:
            self.runs.pop()
        if self.runs and self.runs[-1][1] > now_s:
            starts_s, _, level = self.runs[-1]
            self.runs[-1] = (starts_s, now_s, level)
        self._ends_s = min(self._ends_s, now_s)

    def loud(self) -> list[tuple[float, float]]:
        """From when to when it was loud, runs that touch joined."""
        joined: list[list[float]] = []
        for starts_s, ends_s, level in self.runs:
            if not level:
                continue
            if joined and abs(joined[-1][1] - starts_s) < 1e-6:
                joined[-1][1] = ends_s
            else:
                joined.append([starts_s, ends_s])
        return [(a, b) for a, b in joined]

    def left_s(self, spoken_s: float) -> float:
        """When the sound left that lies so many seconds into all that was loud."""
        begun_s = over_s = 0.0
        for begun_s, over_s in self.loud():
            if spoken_s <= over_s - begun_s + 1e-9:
                break
            spoken_s -= over_s - begun_s
        return begun_s + spoken_s

    def levels(self) -> list[int]:
        """The levels that left, in order, silence left out."""
        return [level for _, _, level in self.runs if level]

    def ends(self) -> list[tuple[float, int]]:
        """When each stretch had left, with its level; silence left out."""
        return [(ends_s, level) for _, ends_s, level in self.runs if level]

    def gaps_s(self) -> float:
        return sum(max(0.0, b[0] - a[1]) for a, b in zip(self.runs, self.runs[1:], strict=False))


class GrainSpeaker(Speaker):
    """An output that lets sound out with the beats of a timer, and makes captures wait while it holds too much.

    `missed`: so many beats go by before the first sound of an utterance leaves, which nobody is told.
    """

    def __init__(self, clock: ManualClock, *, missed: int) -> None:
        super().__init__(clock)
        self._missed_s = missed * GRAIN_S

    async def capture(self, frame: AudioFrame) -> None:
        now_s = self._clock.now()
        if self._ends_s <= now_s:
            self._ends_s = self._beat_s(now_s)
            if frame.samples_per_channel and frame.samples[0, 0]:
                self._ends_s += self._missed_s
        await super().capture(frame)
        # The grain that leaves with the next beat is in the queue until then.
        fits_s = self._beat_s(self._ends_s - GRAIN_S - QUEUE_S)
        if fits_s > now_s:
            await self._clock.sleep_until(fits_s)

    @staticmethod
    def _beat_s(from_s: float) -> float:
        return GRAIN_S * math.ceil(round(from_s / GRAIN_S, 6))


class Screen:
    """Every picture with the moment it was shown at."""

    def __init__(self, clock: ManualClock) -> None:
        self.shown: list[tuple[float, VideoFrame]] = []
        self._clock = clock

    def capture(self, frame: VideoFrame) -> None:
        self.shown.append((self._clock.now(), frame))


@dataclass
class Stage:
    clock: ManualClock
    speaker: Speaker
    screen: Screen
    synchronizer: AVSynchronizer
    started: list[float] = field(default_factory=list)
    ended: list[tuple[float, str | None, float]] = field(default_factory=list)
    feeding: list[asyncio.Task[None]] = field(default_factory=list)

    def feed(self, *items: GeneratedItem) -> None:
        """Push in a task of its own, as a generator's reader does."""

        async def push() -> None:
            for item in items:
                await self.synchronizer.push(item)

        self.feeding.append(spawn(push(), name="feed"))

    async def run(self, duration_s: float, *, step_s: float = STEP_S) -> None:
        for _ in range(round(duration_s / step_s)):
            self.clock.move(step_s)
            await settle(4)

    async def aclose(self) -> None:
        await cancel_and_wait(*self.feeding)
        await self.synchronizer.aclose()

    def end_heard(self, ended: SpeechEnded) -> None:
        self.ended.append((self.clock.now(), ended.end.segment_id, ended.played_s))


def speech(start_s: float, duration_s: float, generation: int = 0, segment: str | None = "s") -> list[GeneratedItem]:
    """Pictures and sound of an utterance as a generator yields them."""
    items: list[GeneratedItem] = []
    for index in range(round(duration_s / FRAME_S)):
        pts_s = start_s + index * FRAME_S
        items += [picture(pts_s, generation, mark=1), sound(pts_s, FRAME_S, generation)]
    return [*items, AudioSegmentEnd(segment, generation)] if segment is not None else items


def staged(
    options: AvatarOptions = OPTIONS,
    behaviour: SynchronizerOptions | None = None,
    speaks: Callable[[ManualClock], Speaker] = Speaker,
) -> Stage:
    """A synchronizer that has begun, with outputs that look on."""
    clock = ManualClock()
    speaker, screen = speaks(clock), Screen(clock)
    synchronizer = AVSynchronizer(speaker, screen, options, clock, behaviour=behaviour)
    stage = Stage(clock, speaker, screen, synchronizer)
    synchronizer.speech_started.connect(stage.started.append)
    synchronizer.speech_ended.connect(stage.end_heard)
    synchronizer.start()
    return stage


def offsets_s(stage: Stage, zero_s: float, from_s: float, to_s: float) -> list[float]:
    """Video minus audio time of the pictures of that media time, where the sound of media time 0 left at `zero_s`."""
    first_shown: dict[float, float] = {}
    for shown_s, frame in stage.screen.shown:
        first_shown.setdefault(frame.pts_s, shown_s)
    return [shown_s - (zero_s + pts_s) for pts_s, shown_s in first_shown.items() if from_s <= pts_s < to_s - 0.001]
