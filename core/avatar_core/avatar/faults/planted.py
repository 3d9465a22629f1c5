"""The faults of one avatar, as they were asked for: by name, each with its strength."""

import math
from collections.abc import Iterator, Mapping

from avatar_core.avatar.faults.table import FAULTS
from avatar_core.errors import ConfigError
from avatar_core.wire.codec import JsonScalar

OPTION_PREFIX = "fault."
"""Of launch options that plant a fault in a worker (docs/hosting-an-avatar.md)."""


class Faults(Mapping[str, float]):
    """Immutable; `faults["gap_ms"]` is its strength, 0 where it is not planted. Iterates over what is planted.

    Raises ConfigError for a name that is not known, and for a strength that is out of its range: a fault that was not
    planted as asked would be a test that proves nothing.
    """

    def __init__(self, planted: Mapping[str, JsonScalar] | None = None) -> None:
        self._planted = {name: _checked(name, value) for name, value in (planted or {}).items()}

    def __getitem__(self, name: str) -> float:
        if name not in FAULTS:
            raise KeyError(name)
        return self._planted.get(name, 0.0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._planted)

    def __len__(self) -> int:
        return len(self._planted)

    def __contains__(self, name: object) -> bool:
        return name in self._planted

    def launch_options(self) -> dict[str, JsonScalar]:
        """As options of a launch request; what takes an accomplice is not a worker's."""
        return {
            f"{OPTION_PREFIX}{name}": True if FAULTS[name].is_flag else value
            for name, value in self._planted.items()
            if not FAULTS[name].accomplice
        }


def read_launch_options(options: Mapping[str, JsonScalar]) -> Faults:
    """The faults among a worker's launch options; raises ConfigError."""
    faults = Faults(
        {name.removeprefix(OPTION_PREFIX): value for name, value in options.items() if name.startswith(OPTION_PREFIX)}
    )
    for name in faults:
        if FAULTS[name].accomplice:
            raise ConfigError(
                f"A worker alone can't plant {name}: it takes somebody else in the room. Use run --fault."
            )
    return faults


def _checked(name: str, value: JsonScalar) -> float:
    kind = FAULTS.get(name)
    if kind is None:
        raise ConfigError(f"No fault is called {name!r}. Known are {', '.join(FAULTS)}.")
    if kind.is_flag:
        if value is not True:
            raise ConfigError(f"Fault {name} is planted or not: write {name}=true, not {value!r}.")
        return 1.0
    # bool is an int in Python, and no strength.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigError(f"Fault {name} takes a number, {kind.range_text}, not {value!r}.")
    if not kind.low <= value <= kind.high or value == 0:
        raise ConfigError(f"Fault {name} is {value:g}; choose {kind.range_text}.")
    return float(value)
