import asyncio

import pytest

from avatar_core.bench.stage import interrupting
from avatar_core.bench.stage.interrupting import InterruptMeasured, measure_interrupt, measure_leak_ms
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.wire.viewer_events import SoundChanged
from tests.fakes.clock import ManualClock, settle

PRESSED_S = 1_000.0


async def answered() -> None:
    return


async def never() -> None:
    await asyncio.Event().wait()


def sounding() -> Hearing:
    hearing = Hearing()
    hearing.take(SoundChanged("ada", True, PRESSED_S - 1))
    return hearing


async def leak_in(hearing: Hearing, clock: ManualClock, *, is_new: bool = False) -> float | None:
    return await measure_leak_ms(hearing, "ada", PRESSED_S, clock, lambda: is_new)


async def test_acknowledgement_and_silence_are_counted_from_the_press() -> None:
    hearing, clock = sounding(), ManualClock(PRESSED_S + 0.05)
    measuring = asyncio.get_running_loop().create_task(measure_interrupt(hearing, "ada", PRESSED_S, answered(), clock))
    await settle()
    hearing.take(SoundChanged("ada", False, PRESSED_S + 0.12))
    measured = await measuring
    assert measured.ok
    assert measured.values == pytest.approx({"ack_ms": 50.0, "interrupt_to_silence_ms": 120.0})
    assert measured.text == "Silent after 120 ms"


async def test_an_interrupt_in_a_gap_between_words_is_silent_at_once() -> None:
    hearing = sounding()
    measuring = asyncio.get_running_loop().create_task(
        measure_interrupt(hearing, "ada", PRESSED_S, answered(), ManualClock(PRESSED_S))
    )
    await settle()
    # Dated back to the last sound, which was before the press.
    hearing.take(SoundChanged("ada", False, PRESSED_S - 0.1))
    measured = await measuring
    assert measured.ok
    assert measured.values["interrupt_to_silence_ms"] == 0.0


async def test_where_nothing_sounded_there_is_no_silence_to_measure() -> None:
    measured = await measure_interrupt(Hearing(), "ada", PRESSED_S, answered(), ManualClock(PRESSED_S))
    assert measured.ok
    assert set(measured.values) == {"ack_ms"}
    assert "nothing sounded" in measured.text


async def test_without_an_answer_the_interrupt_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "ANSWER_TIMEOUT_S", 0.01)
    measured = await measure_interrupt(sounding(), "ada", PRESSED_S, never(), ManualClock(PRESSED_S))
    assert not measured.ok
    assert measured.values == {}
    assert "No acknowledgement" in measured.text


async def test_one_that_is_answered_and_still_heard_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "ANSWER_TIMEOUT_S", 0.01)
    measured = await measure_interrupt(sounding(), "ada", PRESSED_S, answered(), ManualClock(PRESSED_S))
    assert not measured.ok
    assert "still heard" in measured.text


def test_an_answer_is_given_up_before_the_output_makes_one_up() -> None:
    from avatar_core.bench.stage import cast

    assert cast._CLEAR_TIMEOUT_S > interrupting.ANSWER_TIMEOUT_S


async def test_what_is_heard_in_the_second_after_the_silence_has_leaked() -> None:
    hearing, clock = Hearing(), ManualClock(PRESSED_S)
    hearing.take(SoundChanged("ada", True, PRESSED_S + 0.4))
    hearing.take(SoundChanged("ada", False, PRESSED_S + 0.5))
    hearing.take(SoundChanged("ada", True, PRESSED_S + 1.4))
    measuring = asyncio.get_running_loop().create_task(leak_in(hearing, clock))
    await settle()
    assert not measuring.done()
    await clock.advance(1.0)
    assert await measuring == pytest.approx(100.0)


async def test_a_leak_whose_end_is_told_after_the_second_does_not_last_to_its_end() -> None:
    hearing, clock = Hearing(), ManualClock(PRESSED_S)
    hearing.take(SoundChanged("ada", True, PRESSED_S + 0.4))
    measuring = asyncio.get_running_loop().create_task(leak_in(hearing, clock))
    await settle()
    await clock.advance(1.0)
    assert not measuring.done()
    hearing.take(SoundChanged("ada", False, PRESSED_S + 0.9))
    assert await measuring == pytest.approx(500.0)


async def test_one_that_outlasts_the_second_counts_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupting, "SILENT_AFTER_S", 0.01)
    hearing, clock = Hearing(), ManualClock(PRESSED_S + 1.0)
    hearing.take(SoundChanged("ada", True, PRESSED_S + 0.4))
    assert await leak_in(hearing, clock) == pytest.approx(600.0)


async def test_speech_that_was_begun_meanwhile_is_no_leak() -> None:
    assert await leak_in(sounding(), ManualClock(PRESSED_S + 1.0), is_new=True) is None


def test_ok_needs_both_an_answer_and_silence() -> None:
    assert InterruptMeasured(0.0, True, 10.0, 0.1).ok
    assert InterruptMeasured(0.0, False, 10.0, None).ok
    assert not InterruptMeasured(0.0, True, None, 0.1).ok
