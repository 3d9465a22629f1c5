"""What the viewer has told of sound and picture, kept so that commands can wait for what comes of them."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from avatar_core.metrics.sound_health import Stretch
from avatar_core.wire import viewer_events
from avatar_core.wire.fields import MediaKind

T = TypeVar("T")

_CHANGES_KEPT = 512
_GAPS_KEPT = 64


class Hearing:
    """Fed every event of the viewer; owned by the session. Times are monotonic seconds of this machine."""

    def __init__(self) -> None:
        self._changes: deque[viewer_events.SoundChanged] = deque(maxlen=_CHANGES_KEPT)
        self._first: dict[tuple[str, str], float] = {}
        self._gaps: deque[viewer_events.MediaGap] = deque(maxlen=_GAPS_KEPT)
        self._news = asyncio.Event()

    def take(self, message: object) -> None:
        """Keep what matters of one event."""
        match message:
            case viewer_events.SoundChanged():
                self._changes.append(message)
            case viewer_events.FirstMedia():
                self._first[message.identity, message.kind] = message.at_s
            case viewer_events.ParticipantLeft():
                for kind in ("audio", "video"):
                    self._first.pop((message.identity, kind), None)
            case viewer_events.MediaGap():
                self._gaps.append(message)
            case _:
                return
        self._news.set()

    def clear(self) -> None:
        """Forget everything: the next connection has a viewer of its own, and uses the same identities again."""
        self._changes.clear()
        self._first.clear()
        self._gaps.clear()

    def audible(self, identity: str) -> bool:
        """Whether `identity` was audible when last heard of."""
        last = next((change for change in reversed(self._changes) if change.identity == identity), None)
        return last is not None and last.audible

    def audible_for_s(self, identity: str, start_s: float, end_s: float) -> float:
        """Seconds of sound of `identity` between two moments."""
        return sum(until_s - since_s for since_s, until_s in self.stretches(start_s, end_s).get(identity, ()))

    def stretches(self, start_s: float, end_s: float) -> dict[str, list[Stretch]]:
        """From when to when each participant was audible between two moments."""
        found: dict[str, list[Stretch]] = {}
        since_s: dict[str, float] = {}
        for change in self._changes:
            if change.audible:
                since_s[change.identity] = change.at_s
            elif (begun_s := since_s.pop(change.identity, None)) is not None:
                found.setdefault(change.identity, []).append((begun_s, change.at_s))
        for identity, begun_s in since_s.items():
            found.setdefault(identity, []).append((begun_s, end_s))
        cut = {
            identity: [(max(since, start_s), min(until, end_s)) for since, until in all_]
            for identity, all_ in found.items()
        }
        return {identity: [one for one in all_ if one[1] > one[0]] for identity, all_ in cut.items()}

    async def silence(self, identity: str, since_s: float, timeout_s: float) -> float | None:
        """From when on `identity` was silent, `since_s` at the earliest; None where it did not fall silent in time.

        Silence is told late and dated back, so one that had begun before `since_s` may be told after it.
        """

        def find() -> float | None:
            silent_s = None
            for change in self._changes_of(identity):
                if not change.audible:
                    silent_s = max(change.at_s, since_s)
                elif change.at_s <= since_s:
                    silent_s = None
                if silent_s is not None and change.at_s >= since_s:
                    break
            return silent_s

        return await self._wait(find, timeout_s)

    async def sound(self, identity: str, since_s: float, timeout_s: float) -> float | None:
        """When `identity` became audible for the first time after `since_s`; None where it did not in time."""

        def find() -> float | None:
            changes = self._changes_of(identity)
            return next((change.at_s for change in changes if change.audible and change.at_s >= since_s), None)

        return await self._wait(find, timeout_s)

    async def first_picture(self, identity: str, timeout_s: float) -> float | None:
        """When the first picture of `identity` came; None where it did not in time."""
        return await self._wait(lambda: self._first.get((identity, "video")), timeout_s)

    async def gap(self, kind: MediaKind, new: str, since_s: float, timeout_s: float) -> viewer_events.MediaGap | None:
        """The gap at the handover to `new` that was asked for at `since_s`; None where none was told in time."""

        def find() -> viewer_events.MediaGap | None:
            return next(
                (
                    gap
                    for gap in self._gaps
                    if gap.kind == kind and gap.to_identity == new and max(gap.began_s, gap.ended_s) >= since_s
                ),
                None,
            )

        return await self._wait(find, timeout_s)

    def _changes_of(self, identity: str) -> Iterator[viewer_events.SoundChanged]:
        return (change for change in self._changes if change.identity == identity)

    async def _wait(self, find: Callable[[], T | None], timeout_s: float) -> T | None:
        try:
            async with asyncio.timeout(timeout_s):
                while (found := find()) is None:
                    self._news.clear()
                    await self._news.wait()
                return found
        except TimeoutError:
            return None
