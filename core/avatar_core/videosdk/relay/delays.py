"""How long frames are in the relay: from when the SDK of one side has handed a frame over until the other's takes it.

What the SDKs themselves hold, their jitter buffers above all, is not in it: that is measured at the viewer.
"""

from collections.abc import Callable
from typing import Final

from avatar_core.clock import Clock
from avatar_core.metrics.summary import summarize
from avatar_core.wire.fields import MediaKind
from avatar_core.wire.relay import Relayed

PERIOD_S: Final = 1.0


class DelayMeter:
    """Of one track; `tell` hears once a second, as frames come."""

    def __init__(self, kind: MediaKind, tell: Callable[[Relayed], None], clock: Clock) -> None:
        self._kind: MediaKind = kind
        self._tell = tell
        self._clock = clock
        self._delays_ms: list[float] = []
        self._since_s = clock.now()

    def passed(self, came_s: float) -> None:
        """A frame that came at `came_s` has just left."""
        now_s = self._clock.now()
        self._delays_ms.append(1000 * (now_s - came_s))
        if now_s - self._since_s < PERIOD_S:
            return
        found = summarize(self._delays_ms)
        if found is not None:
            self._tell(Relayed(self._kind, len(self._delays_ms), found.p50, found.p95, found.max, now_s))
        self._delays_ms.clear()
        self._since_s = now_s
