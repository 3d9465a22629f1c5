"""Who is to be observed, where, and for how long, as a user says it. Imported at every start: it imports little."""

import argparse
from dataclasses import dataclass

from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomKind
from avatar_core.errors import ConfigError

_WAIT_S = 30.0


def add_observe_arguments(parser: argparse.ArgumentParser) -> None:
    """For every command that can observe."""
    parser.add_argument(
        "--observe",
        metavar="IDENTITY",
        help="measure an avatar that somebody else drives: its identity, or that of the agent it publishes for; needs "
        "the room's URL (--room or LIVEKIT_URL), its key and secret in the environment, and --room-name",
    )
    parser.add_argument("--room-name", metavar="NAME", help="the room that the observed avatar is in")
    parser.add_argument(
        "--duration", type=float, metavar="S", help="observe for so many seconds (default: until Ctrl+C)"
    )
    parser.add_argument(
        "--wait", type=float, metavar="S", help=f"seconds for the avatar to come (default: {_WAIT_S:g})"
    )


def read_observe_arguments(options: argparse.Namespace) -> "ObserveRequest | None":
    """What they say; None where nobody is to be observed. ConfigError where one of them can't be."""
    if options.observe is None:
        for name in ("room_name", "duration", "wait"):
            if getattr(options, name) is not None:
                raise ConfigError(f"--{name.replace('_', '-')} needs --observe IDENTITY.")
        return None
    wait_s = _WAIT_S if options.wait is None else options.wait
    return ObserveRequest(Observed(options.observe, options.room_name or "", wait_s), options.duration)


@dataclass(frozen=True, slots=True)
class Observed:
    """`named` is the avatar's identity, or that of the agent whose avatar it is; waited for `wait_s` seconds."""

    named: str
    room_name: str
    wait_s: float = _WAIT_S

    def __post_init__(self) -> None:
        if not self.named:
            raise ConfigError("Nobody is named. Give the avatar's identity, or its agent's, with --observe.")
        if not self.room_name:
            raise ConfigError(f"In which room is {self.named}? Give its name with --room-name.")
        if self.wait_s <= 0:
            raise ConfigError(f"--wait {self.wait_s:g} leaves no time to come. Give seconds above 0.")

    def check_room(self, config: Config) -> None:
        """Raise ConfigError where no room is named in which somebody else could be."""
        if config.room.kind is not RoomKind.URL:
            raise ConfigError(
                f"{self.named} is in a room that runs already: give its URL with --room, or set LIVEKIT_URL "
                f"({config.room.reason})."
            )


@dataclass(frozen=True, slots=True)
class ObserveRequest:
    """Observing, for `duration_s` seconds; None: until it is stopped."""

    observed: Observed
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if self.duration_s is not None and self.duration_s <= 0:
            raise ConfigError(f"--duration {self.duration_s:g} leaves nothing to observe. Give seconds above 0.")
