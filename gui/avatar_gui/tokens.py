"""Every colour of the window, as named tokens for dark and light (UI.md, colour tokens). No Qt here."""

from dataclasses import dataclass, replace

from avatar_core.bench.states import Severity, Verdict


@dataclass(frozen=True, slots=True)
class Tokens:
    """One theme. Values are "#RRGGBB"; the comments of a group say what it is for."""

    name: str
    # window / panels / controls / hover and flags / plots
    bg: str
    panel: str
    raised: str
    hover: str
    well: str
    # dividers / labelled buttons and cards / inputs, whose border must be seen / plot grid
    line: str
    edge: str
    field: str
    grid: str
    # text; t3 is not for text on hover or bg
    t1: str
    t2: str
    t3: str
    # focus and tabs / primary button and its text / selected
    acc: str
    accfill: str
    acctext: str
    sel: str
    # Interrupt only
    inv: str
    invtext: str
    # curves: viewer, agent, video, worker
    s1: str
    s2: str
    s3: str
    s4: str
    # verdicts and recording
    ok: str
    warn: str
    fail: str
    broken: str
    skip: str
    rec: str
    # notices, behind their own colour
    ok_tint: str
    warn_tint: str
    fail_tint: str
    broken_tint: str
    # BT.1359 bands behind the drift plot
    ok_band: str
    warn_band: str
    fail_band: str

    def high_contrast(self) -> "Tokens":
        """The same theme with every border as visible as an input's, and no faint text."""
        return replace(self, line=self.field, edge=self.field, t3=self.t2)


DARK = Tokens(
    name="dark",
    bg="#0D1013",
    panel="#14181C",
    raised="#1D2228",
    hover="#272D34",
    well="#0A0C0F",
    line="#262C33",
    edge="#3A434D",
    field="#6A7682",
    grid="#20262C",
    t1="#E8EBEE",
    t2="#AEB7C0",
    t3="#85909B",
    acc="#5AA9F0",
    accfill="#1F5F9E",
    acctext="#FFFFFF",
    sel="#182A3B",
    inv="#EDF0F3",
    invtext="#0D1013",
    s1="#5CB8F2",
    s2="#F0934E",
    s3="#E294C8",
    s4="#CFC6A0",
    ok="#4CC79A",
    warn="#F2C94C",
    fail="#FF7F6E",
    broken="#BBA3FF",
    skip="#95A0AB",
    rec="#FF6159",
    ok_tint="#12261F",
    warn_tint="#2A2412",
    fail_tint="#301A18",
    broken_tint="#231E36",
    ok_band="#12211F",
    warn_band="#241F12",
    fail_band="#2A1617",
)

LIGHT = Tokens(
    name="light",
    bg="#DDE1E5",
    panel="#F8F9FA",
    raised="#FFFFFF",
    hover="#E9EDF0",
    well="#EEF1F3",
    line="#DCE1E5",
    edge="#B4BDC6",
    field="#7C8894",
    grid="#E4E8EB",
    t1="#14191E",
    t2="#44505B",
    t3="#5F6B76",
    acc="#0B63B5",
    accfill="#0B63B5",
    acctext="#FFFFFF",
    sel="#E1EEFA",
    inv="#171C21",
    invtext="#FFFFFF",
    s1="#0072B2",
    s2="#B85000",
    s3="#A3457F",
    s4="#6E6430",
    ok="#0B6E4F",
    warn="#805B00",
    fail="#A01235",
    broken="#5B3FB5",
    skip="#5F6B76",
    rec="#C4211A",
    ok_tint="#E1F3EB",
    warn_tint="#FBF1D3",
    fail_tint="#FCE4E1",
    broken_tint="#ECE7FB",
    ok_band="#EAF5F0",
    warn_band="#FBF4DE",
    fail_band="#FBE9E6",
)


@dataclass(frozen=True, slots=True)
class Sign:
    """How a meaning is shown: glyph and word first, colour (a token's name) second."""

    icon: str
    word: str
    token: str


VERDICT_SIGNS = {
    Verdict.PASS: Sign("circle-check-filled", "Pass", "ok"),
    Verdict.WARN: Sign("alert-triangle-filled", "Warn", "warn"),
    Verdict.FAIL: Sign("circle-x-filled", "Fail", "fail"),
    Verdict.BROKEN: Sign("ban", "Broken", "broken"),
    Verdict.SKIPPED: Sign("circle-minus", "Skipped", "skip"),
    Verdict.NOT_RUN: Sign("", "not run", "t3"),
}

SEVERITY_SIGNS = {
    Severity.INFO: Sign("", "", "t2"),
    Severity.OK: Sign("circle-check-filled", "Done", "ok"),
    Severity.WARN: Sign("alert-triangle-filled", "Warn", "warn"),
    Severity.FAIL: Sign("circle-x-filled", "Failed", "fail"),
    Severity.BROKEN: Sign("ban", "Not trusted", "broken"),
}
