"""Planted faults as commands and the window ask for them; what they are is avatar_core.avatar.faults's."""

from collections.abc import Sequence

from avatar_core.avatar.faults.planted import Faults as Faults
from avatar_core.avatar.faults.table import FAULTS as FAULTS
from avatar_core.avatar.faults.table import FaultKind as FaultKind
from avatar_core.bench.settings.pairs import read_pairs
from avatar_core.errors import ConfigError
from avatar_core.providers.contract import ProviderTraits


def planted_text(faults: Faults) -> str:
    """What is planted, for people."""
    named = ", ".join(name if FAULTS[name].is_flag else f"{name} {value:g}" for name, value in faults.items())
    return f"From the next start on: {named or 'no fault'}"


def check_plantable(faults: Faults, traits: ProviderTraits) -> None:
    """ConfigError for what can't be planted in an avatar of `traits`: a run with it would prove nothing."""
    ours = traits.kind == "built-in" and traits.has_face
    if not ours and (not_planted := [name for name in faults if not FAULTS[name].accomplice]):
        raise ConfigError(
            f"{', '.join(not_planted)} can't be planted in {traits.name} ({traits.id}): faults are planted in the "
            f"bench's own avatar workers. Choose a reference avatar, or leave the fault out."
        )


def read_faults(pairs: Sequence[str]) -> Faults:
    """`NAME=VALUE` pairs; raises ConfigError that names what there is."""
    return Faults(read_pairs(pairs))
