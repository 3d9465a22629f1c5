"""`name=value` arguments of commands."""

from collections.abc import Sequence

from avatar_core.avatar.worker_options import read_scalar
from avatar_core.errors import ConfigError
from avatar_core.wire.codec import JsonScalar


def read_pairs(pairs: Sequence[str]) -> dict[str, JsonScalar]:
    """`name=value` pairs as launch options: numbers, true and false as such, anything else as text."""
    options: dict[str, JsonScalar] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise ConfigError(f"{pair!r} is no option; write name=value, for example fps=25")
        options[name] = read_scalar(value)
    return options
