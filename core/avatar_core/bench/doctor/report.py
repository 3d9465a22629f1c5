"""What a check found, and all of them together as text and as JSON. What is checked stands beside."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA = 1


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    """Nothing to do."""
    WARN = "warn"
    """The main job runs, with something less."""
    FAIL = "fail"
    """The main job cannot run."""


_GLYPHS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✗"}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `fix` is a command or a sentence; whatever is not ok has one."""

    name: str
    state: State
    found: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.state is not State.OK and not self.fix:
            raise ValueError(f"check {self.name} is {self.state} and names no fix")


@dataclass(frozen=True)
class Report:
    """All checks, in the order they are shown."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether the main job can run."""
        return not self._named(State.FAIL)

    def to_json_object(self) -> dict[str, Any]:
        """The contract of `doctor --json` (DESIGN.md, outside contracts)."""
        return {
            "schema": SCHEMA,
            "ok": self.ok,
            "checks": [
                {"name": check.name, "state": str(check.state), "found": check.found, "fix": check.fix}
                for check in self.checks
            ],
        }

    def to_text(self) -> str:
        """Aligned lines: glyph, word, name, what was found; the fix below; a verdict at the end."""
        width = max((len(check.name) for check in self.checks), default=0)
        lines = []
        for check in self.checks:
            lines.append(f"{_GLYPHS[check.state]} {check.state:<4}  {check.name:<{width}}  {check.found}")
            if check.fix:
                lines.append(f"{'':<{width + 10}}{check.fix}")
        return "\n".join([*lines, "", self._verdict()])

    def _verdict(self) -> str:
        if not self.ok:
            return f"The main job cannot run: {', '.join(self._named(State.FAIL))}."
        warned = self._named(State.WARN)
        return f"The main job can run. With less: {', '.join(warned)}." if warned else "The main job can run."

    def _named(self, state: State) -> list[str]:
        return [check.name for check in self.checks if check.state is state]


def counted(count: int, noun: str) -> str:
    """`3 devices`, `1 device`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
