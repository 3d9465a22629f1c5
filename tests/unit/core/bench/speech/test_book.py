import pytest

from avatar_core.bench.snapshot import LedgerRow
from avatar_core.bench.speech.book import Book
from avatar_core.bench.states import SegmentState
from avatar_core.bench.timeline_snapshot import SegmentSpan
from avatar_core.playback.contract import PlaybackFinishedEvent
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentRef
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import ManualClock

NAMES = {"wave": "Audio wave", "head": "Talking head"}


class Read:
    """A book that listens to an output moved by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.book = Book(self.clock)
        self.output = HandDrivenOutput(clock=self.clock)
        self.book.listen(self.output)
        self.book.hand_over("wave")

    async def push(self, segment_id: str, seconds: float) -> SegmentRef:
        ref = SegmentRef(segment_id)
        await self.output.capture_frame(speech(seconds), segment=ref)
        return ref

    def progress(self, ref: SegmentRef, offset_s: float, seconds: float) -> None:
        """So many seconds from `offset_s` on were heard until now."""
        self.output.on_playback_progressed(
            started_at=self.clock.now() - seconds, offset=offset_s, duration=seconds, segment=ref
        )

    def row(self, segment_id: str) -> LedgerRow:
        return next(row for row in self.book.rows(NAMES) if row.segment_id == segment_id)

    def spans(self) -> list[SegmentSpan]:
        return list(self.book.spans(0.0))


async def test_a_segment_is_queued_then_played_then_finished() -> None:
    read = Read()
    ref = await read.push("s1", 2.0)
    assert read.row("s1").state is SegmentState.QUEUED
    assert read.book.current_id == "s1"
    read.output.start(ref)
    assert read.row("s1").state is SegmentState.PLAYING
    read.output.flush()
    read.output.finish(2.0, segment=ref)
    assert read.row("s1") == LedgerRow("s1", "Audio wave", SegmentState.FINISHED, 2.0, 2.0, "ended")
    assert read.book.current_id is None


async def test_what_is_heard_is_estimated_between_reports_and_never_beyond_what_was_sent() -> None:
    read = Read()
    ref = await read.push("s1", 2.0)
    assert read.book.unplayed_s() == pytest.approx(2.0)
    read.output.start(ref)
    read.clock.move(0.5)
    assert read.book.heard_s("s1") == pytest.approx(0.5)
    read.progress(ref, 0.0, 0.4)
    assert read.book.heard_s("s1") == pytest.approx(0.4)
    read.clock.move(0.3)
    assert read.book.unplayed_s() == pytest.approx(1.3)
    read.clock.move(60.0)
    assert read.book.heard_s("s1") == 2.0
    assert read.book.unplayed_s() == 0.0


async def test_the_end_corrects_the_estimate() -> None:
    read = Read()
    ref = await read.push("s1", 3.0)
    read.output.start(ref)
    read.clock.move(1.5)
    read.output.finish(1.1, interrupted=True, segment=ref)
    assert read.row("s1").played_s == 1.1
    (span,) = read.spans()
    assert span.state is SegmentState.INTERRUPTED
    assert span.sent_until_s - span.played_until_s == pytest.approx(1.9)
    assert span.label == "s1  interrupted at 1.1 s"


async def test_an_end_by_interruption_has_the_name_that_was_expected_of_it() -> None:
    read = Read()
    first = await read.push("s1", 1.0)
    read.book.expect_end("swapped")
    read.output.flush()
    second = await read.push("s2", 1.0)
    read.output.flush()
    third = await read.push("s3", 1.0)
    read.book.expect_end("")
    read.output.finish(0.5, interrupted=True, segment=first)
    read.output.finish(1.0, segment=second)
    read.book.expect_end("avatar ended")
    read.output.finish(0.5, interrupted=True, segment=third)
    assert [row.ended for row in read.book.rows(NAMES)] == ["avatar ended", "ended", "interrupted"]


async def test_a_paused_segment_stands_still_and_late_news_of_it_do_not_move_it() -> None:
    read = Read()
    ref = await read.push("s1", 5.0)
    read.output.start(ref)
    read.clock.move(1.0)
    read.book.hold()
    read.clock.move(3.0)
    read.progress(ref, 0.9, 0.1)
    assert read.row("s1").state is SegmentState.PAUSED
    assert read.book.heard_s("s1") == pytest.approx(1.0)


async def test_a_start_that_is_told_late_does_not_end_a_pause() -> None:
    read = Read()
    ref = await read.push("s1", 5.0)
    read.book.hold()
    read.output.start(ref)
    assert read.row("s1").state is SegmentState.PAUSED


async def test_after_a_pause_a_segment_goes_on_in_a_new_stretch() -> None:
    read = Read()
    ref = await read.push("s1", 5.0)
    read.output.start(ref)
    read.clock.move(1.0)
    read.book.hold()
    read.clock.move(3.0)
    read.book.release()
    assert read.row("s1").state is SegmentState.QUEUED
    read.clock.move(0.5)
    # A little less than was estimated: what is reported holds.
    read.progress(ref, 0.7, 0.2)
    read.clock.move(0.5)
    assert read.book.heard_s("s1") == pytest.approx(1.4)
    assert [(span.start_s, span.played_until_s) for span in read.spans()] == [(100.0, 101.0), (104.5, 105.0)]


async def test_a_segment_carried_over_goes_on_with_the_other_provider() -> None:
    read = Read()
    ref = await read.push("s1", 5.0)
    read.output.start(ref)
    read.clock.move(1.0)
    read.book.hand_over("head")
    read.clock.move(0.2)
    read.progress(ref, 1.0, 0.1)
    spans = read.spans()
    assert [span.provider_id for span in spans] == ["wave", "head"]
    assert [span.carried for span in spans] == [True, False]
    assert read.row("s1").provider == "Talking head"


async def test_the_last_word_of_an_avatar_that_was_left_does_not_make_the_segment_sound() -> None:
    read = Read()
    ref = await read.push("s1", 5.0)
    read.output.start(ref)
    read.clock.move(1.0)
    read.book.hand_over("head")
    read.clock.move(0.2)
    read.output.on_playback_progressed(started_at=100.0, offset=0.0, duration=0.95, segment=ref)
    assert read.row("s1").state is SegmentState.QUEUED
    assert [span.provider_id for span in read.spans()] == ["wave"]


async def test_the_balance_counts_opened_finished_and_open() -> None:
    read = Read()
    ref = await read.push("s1", 1.0)
    read.output.flush()
    await read.push("s2", 1.0)
    read.output.finish(1.0, segment=ref)
    balance = read.book.balance()
    assert (balance.opened, balance.finished, balance.open, balance.balanced) == (2, 1, 1, True)


async def test_a_second_end_of_one_segment_breaks_the_balance() -> None:
    read = Read()
    ref = await read.push("s1", 1.0)
    segment = read.output.pending_segments[0]
    read.output.finish(1.0, segment=ref)
    read.output.playback_finished.emit(PlaybackFinishedEvent(0.2, True, segment))
    assert not read.book.balance().balanced
    assert read.row("s1").played_s == 1.0


async def test_the_book_follows_one_chain_at_a_time() -> None:
    read = Read()
    other = HandDrivenOutput("other", clock=read.clock)
    read.book.listen(other)
    await read.push("old", 1.0)
    await other.capture_frame(speech(1.0), segment=SegmentRef("new"))
    assert [row.segment_id for row in read.book.rows(NAMES)] == ["new"]


async def test_marks_are_numbered_for_good() -> None:
    book = Book(ManualClock(5.0))
    for index in range(2_500):
        book.mark("M", f"Mark {index}")
    book.mark("I", "Interrupt", "90 ms", time_s=3.0)
    assert len(book.marks) == 2_000
    assert len({mark.id for mark in book.marks}) == 2_000
    assert (book.marks[-1].time_s, book.marks[-1].result) == (3.0, "90 ms")


async def test_only_ended_segments_are_forgotten_and_the_balance_stays() -> None:
    read = Read()
    held = await read.push("held", 0.01)
    read.output.flush()
    for number in range(2_100):
        ref = await read.push(f"s{number}", 0.01)
        read.output.flush()
        read.output.finish(0.01, segment=ref)
    balance = read.book.balance()
    assert (balance.opened, balance.finished, balance.open) == (2_101, 2_100, 1)
    read.output.finish(0.01, segment=held)
    assert read.book.balance().balanced


async def test_what_a_swap_cut_is_neither_waited_for_nor_called_heard() -> None:
    """The seed's swap gives up what the old avatar had not played; who speaks some seconds ahead must not count it."""
    clock = ManualClock(100.0)
    old, new = HandDrivenOutput(clock=clock), HandDrivenOutput(clock=clock)
    proxy = AudioSinkProxy(old, clock=clock)
    book = Book(clock)
    book.listen(proxy)
    ref = SegmentRef("s1")
    await proxy.capture_frame(speech(2.0), segment=ref)
    old.start()
    clock.move(0.5)
    old.on_playback_progressed(started_at=100.0, offset=0.0, duration=0.5)
    proxy.set_next_in_chain(new, policy=SwapPolicy.FINISH)
    book.hand_over("head")
    assert book.unplayed_s() == pytest.approx(0.0)
    await proxy.capture_frame(speech(1.0), segment=ref)
    assert book.unplayed_s() == pytest.approx(1.0)
    new.start()
    clock.move(0.4)
    new.on_playback_progressed(started_at=100.5, offset=0.0, duration=0.4)
    assert book.heard_s("s1") == pytest.approx(0.9)
    assert book.unplayed_s() == pytest.approx(0.6)
    proxy.flush()
    new.finish(1.0)
    row = book.rows(NAMES)[0]
    assert (row.pushed_s, row.played_s) == (pytest.approx(3.0), pytest.approx(1.5))
    assert row.ended == "1.5 s lost"
