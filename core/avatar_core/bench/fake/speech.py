"""What is said in a session without a room: segments are opened, held, ended and cut off."""

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.ledger import FakeSegment
from avatar_core.bench.fake.world import FakeWorld
from avatar_core.bench.states import SegmentState, SessionState, Severity

_ENDLESS_S = 3600.0


class FakeSpeech:
    """Owned by a FakeSession, whose `world` it changes."""

    def __init__(self, world: FakeWorld, times: FakeTimes, faults: set[FakeFault]) -> None:
        self._world = world
        self._times = times
        self._faults = faults

    async def speak(self, source_id: str | None) -> Outcome:
        """Open a segment that plays the source to its end."""
        source = self._world.source(source_id or self._world.selected_id)
        if not source.available:
            return False, source.why, {}
        await self._world.wait(self._times.acknowledge_s)
        if (current := self._world.ledger.current) is not None:
            self._world.end_segment(current, SegmentState.FINISHED, "ended")
        segment = self._world.open_segment(source.id, source.duration_s or _ENDLESS_S)
        self._world.announce("Speak", f"{segment.id} says {source.name}")
        return True, f"{segment.id}, {source.name}", {}

    async def stop(self) -> Outcome:
        """End the source; the sent tail is still heard."""
        segment = self._open_segment()
        await self._world.wait(self._times.acknowledge_s)
        now_s = self._world.clock.now()
        if segment.state is SegmentState.PAUSED:
            self._world.end_segment(segment, SegmentState.INTERRUPTED, "stopped")
            return True, "Stopped", {}
        segment.duration_s = segment.pushed_s(now_s)
        return True, f"Heard for {segment.duration_s - segment.played_s(now_s):.1f} s more", {}

    async def pause(self) -> Outcome:
        """Hold the segment where it was heard to."""
        segment = self._open_segment()
        await self._world.wait(self._times.acknowledge_s)
        self._world.ledger.hold(segment, self._world.clock.now(), SegmentState.PAUSED)
        self._world.preview.speaking = False
        self._world.set_state(SessionState.PAUSED)
        position_s = segment.played_s(self._world.clock.now())
        self._world.ledger.mark(self._world.clock.now(), "P", "Pause", f"{position_s:.1f} s")
        self._world.announce("Pause", f"{segment.id} paused at {position_s:.2f} s")
        return True, f"At {position_s:.1f} s, emulated", {"position_s": position_s}

    async def resume(self) -> Outcome:
        """Go on with the held segment."""
        segment = self._open_segment()
        await self._world.wait(self._times.acknowledge_s)
        self._world.ledger.go_on(segment, self._world.current_id or "", self._world.clock.now())
        self._world.start_sounding(segment)
        self._world.announce("Resume", f"{segment.id} goes on")
        return True, f"{segment.id} goes on, emulated", {}

    async def interrupt(self) -> Outcome:
        """Silence; does not wait for other commands."""
        pressed_s = self._world.clock.now()
        answered = FakeFault.INTERRUPT_UNANSWERED not in self._faults
        await self._world.wait(self._times.interrupt_s if answered else self._times.give_up_s)
        silent_ms = (self._world.clock.now() - pressed_s) * 1000
        outcome = "ok" if answered else "1502 Response timeout"
        self._world.wire.clear(self._world.current_id or "", silent_ms, outcome)
        result = f"{silent_ms:.0f} ms" if answered else "no answer"
        self._world.ledger.mark(pressed_s, "I", "Interrupt", result)
        if (segment := self._world.ledger.current) is not None:
            self._world.end_segment(segment, SegmentState.INTERRUPTED, "interrupted")
        if not answered:
            text = "No acknowledgement in 2.0 s. Speech was stopped here."
            self._world.announce("Interrupt", text, Severity.FAIL)
            return False, text, {}
        self._world.measure("interrupt_to_silence_ms", silent_ms)
        self._world.measure("interrupt_leak_ms", 0.0)
        self._world.measure("ack_ms", silent_ms * 0.43)
        self._world.announce("Interrupt", f"Silent after {silent_ms:.0f} ms", Severity.OK)
        return True, f"Silent after {silent_ms:.0f} ms", {"interrupt_to_silence_ms": silent_ms}

    async def end_segment(self) -> Outcome:
        """Close the segment; what is left of the source opens the next one."""
        segment = self._open_segment()
        await self._world.wait(self._times.acknowledge_s)
        played_s = segment.played_s(self._world.clock.now())
        left_s, segment.duration_s = segment.duration_s - played_s, played_s
        self._world.ledger.mark(self._world.clock.now(), "E", "End segment")
        self._world.announce("End", f"Segment {segment.id} ended by you")
        self._world.end_segment(segment, SegmentState.FINISHED, "ended")
        if left_s > 0:
            self._world.open_segment(segment.source_id, left_s)
        return True, f"{segment.id}, {played_s:.1f} s", {}

    def _open_segment(self) -> FakeSegment:
        segment = self._world.ledger.current
        if segment is None:
            raise RuntimeError("a command that needs an open segment was not blocked without one")
        return segment
