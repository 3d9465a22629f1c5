"""Numbers as the window writes them (UI.md, numbers): true minus, explicit plus, narrow spaces, en dash for nothing."""

from datetime import datetime

MINUS = "\u2212"
MISSING = "\u2013"
# Inter's own space is a quarter of an em. It has no glyph for U+202F, and the font that would stand in is too tight.
NARROW_SPACE = "\u00a0"
TIMES = "\u00d7"
DOT = "\u00b7"

_DECIMALS = {"s": 2, "fps": 1, "%": 0, "": 0}


def number(value: float | None, unit: str = "", *, signed: bool = False) -> str:
    """The digits of `value`, with as many decimals as its unit deserves; no unit is written."""
    if value is None:
        return MISSING
    decimals = _DECIMALS.get(unit, 0 if abs(value) >= 10 or value == int(value) else 1)
    text = f"{abs(value):,.{decimals}f}"
    is_zero = float(text.replace(",", "")) == 0
    if value < 0 and not is_zero:
        return MINUS + text
    return f"+{text}" if signed and not is_zero else text


def quantity(value: float | None, unit: str, *, signed: bool = False) -> str:
    """Number and unit, such as "+12 ms"; an en dash alone where there is no value."""
    text = number(value, unit, signed=signed)
    return text if value is None or not unit else f"{text}{NARROW_SPACE}{unit}"


def duration(seconds: float) -> str:
    """Running time: "02:14", or "1:02:14" from an hour on."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def clock_time(wall_s: float) -> str:
    """Local time of day with milliseconds, from seconds since the epoch."""
    return datetime.fromtimestamp(wall_s).strftime("%H:%M:%S.%f")[:-3]


def bitrate(bits_per_s: float | None) -> str:
    """Such as "1.8 Mbit/s" or "640 kbit/s"."""
    if bits_per_s is None:
        return MISSING
    if bits_per_s >= 1e6:
        return f"{bits_per_s / 1e6:.1f}{NARROW_SPACE}Mbit/s"
    return f"{bits_per_s / 1e3:.0f}{NARROW_SPACE}kbit/s"
