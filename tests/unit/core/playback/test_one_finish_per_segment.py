"""The second law under any order of commands and any behaviour of outputs: one finish per segment, none twice.

Also the first: what each output is given keeps its order. Outputs here lie, repeat themselves, block, fail, and die,
alone or two below a tee; above them a meter, a transcript and a recorder.
"""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from avatar_core.errors import PlaybackError, RoomLost
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import (
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.recorder import AudioRecorder
from avatar_core.playback.segment import Segment, SegmentRef, SegmentState
from avatar_core.playback.tee import TeeAudioOutput
from avatar_core.playback.transcript import TranscriptSynchronizer
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import ManualClock, settle

POSITIONS = st.sampled_from([0.0, 0.05, 0.3, 1.0, 50.0, -1.0, float("nan"), float("inf")])
POLICIES = st.sampled_from(SwapPolicy)
PICK = st.integers(min_value=0, max_value=1_000)


class HostileOutput(HandDrivenOutput):
    """Says what it likes about any segment it ever got, whatever its own records say."""

    def lie_started(self, ref: SegmentRef, created_at: float) -> None:
        self.playback_started.emit(PlaybackStartedEvent(created_at, _claim(ref)))

    def lie_progressed(self, ref: SegmentRef, position_s: float) -> None:
        self.playback_progressed.emit(PlaybackProgressedEvent(0.0, position_s, position_s, _claim(ref)))

    def lie_finished(self, ref: SegmentRef, position_s: float, interrupted: bool) -> None:
        self.playback_finished.emit(PlaybackFinishedEvent(position_s, interrupted, _claim(ref)))


def _claim(ref: SegmentRef) -> Segment:
    return Segment(ref, ref.generation, "claim", 0.0, 0.0, 0.0, True, SegmentState.FLUSHED, False)


class AnyOrder(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.runner.get_loop()
        self.clock = ManualClock()
        self.sinks: list[HostileOutput] = []
        self.tees: list[TeeAudioOutput] = []
        self.heads: list[AudioRecorder] = []
        self.folder = tempfile.TemporaryDirectory()
        self.opened: list[str] = []
        self.finished: list[str] = []
        self.started: list[str] = []
        self.capture: asyncio.Task[None] | None = None
        self.said_s = 0.0

    @initialize(pause=st.booleans(), exact=st.booleans())
    def begin(self, pause: bool, exact: bool) -> None:
        async def build() -> None:
            self.output = AgentOutput(clock=self.clock)
            self._set_chain(pause, exact)

        self.runner.run(build())

    # Commands

    @rule(steps=st.integers(1, 30), rate_hz=st.sampled_from([8_000, 16_000]))
    @precondition(lambda self: self.capture is None)
    def say(self, steps: int, rate_hz: int) -> None:
        """Capture a frame; where that blocks it goes on blocking while other things happen."""

        async def capture() -> None:
            frame = speech(steps / 100, start_s=self.said_s, rate_hz=rate_hz)
            self.said_s += frame.duration_s
            self.line.push_text("said ")
            try:
                await self.head.capture_frame(frame)
            except (RoomLost, PlaybackError):
                return

        async def begin() -> None:
            self.capture = spawn(capture(), name="capture")
            await settle()
            self._collect_capture()

        self.runner.run(begin())

    @rule()
    @precondition(lambda self: self.capture is not None)
    def cancel_capture(self) -> None:
        async def cancel() -> None:
            await cancel_and_wait(self.capture)
            self.capture = None

        self.runner.run(cancel())

    @rule()
    def flush(self) -> None:
        self._do(lambda: self.head.flush())

    @rule()
    def interrupt(self) -> None:
        self._do(lambda: self.head.clear_buffer())

    @rule()
    def pause(self) -> None:
        if self.head.can_pause:
            self._do(lambda: self.head.pause())

    @rule()
    def resume(self) -> None:
        self._do(lambda: self.head.resume())

    @rule(policy=POLICIES, pause=st.booleans(), exact=st.booleans())
    def swap(self, policy: SwapPolicy, pause: bool, exact: bool) -> None:
        self._do(lambda: self.output.replace_audio_tail(self._new_sink(pause, exact), policy=policy))

    @rule(policy=POLICIES, pause=st.booleans(), exact=st.booleans())
    def swap_to_two(self, policy: SwapPolicy, pause: bool, exact: bool) -> None:
        def swap() -> None:
            sinks = [self._new_sink(pause, exact), self._new_sink(pause, True)]
            self.tees.append(TeeAudioOutput(sinks, label=f"tee {len(self.tees)}", clock=self.clock))
            self.output.replace_audio_tail(self.tees[-1], policy=policy)

        self._do(swap)

    @rule(policy=POLICIES, which=PICK)
    def swap_back(self, policy: SwapPolicy, which: int) -> None:
        sink = self.sinks[which % len(self.sinks)]
        self._do(lambda: self.output.replace_audio_tail(sink, policy=policy))

    @rule(pause=st.booleans(), exact=st.booleans())
    def replace_chain(self, pause: bool, exact: bool) -> None:
        self._do(lambda: self._set_chain(pause, exact))

    # What outputs do

    @rule(by_s=st.sampled_from([0.05, 0.5, 4.0]))
    def time_passes(self, by_s: float) -> None:
        self._do(lambda: self.clock.move(by_s))

    @rule(which=PICK, ready=st.booleans())
    def sink_becomes_ready_or_not(self, which: int, ready: bool) -> None:
        sink = self.sinks[which % len(self.sinks)]
        self._do(sink.ready.set if ready else sink.ready.clear)

    @rule(which=PICK, dead=st.booleans())
    def sink_dies_or_revives(self, which: int, dead: bool) -> None:
        sink = self.sinks[which % len(self.sinks)]
        sink.failure = RoomLost("the room is gone") if dead else None

    @rule(which=PICK, segment=PICK, position_s=POSITIONS, interrupted=st.booleans())
    def sink_says_finished(self, which: int, segment: int, position_s: float, interrupted: bool) -> None:
        sink = self.sinks[which % len(self.sinks)]
        if sink.refs:
            ref = sink.refs[-1 - segment % len(sink.refs)]
            self._do(lambda: sink.lie_finished(ref, position_s, interrupted))

    @rule(which=PICK, segment=PICK, position_s=POSITIONS)
    def sink_says_progressed(self, which: int, segment: int, position_s: float) -> None:
        sink = self.sinks[which % len(self.sinks)]
        if sink.refs:
            ref = sink.refs[-1 - segment % len(sink.refs)]
            self._do(lambda: sink.lie_progressed(ref, position_s))

    @rule(which=PICK, segment=PICK)
    def sink_says_started(self, which: int, segment: int) -> None:
        sink = self.sinks[which % len(self.sinks)]
        if sink.refs:
            ref = sink.refs[-1 - segment % len(sink.refs)]
            self._do(lambda: sink.lie_started(ref, self.clock.now()))

    # What holds

    @invariant()
    def nothing_finishes_twice_or_unopened(self) -> None:
        assert len(self.finished) == len(set(self.finished))
        assert set(self.finished) <= set(self.opened)
        assert len(self.started) == len(set(self.started))

    @invariant()
    def each_output_gets_segments_and_speech_in_order(self) -> None:
        for sink in self.sinks:
            places = [self.opened.index(ref.id) for ref in sink.refs]
            assert places == sorted(places)

    def teardown(self) -> None:
        """However it stands: an interrupt and some seconds answer everything, and closing leaves nothing."""

        async def end() -> None:
            await cancel_and_wait(self.capture)
            self.head.flush()
            self.head.clear_buffer()
            await self.clock.advance(10.0)
            assert sorted(self.finished) == sorted(self.opened)
            assert self.head.pending_segments == ()
            await asyncio.wait_for(self.head.wait_for_playout(), 1)
            await self.output.aclose()
            for output in (*self.heads, *self.tees, *self.sinks):
                await output.aclose()
            await settle()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        try:
            if self.sinks:
                self.runner.run(end())
        finally:
            self.runner.close()
            self.folder.cleanup()

    def _set_chain(self, pause: bool, exact: bool) -> None:
        self.line = TranscriptSynchronizer(LevelMeter(self._new_sink(pause, exact), clock=self.clock), clock=self.clock)
        path = Path(self.folder.name) / f"{len(self.heads)}.wav"
        self.head = AudioRecorder(self.line, path, clock=self.clock)
        self.heads.append(self.head)
        self.head.segment_opened.connect(lambda segment: self.opened.append(segment.id))
        self.head.playback_started.connect(lambda event: self.started.append(event.segment.id))
        self.head.playback_finished.connect(self._note_finish)
        self.output.audio = self.head

    def _note_finish(self, event: PlaybackFinishedEvent) -> None:
        assert event.segment is not None
        self.finished.append(event.segment.id)

    def _new_sink(self, pause: bool, exact: bool) -> HostileOutput:
        sink = HostileOutput(f"sink {len(self.sinks)}", pause=pause, exact_position=exact, clock=self.clock)
        self.sinks.append(sink)
        return sink

    def _do(self, command: Callable[[], object]) -> None:
        async def act() -> None:
            command()
            await settle()
            self._collect_capture()

        self.runner.run(act())

    def _collect_capture(self) -> None:
        if self.capture is not None and self.capture.done():
            self.capture.result()
            self.capture = None


AnyOrder.TestCase.settings = settings(max_examples=60, stateful_step_count=50, deadline=None, database=None)
TestAnyOrder = AnyOrder.TestCase
