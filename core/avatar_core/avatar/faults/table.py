"""Every fault that can be planted, as assets/avatar_assets/faults.toml names it."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType
from typing import Any


class Level(StrEnum):
    """Where a fault is planted."""

    MEDIA = "media"
    WIRE = "wire"
    LIFE = "life"


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One fault. Its value is a number from `low` to `high` in `unit`; where `unit` is empty it is planted or not.

    `check` is what must catch it: a metric, or where it begins with "step:" or "finding:" a step of the scenario or a
    finding on the wire. `within`: how near to the strength (early is below zero) the metric comes, where it is that;
    `beyond`: how much further than that it may go. `follows` are metrics that can't but move with it. `strengths` are
    those that the fault matrix plants. `accomplice`: it takes somebody else in the room, so that no worker alone can
    plant it. `takes_s`: a run must last so long to show it.
    """

    name: str
    level: Level
    says: str
    check: str
    within: float | None = None
    beyond: float = 0.0
    unit: str = ""
    low: float = 1.0
    high: float = 1.0
    strengths: tuple[float, ...] = (1.0,)
    follows: tuple[str, ...] = ()
    accomplice: bool = False
    takes_s: float = 0.0

    @property
    def is_flag(self) -> bool:
        """Whether it is planted or not, without a strength."""
        return not self.unit

    @property
    def range_text(self) -> str:
        """What may be planted, in words."""
        if self.is_flag:
            return "true"
        return f"{self.low:g} to {self.high:g} {self.unit}" + (", not 0" if self.low < 0 < self.high else "")


def _load() -> MappingProxyType[str, FaultKind]:
    text = (files("avatar_assets") / "faults.toml").read_text(encoding="utf-8")
    return MappingProxyType({name: _kind(name, fields) for name, fields in tomllib.loads(text).items()})


def _kind(name: str, fields: dict[str, Any]) -> FaultKind:
    lists = {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
    return FaultKind(name=name, level=Level(fields.pop("level")), **(fields | lists))


FAULTS = _load()
"""Every fault by its name, in the order in which they are offered."""
