"""Which key does what (UI.md, keys): only what is built."""

from collections.abc import Callable
from functools import partial

from avatar_gui.body import Body
from avatar_gui.keys import Key
from avatar_gui.navigation import PANELS, Navigation
from avatar_gui.widgets.lines import LINES

PROVIDER_KEYS = 9


def key_table(
    body: Body, navigation: Navigation, swap_to_number: Callable[[int], None], reconnect: Callable[[], None]
) -> tuple[Key, ...]:
    """All keys of the window, in the order of the list that `?` shows."""
    controls = body.controls
    swaps = [
        Key(str(number), "Swap to a provider" if number == 1 else "", partial(swap_to_number, number), "1 to 9")
        for number in range(1, PROVIDER_KEYS + 1)
    ]
    lines = [
        Key(f"F{index + 1}", "Say a line" if index == 0 else "", partial(body.lines.say, index), f"F1 to F{LINES}")
        for index in range(LINES)
    ]
    panels = [
        Key(f"Ctrl+{n + 1}", "Go to a panel" if n == 0 else "", partial(navigation.go_to, n), f"Ctrl+1 to {PANELS}")
        for n in range(PANELS)
    ]
    return (
        Key("Space", "Speak, or stop speaking", controls.speak.ask),
        Key("I", "Interrupt", controls.interrupt.ask),
        Key("E", "End segment", controls.end.ask),
        Key("P", "Pause, or resume", controls.pause.ask),
        *swaps,
        Key("S", "Swap to the provider chosen", controls.swap_to_target),
        Key("M", "Mark", controls.mark.ask),
        Key("R", "Record, or stop recording", controls.toggle_recording),
        Key("O", "Figures over the picture", body.preview.overlay_button.toggle),
        *lines,
        Key("Ctrl+K", "Reconnect", reconnect),
        *panels,
        Key("F6", "Next panel", navigation.next_panel),
        Key("?", "Keys", navigation.show_keys),
        Key("Esc", "Leave", navigation.leave),
    )
