"""The watchdog of the ledger: a segment that is neither heard on nor finished is told, and counted once."""

import asyncio
from collections.abc import Callable

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.snapshot import LedgerRow
from avatar_core.bench.speech.book import Book
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import SegmentState, Severity
from avatar_core.clock import Clock

HUNG_AFTER_S = 5.0
_INTERVAL_S = 0.5
_WAITS = (SegmentState.QUEUED, SegmentState.PLAYING)


class HangWatch:
    """Owned by the session, which tells whether speech is to be heard at all just now."""

    def __init__(self, book: Book, figures: Figures, standing: Standing, clock: Clock) -> None:
        self._book = book
        self._figures = figures
        self._standing = standing
        self._clock = clock
        # Of each open segment: what was last seen of it, and since when that stands.
        self._seen: dict[str, tuple[tuple[SegmentState, float, float], float]] = {}
        self._hung: set[str] = set()

    async def run(self, goes_on: Callable[[], bool], may_wait: Callable[[], bool]) -> None:
        """Look while `goes_on`; while `may_wait` (a swap, an avatar that is away) nothing counts as hung."""
        while goes_on():
            self.look(self._book.rows({}), may_wait=may_wait())
            await asyncio.sleep(_INTERVAL_S)

    def look(self, rows: tuple[LedgerRow, ...], *, may_wait: bool) -> None:
        """Compare with what was seen before."""
        now_s, open_rows = self._clock.now(), {row.segment_id: row for row in rows if not row.state.ended}
        for segment_id in set(self._seen) - set(open_rows):
            del self._seen[segment_id]
            self._figures.measure("hang_count", float(segment_id in self._hung))
            self._hung.discard(segment_id)
        sounding = any(row.state is SegmentState.PLAYING for row in open_rows.values())
        for row in open_rows.values():
            state = (row.state, row.pushed_s, row.played_s)
            last, since_s = self._seen.get(row.segment_id, (None, now_s))
            # One that is queued behind another that is heard has its turn yet to come.
            queued = row.state is SegmentState.QUEUED and sounding
            if last != state or may_wait or queued or row.state not in _WAITS:
                self._seen[row.segment_id] = (state, now_s)
            elif now_s - since_s >= HUNG_AFTER_S and row.segment_id not in self._hung:
                self._hung.add(row.segment_id)
                text = f"{row.segment_id} stands still for {HUNG_AFTER_S:.0f} s, at {row.played_s:.1f} s"
                self._standing.announce("Hang", text, Severity.FAIL, segment_id=row.segment_id)
