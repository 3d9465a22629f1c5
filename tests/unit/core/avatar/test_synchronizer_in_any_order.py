"""A synchronizer under any order of writes, ends, flushes, pauses and clock jumps: order, bounds, and the offset."""

import asyncio

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from avatar_core.avatar.sound_queue import PIECE_S
from avatar_core.avatar.sound_release import QUEUE_S
from avatar_core.avatar.synchronizer_options import Overflow, SynchronizerOptions
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.clock import settle
from tests.fakes.synchronizer_stage import FRAME_S, STEP_S, Speaker, staged
from tests.fakes.video_generator import picture

LIMITS = SynchronizerOptions()


class AnyOrder(RuleBasedStateMachine):
    """One pusher brings frames in order, as a generator does; whatever else happens, happens meanwhile.

    The level of a sound counts the frames since the beginning, so that what left can be told apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.runner.get_loop()
        self.brought = 0
        self.oldest = 0
        self.jumped_s: list[float] = []
        self.pusher: asyncio.Task[None] | None = None

    @initialize(overflow=st.sampled_from(Overflow))
    def begin(self, overflow: Overflow) -> None:
        async def build() -> None:
            self.stage = staged(behaviour=SynchronizerOptions(overflow=overflow))
            await settle()

        self.runner.run(build())

    @rule(frames=st.integers(1, 40), ends=st.booleans())
    def bring(self, frames: int, ends: bool) -> None:
        async def push(generation: int, first: int, before: asyncio.Task[None] | None) -> None:
            if before is not None:
                await asyncio.wait((before,))
            synchronizer = self.stage.synchronizer
            for index in range(first, first + frames):
                pts_s = index * FRAME_S
                await synchronizer.push(picture(pts_s, generation))
                samples = np.full(round(FRAME_S * 8_000), index + 1, dtype=np.int16)
                await synchronizer.push(AudioFrame(samples, 8_000, pts_s, generation))
            if ends:
                await synchronizer.push(AudioSegmentEnd(str(first), generation))

        async def start() -> None:
            generation = self.stage.synchronizer.generation
            self.pusher = spawn(push(generation, self.brought, self.pusher), name="push")
            self.stage.feeding.append(self.pusher)
            self.brought += frames
            await settle()

        self.runner.run(start())

    @rule()
    def flush(self) -> None:
        async def flush() -> None:
            self.stage.synchronizer.flush()
            self.oldest = self.brought
            self.flushed_s = self.stage.clock.now()
            await settle()

        self.runner.run(flush())

    @rule(paused=st.booleans())
    def pause_or_resume(self, paused: bool) -> None:
        async def change() -> None:
            if paused:
                self.stage.synchronizer.pause()
            else:
                self.stage.synchronizer.resume()
            await settle()

        self.runner.run(change())

    @rule(duration_s=st.floats(0.005, 0.5))
    def time_goes_by(self, duration_s: float) -> None:
        self.runner.run(self.stage.run(duration_s))

    @rule(duration_s=st.floats(0.05, 2.0))
    def loop_is_blocked(self, duration_s: float) -> None:
        async def block() -> None:
            self.stage.clock.move(duration_s)
            self.jumped_s.append(self.stage.clock.now())
            await settle()

        self.runner.run(block())

    @invariant()
    def what_waits_is_bounded(self) -> None:
        if hasattr(self, "stage"):
            buffered = self.stage.synchronizer.buffered
            assert buffered.sound_s <= LIMITS.max_sound_s + QUEUE_S + 2 * PIECE_S
            assert buffered.pictures_s <= LIMITS.ahead_s + 3 * FRAME_S

    @invariant()
    def speech_keeps_its_order_and_nothing_old_leaves_after_a_flush(self) -> None:
        if not hasattr(self, "stage"):
            return
        heard = self.stage.speaker.levels()
        assert heard == sorted(heard)
        if self.oldest:
            old = [left_s for left_s, level in self.stage.speaker.ends() if level <= self.oldest]
            assert all(left_s <= self.flushed_s + 1e-9 for left_s in old)

    def teardown(self) -> None:
        """In the end all that is brought is heard or accounted for, and pictures left with their sound."""

        async def end() -> None:
            stage = self.stage
            stage.synchronizer.resume()
            await stage.run(2.0 + FRAME_S * self.brought, step_s=0.005)
            assert all(task.done() for task in stage.feeding)
            self._pictures_left_with_their_sound()
            statistics = stage.synchronizer.statistics
            heard_s = sum(b - a for a, b in stage.speaker.loud())
            # What a flush cut in the output was neither voided in the queue nor heard.
            lost_s = statistics.dropped_sound_s + statistics.stale_sound_s
            assert heard_s + lost_s <= self.brought * FRAME_S + 1e-6
            if not self.oldest:
                assert abs(heard_s + statistics.dropped_sound_s - self.brought * FRAME_S) <= 1e-6
            await stage.aclose()
            await cancel_and_wait(self.pusher)
            assert asyncio.all_tasks() == {asyncio.current_task()}

        try:
            if hasattr(self, "stage"):
                self.runner.run(end())
        finally:
            self.runner.close()

    def _pictures_left_with_their_sound(self) -> None:
        speaker: Speaker = self.stage.speaker
        begun_s = {level: starts_s for starts_s, _, level in reversed(speaker.runs) if level}
        first_shown: dict[int, float] = {}
        for shown_s, frame in self.stage.screen.shown:
            first_shown.setdefault(round(frame.pts_s / FRAME_S), shown_s)
        for index, shown_s in first_shown.items():
            # Whoever was blocked shows the newest that was due meanwhile.
            blocked = any(0 <= shown_s - back_s < FRAME_S for back_s in self.jumped_s)
            if index + 1 in begun_s and not blocked:
                assert abs(shown_s - begun_s[index + 1] - 0.005) <= FRAME_S / 2 + 0.005 + 2 * STEP_S


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None, database=None)
TestAnyOrder = AnyOrder.TestCase
