from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.transcript import MAX_LETTERS, TICK_S, TranscriptReleased, TranscriptSynchronizer
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, RemoteOutput, say, speech
from tests.fakes.clock import ManualClock

TEXT = "one two three four five six seven eight"


@pytest.fixture
async def line(clock: ManualClock) -> AsyncIterator[TranscriptSynchronizer]:
    remote = RemoteOutput(clock)
    line = TranscriptSynchronizer(remote, clock=clock)
    yield line
    await line.aclose()
    await remote.aclose()


@pytest.fixture
def released(line: TranscriptSynchronizer) -> list[TranscriptReleased]:
    heard: list[TranscriptReleased] = []
    line.released.connect(heard.append)
    return heard


async def play(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds / 0.01)):
        await clock.advance(0.01)


async def test_text_comes_word_by_word_while_it_is_heard_and_whole_at_the_end(
    line: TranscriptSynchronizer, released: list[TranscriptReleased], clock: ManualClock
) -> None:
    log = FinishLog(line)
    line.push_text(TEXT)
    await say(line, 2.0)
    await play(clock, 1.0)
    middle = released[-1].text
    assert TEXT.startswith(middle)
    assert 3 <= len(middle.split()) <= 6
    await play(clock, 1.2)
    texts = [release.text for release in released]
    assert texts == sorted(texts, key=len)
    assert released[-1] == TranscriptReleased(released[0].segment, TEXT, final=True)
    assert [event.synchronized_transcript for event in log.events] == [TEXT]


async def test_interrupt_cuts_the_text_to_what_was_heard(
    line: TranscriptSynchronizer, released: list[TranscriptReleased], clock: ManualClock
) -> None:
    log = FinishLog(line)
    await line.capture_frame(speech(2.0))
    line.push_text(TEXT)
    line.flush()
    await play(clock, 0.6)
    line.clear_buffer()
    await play(clock, 0.1)
    cut = log.events[0].synchronized_transcript
    assert cut is not None
    assert TEXT.startswith(cut)
    assert 0 < len(cut) < len(TEXT) / 2
    assert (released[-1].text, released[-1].final) == (cut, True)


async def test_interrupt_cuts_text_that_was_ahead_of_its_sound_by_what_was_heard(
    line: TranscriptSynchronizer, clock: ManualClock
) -> None:
    """Whoever makes the speech is still at it: the share of what was sent so far would be nearly all of the text."""
    log = FinishLog(line)
    line.push_text("word " * 100)
    await line.capture_frame(speech(1.0))
    await play(clock, 0.9)
    line.clear_buffer()
    await play(clock, 0.1)
    cut = log.events[0].synchronized_transcript
    assert cut is not None
    assert 2 <= len(cut.split()) <= 4


async def test_text_stands_still_in_a_pause(
    line: TranscriptSynchronizer, released: list[TranscriptReleased], clock: ManualClock
) -> None:
    line.push_text(TEXT)
    await say(line, 2.0)
    await play(clock, 0.5)
    line.pause()
    await play(clock, 0.2)
    before = released[-1].text
    await play(clock, 3.0)
    assert released[-1].text == before
    line.resume()
    await play(clock, 2.0)
    assert released[-1].text == TEXT


async def test_text_of_the_next_segment_is_not_that_of_this_one(
    line: TranscriptSynchronizer, clock: ManualClock
) -> None:
    log = FinishLog(line)
    line.push_text("first")
    await say(line, 0.3)
    line.push_text("second")
    await say(line, 0.3)
    await play(clock, 1.0)
    assert [event.synchronized_transcript for event in log.events] == ["first", "second"]


async def test_interrupt_drops_text_that_was_pushed_ahead(line: TranscriptSynchronizer, clock: ManualClock) -> None:
    log = FinishLog(line)
    line.push_text("never said")
    line.clear_buffer()
    await say(line, 0.3)
    await play(clock, 0.5)
    assert [event.synchronized_transcript for event in log.events] == [None]


async def test_text_that_comes_after_its_speech_was_answered_is_not_kept_for_the_next(
    line: TranscriptSynchronizer, clock: ManualClock
) -> None:
    """R4: an answer may come before the flush."""
    log = FinishLog(line)
    await line.capture_frame(speech(0.3))
    line.clear_buffer()
    await play(clock, 0.1)
    line.push_text("too late")
    line.flush()
    await say(line, 0.3)
    await play(clock, 0.5)
    assert [event.synchronized_transcript for event in log.events] == [None, None]


async def test_text_goes_on_with_the_new_output_after_a_swap(clock: ManualClock) -> None:
    old, new = RemoteOutput(clock, "old"), RemoteOutput(clock, "new")
    line = TranscriptSynchronizer(old, clock=clock)
    log = FinishLog(line)
    line.push_text(TEXT)
    await say(line, 2.0)
    await play(clock, 0.8)
    proxy = line.next_in_chain
    assert proxy is not None
    proxy.set_next_in_chain(new, policy=SwapPolicy.CARRY)  # type: ignore[attr-defined]
    await play(clock, 2.0)
    assert [event.synchronized_transcript for event in log.events] == [TEXT]
    await line.aclose()
    await old.aclose()
    await new.aclose()


async def test_text_beyond_reason_is_refused(line: TranscriptSynchronizer) -> None:
    line.push_text("a" * MAX_LETTERS)
    with pytest.raises(ValueError, match="letters long"):
        line.push_text("b")


async def test_progress_corrects_the_estimate(clock: ManualClock) -> None:
    sink = HandDrivenOutput(clock=clock)
    line = TranscriptSynchronizer(sink, clock=clock)
    released: list[TranscriptReleased] = []
    line.released.connect(released.append)
    line.push_text(TEXT)
    await say(line, 4.0)
    sink.start()
    sink.on_playback_progressed(started_at=clock.now() - 2.0, offset=0.0, duration=2.0)
    await play(clock, 2 * TICK_S)
    assert 3 <= len(released[-1].text.split()) <= 6
    await line.aclose()
