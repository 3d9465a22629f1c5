"""The utterances that have not ended, what of each was played, and what is to be told once its time has come. Pure."""

from collections import deque
from collections.abc import Callable

from avatar_core.avatar.playhead import Playhead, Utterance


class Utterances:
    """Sound given to an output in order, up to `end` of each utterance. All times are the caller's clock."""

    def __init__(self, playhead: Playhead) -> None:
        self._playhead = playhead
        self._open: deque[Utterance] = deque()
        self._speaking: Utterance | None = None
        self._marks: deque[tuple[float, Callable[[], None]]] = deque()

    @property
    def speaking(self) -> bool:
        """Sound of an utterance was given whose end has not come."""
        return self._speaking is not None

    @property
    def next_s(self) -> float | None:
        """When there is something to tell."""
        return self._marks[0][0] if self._marks else None

    def played_s(self, now_s: float) -> tuple[float, ...]:
        """Seconds played of each, oldest first."""
        self._playhead.settle(now_s)
        return tuple(utterance.played_s for utterance in self._open)

    def say(self, now_s: float, duration_s: float, started: Callable[[float], None]) -> float:
        """Sound is given now; returns when it leaves. `started` is told when the first of an utterance has begun to."""
        first = self._speaking is None
        utterance = self._speaking or Utterance()
        leaves_s = self._playhead.push(now_s, duration_s, utterance)
        if first:
            self._speaking = utterance
            self._open.append(utterance)
            self._marks.append((leaves_s, lambda: started(leaves_s)))
        return leaves_s

    def end(self, now_s: float, ended: Callable[[float], None]) -> None:
        """The utterance ends here; `ended` is told its seconds when the last sample has left."""
        utterance = self._speaking or Utterance()
        if self._speaking is None:
            self._open.append(utterance)
        self._speaking = None

        def tell() -> None:
            ended(self._open.popleft().pushed_s)

        after_s = self._marks[-1][0] if self._marks else now_s
        self._marks.append((max(after_s, self._playhead.end_of(utterance, now_s)), tell))

    def announce(self, now_s: float) -> None:
        """Tell what is due."""
        while self._marks and self._marks[0][0] <= now_s:
            self._marks.popleft()[1]()

    def cut(self, now_s: float) -> tuple[float, ...]:
        """Nothing more of any is heard; returns the seconds played of those that had not ended by now."""
        # What has ended by now ended by itself.
        self.announce(now_s)
        self._playhead.cut(now_s)
        positions = tuple(utterance.played_s for utterance in self._open)
        self._open.clear()
        self._marks.clear()
        self._speaking = None
        return positions
