"""The buttons of the real window over an avatar on VideoSDK's wire, and swaps to one on LiveKit's and back."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.states import Command, SegmentState, SessionState
from avatar_core.playback.recall import SwapPolicy
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import wait_state, wait_until
from tests.patience import LIMIT_S
from tests.ui.real_room.real_window import (
    NUMBER_KEYS,
    Finishes,
    ask,
    assert_each_finished_once,
    everything_ended,
    frames_move,
    heard_beyond,
    heard_s,
    ledger,
    ready,
    screenshot,
    silence,
    sound,
    speaking,
)

Drive = Callable[..., BenchSession]
VIDEOSDK, LIVEKIT = "videosdk-avatar", "audio-wave"
KEYS = NUMBER_KEYS | {VIDEOSDK: Qt.Key.Key_5}


def test_every_button_works_on_an_avatar_of_videosdks_wire(drive_real: Drive, long_speech: Path) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await wait_state(window, f"providers.card.{VIDEOSDK}", "live")
        await window.session.add_source(long_speech)
        await speaking(window)
        result = await ask(window, Command.INTERRUPT)
        assert result.ok, result.text

        # At once: VideoSDK's own receiver would lose the beginning of it.
        result = await ask(window, Command.SPEAK)
        assert result.ok, result.text
        await sound(window)
        result = await ask(window, Command.END_SEGMENT)
        assert result.ok, result.text
        await wait_until(lambda: len(ledger(window)) == 3, LIMIT_S, lambda: "no new segment was opened")
        await wait_until(lambda: ledger(window)[1].state.ended, LIMIT_S, lambda: "the ended segment goes on")
        cut, ended, _ = ledger(window)
        assert (cut.state, ended.state) == (SegmentState.INTERRUPTED, SegmentState.FINISHED)
        assert abs(ended.played_s - ended.pushed_s) < 0.01

        for provider in (LIVEKIT, VIDEOSDK):
            before_s = heard_s(window)
            result = await ask(window, Command.SWAP, KEYS[provider])
            assert result.ok, result.text
            assert result.values["swap_lost_ms"] == 0
            assert window.session.snapshot().current_provider_id == provider
            assert window.session.state is SessionState.SPEAKING
            await heard_beyond(window, before_s)
            await sound(window)
            await frames_move(window)
        await screenshot(window, "videosdk")
        result = await ask(window, Command.INTERRUPT)
        assert result.ok, result.text
        await silence(window)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)
        assert len(ledger(window)) == 3

    drive_real(use, first_provider=VIDEOSDK, policy=SwapPolicy.CARRY)
