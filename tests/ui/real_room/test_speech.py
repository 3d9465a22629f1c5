"""Speech at the real window: seen, heard, drawn, measured; interrupted, ended by segments, paused and resumed."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.states import Command, SegmentState, SeriesName, SessionState
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import find, wait_event, wait_session_state, wait_state, wait_until
from avatar_gui.widgets.text import ElidedLabel
from tests.patience import LIMIT_S
from tests.ui.real_room.real_window import (
    Finishes,
    ask,
    assert_each_finished_once,
    everything_ended,
    frames_move,
    heard_beyond,
    heard_s,
    ledger,
    picture_bytes,
    ready,
    screenshot,
    silence,
    sound,
    speaking,
)

Drive = Callable[..., BenchSession]
PATTERN = "sync-pattern"
SHAPE = re.compile(r"\d{3}\W\d{3} \W [\d.]+\sfps \W [\d.]+\s[kM]bit/s")


def points(window: MainWindow, names: Sequence[SeriesName]) -> list[int]:
    return [int(window.session.series(name, 0.0).time_s.size) for name in names]


def test_speech_is_seen_heard_and_drawn(drive_real: Drive) -> None:
    async def use(window: MainWindow) -> None:
        await ready(window)
        await wait_state(window, f"providers.card.{PATTERN}", "live")
        assert not window.session.levels().rms_dbfs
        selected = await window.session.select_source(PATTERN)
        assert selected.ok, selected.text
        silent_picture = picture_bytes(window)
        await speaking(window)
        await frames_move(window)
        assert picture_bytes(window) != silent_picture
        curves = (SeriesName.AV_OFFSET_MS, SeriesName.BUFFER_AUDIO_MS, SeriesName.SENT_UNPLAYED_S)
        await wait_until(lambda: all(points(window, curves)), LIMIT_S, lambda: f"a plot is empty: {curves}")
        before = points(window, curves)
        await wait_until(
            lambda: all(now > then for now, then in zip(points(window, curves), before, strict=True)),
            LIMIT_S,
            lambda: f"not every plot goes on: {curves}, {before}, now {points(window, curves)}",
        )
        info = find(window, "preview.a.info", ElidedLabel)
        await wait_until(lambda: SHAPE.fullmatch(info.whole) is not None, LIMIT_S, lambda: f"it says {info.whole!r}")
        await heard_beyond(window, 3.0)
        await screenshot(window, "speaking")

    drive_real(use, first_provider=PATTERN)


def test_interrupt_stops_the_sound_and_each_segment_finishes_once(drive_real: Drive) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        for turn in range(1, 4):
            await speaking(window)
            result = await ask(window, Command.INTERRUPT)
            assert result.ok, result.text
            assert "interrupt_to_silence_ms" in result.values
            await silence(window)
            await wait_session_state(window, SessionState.READY, LIMIT_S)
            balance = await everything_ended(window)
            assert (balance.opened, balance.finished) == (turn, turn)
        assert [row.state for row in ledger(window)] == [SegmentState.INTERRUPTED] * 3
        assert all(0 < row.played_s < row.pushed_s for row in ledger(window))
        assert_each_finished_once(window, finishes)
        await screenshot(window, "interrupted")

    drive_real(use)


def test_the_end_of_a_segment_opens_the_next_and_the_source_goes_on(drive_real: Drive, long_speech: Path) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        result = await ask(window, Command.END_SEGMENT)
        assert result.ok, result.text
        await wait_until(lambda: len(ledger(window)) == 2, LIMIT_S, lambda: "no new segment was opened")
        first, second = ledger(window)
        assert not second.state.ended
        await wait_event(window, "Finished", first.segment_id, since_s=0.0, timeout_s=LIMIT_S)
        await heard_beyond(window, 0.3)
        await sound(window)
        assert ledger(window)[0].state is SegmentState.FINISHED
        assert ledger(window)[0].played_s == pytest.approx(ledger(window)[0].pushed_s)
        assert window.session.state is SessionState.SPEAKING
        await ask(window, Command.INTERRUPT)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)

    drive_real(use)


def test_a_resumed_segment_goes_on_where_it_was_paused(drive_real: Drive, long_speech: Path) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        await heard_beyond(window, 1.0)
        result = await ask(window, Command.PAUSE)
        assert result.ok, result.text
        await silence(window)
        assert window.session.state is SessionState.PAUSED
        paused_s = heard_s(window)
        await screenshot(window, "paused")
        await frames_move(window)
        assert heard_s(window) == paused_s
        result = await ask(window, Command.RESUME)
        assert result.ok, result.text
        await sound(window)
        assert heard_s(window) >= paused_s
        await heard_beyond(window, paused_s + 0.5)
        assert [row.state for row in ledger(window)] == [SegmentState.PLAYING]
        result = await ask(window, Command.INTERRUPT)
        assert result.ok, result.text
        await everything_ended(window)
        assert_each_finished_once(window, finishes)
        assert len(ledger(window)) == 1

    drive_real(use)
