import pytest
from pytestqt.qtbot import QtBot

from avatar_core.bench.snapshot import ProviderInfo
from avatar_core.bench.states import ProviderState
from avatar_gui.icons import Icons
from avatar_gui.theme import Theme
from avatar_gui.widgets.provider_card import ProviderCard
from avatar_gui.widgets.tag import Tag
from avatar_gui.widgets.text import ElidedLabel

LIST_PX = 220


def card_of(name: str, icons: Icons, theme: Theme, qtbot: QtBot) -> ProviderCard:
    provider = ProviderInfo("one", name, "built-in", 24_000, ProviderState.NOT_STARTED)
    card = ProviderCard(1, provider, icons, theme)
    qtbot.addWidget(card)
    card.show_provider(provider, target=False)
    card.resize(LIST_PX, card.height())
    card.show()
    return card


@pytest.mark.parametrize(("name", "has_word"), [("Talking head", True), ("VideoSDK stand-in", False)])
def test_a_name_is_whole_and_its_state_gives_way(
    name: str, has_word: bool, icons: Icons, theme: Theme, qtbot: QtBot
) -> None:
    card = card_of(name, icons, theme, qtbot)
    label = next(one for one in card.findChildren(ElidedLabel) if one.whole == name)
    state = card.findChild(Tag, "providers.card.one.state")
    assert state is not None
    qtbot.waitUntil(lambda: label.text() == name)
    assert (state.toolTip() == "") is has_word
    assert (state.width() == state.whole_width()) is has_word


def test_a_wider_card_has_room_for_both(icons: Icons, theme: Theme, qtbot: QtBot) -> None:
    card = card_of("VideoSDK stand-in", icons, theme, qtbot)
    card.resize(2 * LIST_PX, card.height())
    state = card.findChild(Tag, "providers.card.one.state")
    assert state is not None
    assert state.toolTip() == ""
