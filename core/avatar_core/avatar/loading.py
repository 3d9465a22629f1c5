"""Generators by name: our own, those of installed packages (entry points), and any class as `module:Class`.

Names of the last kind run code of whoever gives them: only what starts a worker by hand, or a dispatcher's own
configuration, may bring them.
"""

import importlib
import os
import sys
from importlib import metadata
from typing import Protocol, cast

from avatar_core.avatar.generator import AvatarOptions, VideoGenerator
from avatar_core.avatar.registry import REFERENCE_GENERATORS, GeneratorFactory
from avatar_core.clock import Clock
from avatar_core.errors import ConfigError

ENTRY_POINTS = "avatar_testbench.generators"
_LIVEKIT_ADAPTER = "avatar_core.providers.livekit_generator"
"""Loaded by name, when a class is not of ours: a worker without such a class never imports livekit-agents."""


class _Adapter(Protocol):
    """What the adapter's module has."""

    def adapt(self, theirs: type) -> GeneratorFactory:
        """A factory over a class of LiveKit's; ConfigError for any other."""
        ...


def installed_generators() -> tuple[str, ...]:
    """The names that need no `module:Class`: our own, and those of installed packages."""
    return (*REFERENCE_GENERATORS, *sorted(point.name for point in metadata.entry_points(group=ENTRY_POINTS)))


def load_generator(name: str) -> GeneratorFactory:
    """The factory of that name; ConfigError says what was looked for, and what is wrong with what was found."""
    if (reference := REFERENCE_GENERATORS.get(name)) is not None:
        return reference
    if point := next(iter(metadata.entry_points(group=ENTRY_POINTS, name=name)), None):
        return _factory(name, _loaded(name, point.value))
    # A class that lies where the command is run needs no package around it.
    if ":" in name and (here := os.getcwd()) not in sys.path:
        sys.path.insert(0, here)
    if ":" not in name:
        known = ", ".join(installed_generators())
        raise ConfigError(f"no generator is called {name!r}; known are {known}, and any class as module:Class")
    return _factory(name, _loaded(name, name))


def _loaded(name: str, value: str) -> object:
    module_name, _, attribute = value.partition(":")
    try:
        found: object = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as failure:
        raise ConfigError(f"generator {name!r} can't be loaded: {failure}. Is its package installed here?") from failure
    except Exception as failure:
        # Code of others: whatever it raises while it is imported, it is the user's to know.
        raise ConfigError(f"generator {name!r} fails when imported: {type(failure).__name__}: {failure}") from failure
    return found


def _factory(name: str, found: object) -> GeneratorFactory:
    if not isinstance(found, type):
        raise ConfigError(f"generator {name!r} is no class but {found!r}")
    if not issubclass(found, VideoGenerator):
        try:
            adapter = cast(_Adapter, importlib.import_module(_LIVEKIT_ADAPTER))
        except ImportError:
            raise ConfigError(
                f"generator {name!r} is no VideoGenerator of avatar_core; for LiveKit's, install livekit-agents"
            ) from None
        return adapter.adapt(found)
    ours = found

    def make(options: AvatarOptions, clock: Clock) -> VideoGenerator:
        try:
            return cast(GeneratorFactory, ours)(options, clock)
        except Exception as failure:
            raise ConfigError(f"generator {name!r} can't be made: {type(failure).__name__}: {failure}") from failure

    return make
