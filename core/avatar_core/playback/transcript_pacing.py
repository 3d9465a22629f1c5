"""Which words of a text were said by a position in its speech. Pure; an estimate by length, as no times are known."""

import re
from bisect import bisect_left
from dataclasses import dataclass, field

LETTERS_PER_S = 14.0
"""Of calm English speech, word gaps included: what is assumed until the length of the whole speech is known."""
_WORD = re.compile(r"\s*\S+\s*")
_PAUSE_LETTERS = {",": 3, ";": 4, ":": 4, ".": 7, "!": 7, "?": 7, "…": 7}
"""How much longer a voice takes for what ends in this, in letters."""


@dataclass(slots=True)
class PacedText:
    """A text that grows, with the share of the speech that each of its words takes. `complete`: no more will come."""

    complete: bool = False
    letters: int = 0
    """Of all that was pushed, spaces included."""
    _words: list[str] = field(default_factory=list)
    _begins: list[int] = field(default_factory=list)
    _length: int = 0
    _open: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self._words) + self._open

    def push(self, text: str) -> None:
        """Append text, cut anywhere: a word is known to be whole when the next one begins."""
        self.letters += len(text)
        words = _WORD.findall(self._open + text) or [self._open + text]
        self._open = words.pop()
        for word in words:
            self._add(word)

    def finish(self) -> None:
        """No more will come."""
        if self._open:
            self._add(self._open)
        self._open, self.complete = "", True

    def heard(self, position_s: float, duration_s: float | None) -> str:
        """What was begun to be said by `position_s`.

        `duration_s` is the length of the whole speech, None while it is not known: then LETTERS_PER_S hold.
        """
        if position_s <= 0:
            return ""
        if duration_s is not None and self.complete:
            reached = self._length * min(1.0, position_s / duration_s) if duration_s > 0 else self._length
        else:
            reached = position_s * LETTERS_PER_S
        return "".join(self._words[: bisect_left(self._begins, reached)])

    def _add(self, word: str) -> None:
        self._words.append(word)
        self._begins.append(self._length)
        said = word.strip()
        self._length += len(said) + 1 + _PAUSE_LETTERS.get(said[-1:], 0)
