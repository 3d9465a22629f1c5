"""How far a segment is heard between two reports, for the wrappers that follow it. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class HeardPosition:
    """`heard_s` seconds were heard at the moment `since_s`, which is None before the start and in a pause."""

    heard_s: float = 0.0
    since_s: float | None = None
    _held: bool = False

    @property
    def moves(self) -> bool:
        """Whether it is being heard."""
        return self.since_s is not None

    def at(self, now_s: float) -> float:
        """Seconds heard by now."""
        return self.heard_s if self.since_s is None else self.heard_s + now_s - self.since_s

    def place(self, heard_s: float, at_s: float) -> None:
        """It was told that `heard_s` seconds were heard at `at_s`. A report that comes in a pause moves nothing on."""
        self.heard_s = heard_s
        self.since_s = None if self._held else at_s

    def hold(self, now_s: float) -> None:
        """A pause begins."""
        self.heard_s, self.since_s, self._held = self.at(now_s), None, True

    def go_on(self, now_s: float) -> None:
        """A pause ends; what had begun is heard again from here."""
        self._held = False
        if self.heard_s > 0 and self.since_s is None:
            self.since_s = now_s
