"""Swaps at the real window: ten in the middle of one sentence, and new avatars that do not come."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.states import Command, SessionState
from avatar_core.errors import ProviderStartError
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_gui.main_window import MainWindow
from avatar_gui.testing import wait_state
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
    notice_text,
    ready,
    screenshot,
    silence,
    sound,
    speaking,
)

Drive = Callable[..., BenchSession]
SWAPS = 10
JOIN_TIMEOUT_S = 6.0  # for the first avatar too, on a machine that may be busy
FOURTH = Qt.Key.Key_4
TALKING_HEAD, AUDIO_WAVE = "talking-head", "audio-wave"


class RefusingProvider:
    """Never starts an avatar."""

    traits = ProviderTraits("refusing", "Refusing", "test", 24_000)
    why = "all seats are taken"

    async def start(self, seat: Seat) -> Avatar:
        raise ProviderStartError(f"Refusing was not started: {self.why}.")


class AbsentAvatar:
    """Runs without ever joining; `ended` is what its provider says of it."""

    def __init__(self, ended: str) -> None:
        self.ended = ended
        self.closed = False

    async def why_ended(self) -> str:
        return self.ended

    async def aclose(self) -> None:
        self.closed = True


class AbsentProvider:
    """Starts avatars that do not come: they run on elsewhere, or have ended."""

    def __init__(self, provider_id: str, ended: str, why: str) -> None:
        self.traits = ProviderTraits(provider_id, provider_id.capitalize(), "test", 24_000)
        self.why = why
        self.started: list[AbsentAvatar] = []
        self._ended = ended

    async def start(self, seat: Seat) -> Avatar:
        self.started.append(AbsentAvatar(self._ended))
        return self.started[-1]


def test_one_sentence_outlives_ten_swaps(drive_real: Drive, long_speech: Path) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        for number in range(SWAPS):
            provider_id = (AUDIO_WAVE, TALKING_HEAD)[number % 2]
            before_s = heard_s(window)
            result = await ask(window, Command.SWAP, NUMBER_KEYS[provider_id])
            assert result.ok, result.text
            assert window.session.snapshot().current_provider_id == provider_id
            assert window.session.state is SessionState.SPEAKING
            await heard_beyond(window, before_s)
            await sound(window)
            await frames_move(window)
        await wait_state(window, f"providers.card.{TALKING_HEAD}", "live")
        assert len(ledger(window)) == 1
        await screenshot(window, "ten-swaps")
        result = await ask(window, Command.INTERRUPT)
        assert result.ok, result.text
        await silence(window)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)
        avatars = [who for who in window.session.snapshot().room.participants if who.identity.startswith("avatar-")]
        assert len(avatars) == 1

    drive_real(use)


@pytest.mark.parametrize(
    "provider",
    [
        RefusingProvider(),
        AbsentProvider("lost", "it lost its way", "it lost its way"),
        AbsentProvider("absent", "", f"in {JOIN_TIMEOUT_S:g} s"),
    ],
    ids=lambda each: each.traits.id,
)
def test_the_old_avatar_goes_on_where_the_new_one_does_not_join(
    provider: RefusingProvider | AbsentProvider, drive_real: Drive, long_speech: Path
) -> None:
    async def use(window: MainWindow) -> None:
        finishes = Finishes(window.session)
        await ready(window)
        await window.session.add_source(long_speech)
        await speaking(window)
        result = await ask(window, Command.SWAP, FOURTH)
        assert not result.ok
        title, body = await notice_text(window, "swap_failed")
        assert title == f"{provider.traits.name} could not take over"
        assert body.startswith("Talking head goes on. ")
        assert provider.why in body
        await wait_state(window, f"providers.card.{provider.traits.id}", "failed")
        await wait_state(window, f"providers.card.{TALKING_HEAD}", "live")
        assert window.session.state is SessionState.SPEAKING
        await heard_beyond(window, heard_s(window) + 0.5)
        await frames_move(window)
        await screenshot(window, f"swap-failed-{provider.traits.id}")
        await ask(window, Command.INTERRUPT)
        await everything_ended(window)
        assert_each_finished_once(window, finishes)

    drive_real(use, providers=[provider], join_timeout_s=JOIN_TIMEOUT_S)
    if isinstance(provider, AbsentProvider):
        assert [avatar.closed for avatar in provider.started] == [True]
