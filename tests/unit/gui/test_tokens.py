from dataclasses import fields

import pytest

from avatar_core.bench.states import Severity, Verdict
from avatar_gui.tokens import DARK, LIGHT, SEVERITY_SIGNS, VERDICT_SIGNS, Tokens

# The contrast on `panel` that the design states, by token: dark, light.
STATED = {
    "field": (3.8, 3.4),
    "t1": (14.9, 16.8),
    "t2": (8.8, 7.8),
    "t3": (5.5, 5.2),
    "acc": (7.1, 5.7),
    "s1": (8.1, 4.9),
    "s2": (7.6, 4.8),
    "s3": (7.9, 5.4),
    "s4": (10.4, 5.6),
    "ok": (8.4, 5.9),
    "warn": (11.2, 5.8),
    "fail": (7.2, 7.6),
    "broken": (8.3, 7.1),
    "skip": (6.7, 5.2),
    "rec": (6.0, 5.6),
}
TEXT, GRAPHICS = 4.5, 3.0
BOTH = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@BOTH
def test_every_stated_contrast_on_panel_holds(tokens: Tokens) -> None:
    index = 0 if tokens is DARK else 1
    measured = {name: contrast(getattr(tokens, name), tokens.panel) for name in STATED}
    assert measured == pytest.approx({name: stated[index] for name, stated in STATED.items()}, abs=0.06)


@BOTH
def test_text_can_be_read_where_it_stands(tokens: Tokens) -> None:
    pairs = [
        *((text, ground) for text in ("t1", "t2") for ground in ("panel", "raised", "well", "sel", "hover", "bg")),
        *(("t3", ground) for ground in ("panel", "raised", "well", "sel")),
        ("acctext", "accfill"),
        ("invtext", "inv"),
        # Names of segments stand on their bars.
        ("invtext", "s1"),
    ]
    too_low = {pair: contrast(getattr(tokens, pair[0]), getattr(tokens, pair[1])) for pair in pairs}
    assert {pair: ratio for pair, ratio in too_low.items() if ratio < TEXT} == {}


@BOTH
def test_a_verdict_can_be_read_on_its_own_tint(tokens: Tokens) -> None:
    for name in ("ok", "warn", "fail", "broken"):
        assert contrast(getattr(tokens, name), getattr(tokens, f"{name}_tint")) >= 5.3


@BOTH
def test_curves_are_seen_on_every_band(tokens: Tokens) -> None:
    for curve in ("s1", "s2", "s3", "s4"):
        for ground in ("well", "ok_band", "warn_band", "fail_band"):
            assert contrast(getattr(tokens, curve), getattr(tokens, ground)) >= GRAPHICS, (curve, ground)


@BOTH
def test_high_contrast_shows_every_border(tokens: Tokens) -> None:
    strong = tokens.high_contrast()
    assert contrast(tokens.line, tokens.panel) < GRAPHICS
    for name in ("line", "edge", "field"):
        assert contrast(getattr(strong, name), strong.panel) >= GRAPHICS
    assert strong.t3 == tokens.t2


def test_curves_never_use_the_colours_of_verdicts() -> None:
    for tokens in (DARK, LIGHT):
        curves = {tokens.s1, tokens.s2, tokens.s3, tokens.s4}
        verdicts = {tokens.ok, tokens.warn, tokens.fail, tokens.broken, tokens.skip, tokens.rec}
        assert not curves & verdicts


def test_every_meaning_has_a_glyph_or_a_word_and_a_token_that_exists() -> None:
    known = {field.name for field in fields(Tokens)}
    assert set(VERDICT_SIGNS) == set(Verdict)
    assert set(SEVERITY_SIGNS) == set(Severity)
    for sign in VERDICT_SIGNS.values():
        assert sign.word and sign.token in known
    assert len({sign.icon for sign in VERDICT_SIGNS.values()}) == len(VERDICT_SIGNS)
