"""The A/V offset of a face that carries no pattern: read every few seconds while it is heard, by the analyst."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from avatar_core.bench.figures.figures import Figures
from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.metrics.lip_sync.bias import Biases, Reading
from avatar_core.metrics.lip_sync.history import HISTORY_S
from avatar_core.tasks import TaskGroup
from avatar_core.wire import analysis, viewer_events

_log = logging.getLogger(__name__)

METRIC = "av_offset_faces_ms"
CALIBRATED = "av_offset_faces_calibrated_ms"
EVERY_S = 4.0
_SAYINGS_KEPT = 16
_OVERLAP_S = 0.3
"""What the viewer was just taking in when it was asked last comes again; the analyst leaves out what it has."""


class FaceReading:
    """Owned by the session's measuring. A figure needs 8 s of speech; each rests on up to 24 s, so they overlap."""

    def __init__(
        self,
        figures: Figures,
        clock: Clock,
        tasks: TaskGroup,
        *,
        avatar: Callable[[], str | None],
        analyzed: Callable[[str, float], Awaitable[analysis.FaceAnalyzed]],
        biases: Biases | None = None,
        said: Callable[[], tuple[str, str] | None] = lambda: None,
    ) -> None:
        self._figures = figures
        self._clock = clock
        self._tasks = tasks
        # The identity of the one that is shown; and what came of it from a moment on, analyzed.
        self._avatar = avatar
        self._analyzed = analyzed
        # What a mouth in sync reads; and which provider says what, each time it was looked at.
        self._biases = biases or Biases()
        self._said = said
        self._sayings: deque[tuple[float, tuple[str, str] | None]] = deque(maxlen=_SAYINGS_KEPT)
        self._loop: asyncio.Task[None] | None = None
        self._audible = False
        self._heard_since_read = False
        # Whose pattern is measured more exactly than a face can be.
        self._patterned: set[str] = set()
        self._read_until: dict[str, float] = {}

    def take(self, message: object) -> None:
        """Keep what matters of one of the viewer's events."""
        match message:
            case viewer_events.OffsetMeasured():
                if (identity := self._avatar()) is not None:
                    self._patterned.add(identity)
            case viewer_events.SoundChanged():
                self._audible = message.audible
                self._heard_since_read = True
                # The viewer goes on telling until it is ended, which is after the session's tasks.
                if self._loop is None and not self._tasks.closed:
                    self._loop = self._tasks.spawn(self._read_on(), name="face reading")

    async def _read_on(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + EVERY_S)
            self._sayings.append((self._clock.now(), self._said()))
            identity = self._avatar()
            if identity is None or not (self._audible or self._heard_since_read):
                continue
            if identity in self._patterned:
                self._figures.note(METRIC, "the sync pattern is measured instead", refused=True)
                continue
            self._heard_since_read = False
            try:
                await self._read(identity)
            except BenchError as error:
                _log.warning("the face of %s was not read: %s", identity, error)
                self._figures.note(METRIC, f"not read: {error}", refused=True)

    async def _read(self, identity: str) -> None:
        now_s = self._clock.now()
        since_s = max(self._read_until.get(identity, 0.0) - _OVERLAP_S, now_s - HISTORY_S - _OVERLAP_S)
        found = await self._analyzed(identity, since_s)
        self._read_until[identity] = now_s
        if found.offset_ms is None:
            self._figures.note(METRIC, f"refused: {found.why}", refused=True)
            return
        self._figures.measure(METRIC, found.offset_ms, since_s=found.since_s, until_s=now_s)
        reading = self._calibrated(found.offset_ms, found.since_s)
        self._figures.note(METRIC, f"confidence {found.confidence:.2f}; {reading.note}")
        if reading.offset_ms is not None:
            self._figures.measure(CALIBRATED, reading.offset_ms, since_s=found.since_s, until_s=now_s)
            self._figures.note(CALIBRATED, reading.note)

    def _calibrated(self, raw_ms: float, since_s: float) -> Reading:
        """With the bias of what was said all the while since then, where that is known."""
        said = {what for at_s, what in self._sayings if at_s >= since_s}
        provider, utterance = next(iter(said)) or ("", "") if len(said) == 1 else ("", "")
        return self._biases.read(raw_ms, provider=provider, utterance=utterance)
