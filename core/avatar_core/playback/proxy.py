"""The swap proxy: the bottom of every chain, where one output can take another's place in the middle of a word.

It decides which output has which part of which segment; the courier delivers. Outputs below are given, not owned.
"""

import logging

from avatar_core.clock import Clock
from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import (
    AudioOutput,
    OutputCapabilities,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.courier import Courier
from avatar_core.playback.leg import Leg, LegEnded
from avatar_core.playback.listening import Listening
from avatar_core.playback.passage import Passage
from avatar_core.playback.recall import Recall, SwapPolicy
from avatar_core.playback.segment import Segment, SegmentRecord, SegmentRef
from avatar_core.playback.segmented import SegmentedOutput, credible_position
from avatar_core.signal import Signal

_log = logging.getLogger(__name__)


class AudioSinkProxy(SegmentedOutput):
    """Passes speech to `next_in_chain`, which `set_next_in_chain` replaces at any moment (PROTOCOLS 2.3).

    The second law is kept here whatever the outputs do: an event counts only from the leg that the segment is on. An
    output that does not answer a clear within `recall_timeout_s` is given up. To carry speech over and to pause
    outputs that cannot, up to `kept_limit_s` seconds of sent speech are kept; beyond that the oldest is forgotten.
    """

    def __init__(
        self,
        sink: AudioOutput,
        *,
        label: str = "AudioSinkProxy",
        clock: Clock | None = None,
        recall_timeout_s: float = 2.5,
        kept_limit_s: float = 60.0,
    ) -> None:
        super().__init__(label=label, next_in_chain=sink, clock=clock)
        self.delivery_failed = Signal[BaseException](f"{label}.delivery_failed")
        self.dropped_s = 0.0
        self._recall_timeout_s = recall_timeout_s
        self._courier = Courier(
            sink, spawn=lambda coro: self._tasks.spawn(coro, name=f"{label} courier"), kept_limit_s=kept_limit_s
        )
        self._passages = self._courier.passages
        self.leg_begun = self._courier.leg_begun
        self.leg_ended = Signal[LegEnded](f"{label}.leg_ended")
        self._listening = Listening(
            started=self._leg_started, progressed=self._leg_progressed, finished=self._leg_finished
        )
        self._listening.begin(sink)
        self._attached = False
        self._paused = False

    @property
    def sample_rate_hz(self) -> int | None:
        """The rate of the current output (P14). Frames of any other are converted here."""
        return self._courier.sink.sample_rate_hz

    @property
    def capabilities(self) -> OutputCapabilities:
        """What the current output can do by itself (P14)."""
        return self._courier.sink.capabilities

    @property
    def can_pause(self) -> bool:
        """By the output's own means, or by recalling what it has not played."""
        return self._courier.sink.can_pause or self.capabilities.exact_position

    @property
    def pause_is_emulated(self) -> bool:
        """Whether a pause recalls speech, since the output cannot hold it."""
        return self.can_pause and not self._courier.sink.can_pause

    @property
    def unsent_s(self) -> float:
        """Seconds captured that no output has taken yet."""
        return sum(passage.tape.mark_to_end_s for passage in self._passages)

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass a frame on; blocks while speech is held here, and until an old output has told its position."""
        record = self._account(frame, segment)
        passage = self._passages.get(record.ref)
        if passage is None or passage.ending:
            self.dropped_s += frame.duration_s
            return
        passage.tape.append(frame)
        try:
            await self._courier.deliver()
        except BaseException:
            if passage.tape.retract(frame):
                record.pushed_s -= frame.duration_s
            self._dispatch()
            raise

    def flush(self) -> None:
        """End the segment being captured; it finishes here if no output has any of it (PX1)."""
        record = self._capturing
        super().flush()
        if record is None or (passage := self._passages.get(record.ref)) is None:
            return
        leg = passage.leg
        if leg is not None and leg.recall is None and passage.tape.next_unsent() is None and not leg.converts:
            leg.end()
        self._conclude(passage)
        self._dispatch()

    def clear_buffer(self) -> None:
        """Interrupt: what is not sent is dropped, what is sent is cleared, and each segment gets its answer."""
        recall = Recall(SwapPolicy.FINISH)
        self._drop(*self._passages)
        self._take_back(self._courier.sink, recall)
        self._courier.sink.clear_buffer()
        self._conclude_all()
        self._await_positions(recall)

    def pause(self) -> None:
        """Hold the speech, by the output's own means or by recalling what it has not played.

        Raises PlaybackError where the output can neither pause nor tell what it has played.
        """
        if self._paused:
            return
        sink = self._courier.sink
        if not self.can_pause:
            raise PlaybackError(f"{sink.label} can neither pause nor tell what it has played: interrupt instead")
        self._paused = True
        if sink.can_pause:
            sink.pause()
            return
        self._courier.held = True
        self._courier.cut()
        recall = Recall(SwapPolicy.CARRY)
        if self._take_back(sink, recall):
            sink.clear_buffer()
        self._await_positions(recall)

    def resume(self) -> None:
        """Go on where the pause stopped, also on another output than the one paused."""
        if not self._paused:
            return
        self._paused = False
        if self._courier.held:
            self._courier.held = False
            self._dispatch()
        else:
            self._courier.sink.resume()

    def on_attached(self) -> None:
        """Attach the current output."""
        self._attached = True
        self._courier.sink.on_attached()

    def on_detached(self) -> None:
        """Detach the current output."""
        self._attached = False
        self._courier.sink.on_detached()

    def set_next_in_chain(self, sink: AudioOutput, *, policy: SwapPolicy = SwapPolicy.FINISH) -> Recall:
        """Put `sink` in the place of the current output, at once; the same one again changes nothing (P3).

        Carrying needs both to report exact positions; otherwise, or where the old one does not tell its last
        position in time, it is FINISH, and the outcome says why. TypeError for anything but an AudioOutput.
        """
        if not isinstance(sink, AudioOutput):
            raise TypeError(f"an audio output is required, not {sink!r}")
        old = self._courier.sink
        recall = self._recall_for(policy, old, sink)
        if sink is not old:
            self._courier.cut()
            self._courier.sink = self._next_in_chain = sink
            self._listening.begin(sink)
            if recall.policy is SwapPolicy.FINISH:
                # What it says in the midst of its clear would come before the new one is in place (P7).
                self._release(old)
            if self._take_back(old, recall):
                old.clear_buffer()
            if self._paused and not self._courier.held:
                # Left paused it could not be used again; the pause itself goes on here (P18).
                old.resume()
                self._courier.held = True
            if self._attached:
                old.on_detached()
                sink.on_attached()
            if recall.policy is SwapPolicy.FINISH:
                self._give_up(recall)
        self._await_positions(recall)
        self._release(old)
        self._dispatch()
        return recall

    def abandon_pending(self) -> None:
        """The chain goes out of use: silence the output and finish all that is pending as interrupted (B20)."""
        recall = Recall(SwapPolicy.FINISH)
        self._drop(*self._passages)
        if self._take_back(self._courier.sink, recall):
            self._courier.sink.clear_buffer()
        for passage in self._passages:
            self._leave(passage, None)
        self._conclude_all()

    async def aclose(self) -> None:
        """Finish what is pending, end the tasks, let go of the output without closing it; harmless twice."""
        self.abandon_pending()
        await super().aclose()
        self._listening.end_all()

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        segment: SegmentRef | None = None,
        synchronized_transcript: str | None = None,
    ) -> None:
        """The segment is over: nothing of it is sent any more, and what was sent of it is ended."""
        if segment is not None and (passage := self._passages.close(segment)) is not None:
            passage.drop()
            if passage.leg is not None:
                passage.leg.end()
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            segment=segment,
            synchronized_transcript=synchronized_transcript,
        )
        self._dispatch()

    def _open(self, ref: SegmentRef) -> SegmentRecord:
        record = super()._open(ref)
        self._passages.open(record)
        return record

    def _dispatch(self) -> None:
        if not self._closed:
            self._courier.dispatch()

    def _on_task_failure(self, name: str, failure: BaseException) -> None:
        _log.warning("%s: speech could not be passed on (%s)", self.label, name, exc_info=failure)
        self.abandon_pending()
        self.delivery_failed.emit(failure)

    def _recall_for(self, policy: SwapPolicy, old: AudioOutput, new: AudioOutput) -> Recall:
        recall = Recall(policy)
        if policy is SwapPolicy.CARRY:
            for output in (old, new):
                if not output.capabilities.exact_position:
                    recall.give_up(f"{output.label} does not report exact positions")
        return recall

    def _drop(self, *passages: Passage) -> None:
        """Send nothing more of these segments, also not the frame being handed over."""
        for passage in passages:
            if passage.tape.next_unsent() is not None:
                self._courier.cut()
            passage.drop()

    def _take_back(self, sink: AudioOutput, recall: Recall) -> bool:
        """Recall the legs at `sink`, ended but not yet cleared; says whether there was any."""
        self._courier.generation += 1
        return self._passages.take_back(sink, recall, self._clock.now())

    def _await_positions(self, recall: Recall) -> None:
        recall.settle_if_complete()
        if not recall.awaited or self._closed:
            return
        deadline_s = self._clock.now() + self._recall_timeout_s

        async def wait_in_vain() -> None:
            await self._clock.sleep_until(deadline_s)
            if recall.awaited:
                recall.give_up(f"the output did not tell in {self._recall_timeout_s:.1f} s what it had played")
                _log.warning("%s: %s", self.label, recall.why)
                self._give_up(recall)

        self._tasks.spawn(wait_in_vain(), name=f"{self.label} recall timeout")

    def _give_up(self, recall: Recall) -> None:
        """End the legs that `recall` still waits for, where they are thought to be."""
        for passage in self._passages:
            if passage.leg is not None and passage.leg.recall is recall:
                self._leave(passage, None)
                self._conclude(passage)
        self._dispatch()

    def _leave(self, passage: Passage, event: PlaybackFinishedEvent | None) -> None:
        """Take a passage off its leg, with the output's last word on it or without."""
        if (leg := passage.leg) is None:
            return
        if event is None:
            played_s = leg.played_s(self._clock.now())
        else:
            played_s = credible_position(event.playback_position, leg.sent_s)
        if leg.reported_s is None and leg.started_at is not None and played_s > 0:
            # Somebody above may place sound by these reports, so a leg without any gets one (P11).
            self.on_playback_progressed(
                started_at=leg.started_at, offset=leg.base_s, duration=played_s, segment=passage.record.ref
            )
        leg.end()
        cut = event is None or event.interrupted
        passage.leave(played_s, interrupted=cut)
        self.leg_ended.emit(
            LegEnded(
                passage.record.ref,
                leg.sink,
                leg.base_s,
                leg.sent_s,
                leg.started_at,
                played_s,
                told=event is not None,
                interrupted=cut,
                goes_on=cut and not passage.ending,
            )
        )
        self._release(leg.sink)

    def _conclude(self, passage: Passage, *, complete: bool = False) -> None:
        """Finish a segment of which nothing is left anywhere; `complete` where its output played it to the end."""
        record = passage.record
        if record.finished or not passage.is_over:
            return
        interrupted = not complete and (passage.ending or record.lost_s > 0 or passage.heard_s == 0)
        self.on_playback_finished(playback_position=passage.heard_s, interrupted=interrupted, segment=record.ref)

    def _conclude_all(self) -> None:
        for passage in self._passages:
            self._conclude(passage)

    def _release(self, sink: AudioOutput) -> None:
        """Stop listening to a replaced output once nothing is awaited from it (P8)."""
        if sink is not self._courier.sink and not self._passages.awaits_position_from(sink):
            self._listening.end(sink)

    def _find_leg(self, sink: AudioOutput, segment: Segment | None) -> tuple[Passage, Leg] | None:
        found = None if segment is None else self._passages.with_leg(sink, segment.ref)
        if found is None:
            self._ignore("event", None if segment is None else segment.ref)
        return found

    def _leg_started(self, sink: AudioOutput, event: PlaybackStartedEvent) -> None:
        if (found := self._find_leg(sink, event.segment)) is not None:
            passage, leg = found
            leg.started_at = event.created_at
            if passage.record.started_at is None:
                self.on_playback_started(created_at=event.created_at, segment=passage.record.ref)

    def _leg_progressed(self, sink: AudioOutput, event: PlaybackProgressedEvent) -> None:
        if (found := self._find_leg(sink, event.segment)) is not None:
            passage, leg = found
            leg.reported_s = max(leg.reported_s or 0.0, credible_position(event.offset + event.duration, leg.sent_s))
            self.on_playback_progressed(
                started_at=event.started_at,
                offset=leg.base_s + event.offset,
                duration=event.duration,
                segment=passage.record.ref,
            )

    def _leg_finished(self, sink: AudioOutput, event: PlaybackFinishedEvent) -> None:
        if (found := self._find_leg(sink, event.segment)) is None:
            return
        passage, leg = found
        complete = not event.interrupted and (leg.recall is None or passage.was_sent_in_full)
        if leg.recall is None:
            # Its own end; also before the flush, then what follows up to there belongs to what is over (R4).
            self._drop(passage)
        self._leave(passage, event)
        self._conclude(passage, complete=complete)
        self._dispatch()
