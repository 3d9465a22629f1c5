"""What goes over the wire of one connection: an event for a stream's begin and end, a call, a packet; no content."""

from dataclasses import dataclass
from typing import Literal

from avatar_core.clock import Clock
from avatar_core.signal import Signal

WireKind = Literal["stream_begin", "stream_end", "rpc", "packet"]
Direction = Literal["sent", "received"]


@dataclass(frozen=True, slots=True)
class WireEvent:
    """At `at_s` (monotonic). `name` is a topic or a method, `peer` who sent it or to whom it went (several by commas).

    `size_bytes` is of the payload, of a stream at its end of all chunks. `outcome` is ok, or what went wrong; `took_ms`
    how long a call waited for its answer, or a stream was open.
    """

    at_s: float
    direction: Direction
    kind: WireKind
    name: str
    peer: str
    size_bytes: int = 0
    outcome: str = "ok"
    took_ms: float | None = None


class WireRecord:
    """Owned by a connection; `noted` tells of each event as it happens."""

    def __init__(self, clock: Clock) -> None:
        self.noted: Signal[WireEvent] = Signal("wire")
        self._clock = clock

    def now(self) -> float:
        """The time of its events."""
        return self._clock.now()

    def note(
        self,
        direction: Direction,
        kind: WireKind,
        name: str,
        peer: str,
        *,
        size_bytes: int = 0,
        outcome: str = "ok",
        since_s: float | None = None,
    ) -> None:
        """Something happened now, or ended that began at `since_s`."""
        now_s = self._clock.now()
        took_ms = None if since_s is None else round((now_s - since_s) * 1000, 3)
        self.noted.emit(WireEvent(now_s, direction, kind, name, peer, size_bytes, outcome, took_ms))
