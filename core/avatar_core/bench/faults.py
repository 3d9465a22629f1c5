"""Planted faults as commands and the window ask for them; what they are is avatar_core.avatar.faults's."""

from collections.abc import Sequence

from avatar_core.avatar.faults.planted import Faults as Faults
from avatar_core.avatar.faults.table import FAULTS as FAULTS
from avatar_core.avatar.faults.table import FaultKind as FaultKind
from avatar_core.bench.pairs import read_pairs


def planted_text(faults: Faults) -> str:
    """What is planted, for people."""
    named = ", ".join(name if FAULTS[name].is_flag else f"{name} {value:g}" for name, value in faults.items())
    return f"From the next start on: {named or 'no fault'}"


def read_faults(pairs: Sequence[str]) -> Faults:
    """`NAME=VALUE` pairs; raises ConfigError that names what there is."""
    return Faults(read_pairs(pairs))
