import pytest

from avatar_gui.figures import bitrate, clock_time, duration, number, quantity

NBSP, MINUS = "\u00a0", "\u2212"


@pytest.mark.parametrize(
    ("value", "unit", "signed", "text"),
    [
        (12.4, "ms", True, "+12"),
        (-9.0, "ms", True, f"{MINUS}9"),
        (-9.26, "ms", True, f"{MINUS}9.3"),
        (0.0, "ms", True, "0"),
        (-0.0, "ms", True, "0"),
        (-0.04, "ms", True, "0.0"),
        (1210.4, "ms", False, "1,210"),
        (1.618, "s", False, "1.62"),
        (24.96, "fps", False, "25.0"),
        (31.4, "%", False, "31"),
        (14.0, "", False, "14"),
        (None, "ms", True, "\u2013"),
    ],
)
def test_numbers_have_the_decimals_of_their_unit_and_a_true_minus(
    value: float | None, unit: str, signed: bool, text: str
) -> None:
    assert number(value, unit, signed=signed) == text


def test_a_quantity_keeps_its_unit_and_a_missing_one_has_none() -> None:
    assert quantity(148.0, "ms") == f"148{NBSP}ms"
    assert quantity(None, "ms") == "\u2013"


def test_running_time_bitrate_and_time_of_day() -> None:
    assert [duration(seconds) for seconds in (0, 134.9, 3734)] == ["00:00", "02:14", "1:02:14"]
    assert [bitrate(value) for value in (1.84e6, 640e3, None)] == [f"1.8{NBSP}Mbit/s", f"640{NBSP}kbit/s", "\u2013"]
    assert clock_time(1_000_000.25)[-7:] == ":40.250"
