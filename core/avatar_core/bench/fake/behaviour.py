"""How the fake session behaves: how long things take there, and which failures can be planted."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum


class FakeFault(StrEnum):
    """A failure that can be planted: add it to `FakeSession.faults`, take it away to heal."""

    CONNECT_REFUSED = "connect_refused"
    INTERRUPT_UNANSWERED = "interrupt_unanswered"
    NEVER_JOINS = "never_joins"


@dataclass(frozen=True, slots=True)
class FakeTimes:
    """How long things take, in seconds."""

    connect_s: float = 0.4
    interrupt_s: float = 0.148
    acknowledge_s: float = 0.063
    swap_s: float = 1.2
    give_up_s: float = 2.0
    close_s: float = 0.05

    def faster(self, factor: float) -> "FakeTimes":
        """The same, `factor` times faster."""
        return replace(self, **{field.name: getattr(self, field.name) / factor for field in fields(self)})
