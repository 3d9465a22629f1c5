"""All checks in order. What each one looks at, and how it judges, stands in the modules beside."""

import asyncio
import sys

from avatar_core.bench.doctor.desktop import check_desktop
from avatar_core.bench.doctor.livekit import check_livekit, check_server_command
from avatar_core.bench.doctor.network import check_network, list_interfaces
from avatar_core.bench.doctor.providers import check_keys, check_plugins, installed_plugins
from avatar_core.bench.doctor.report import Check, Report, State
from avatar_core.bench.doctor.room import check_room
from avatar_core.bench.doctor.sound import check_sound
from avatar_core.bench.doctor.videosdk import check_videosdk
from avatar_core.bench.settings.config import Config, DesktopEnvironment
from avatar_core.bench.settings.room_choice import RoomKind
from avatar_core.errors import ConfigError

MIN_PYTHON = (3, 11)


async def diagnose(desktop: DesktopEnvironment, config: Config | ConfigError) -> Report:
    """Look at everything; `config` may be the reason why there is none, which becomes a failed check.

    Without a configuration nothing is said about servers, plugins and keys, as it would be guessed.
    """
    kind = RoomKind.EMBEDDED if isinstance(config, ConfigError) else config.room.kind
    (qt, display), sound, room, configured = await asyncio.gather(
        check_desktop(desktop), check_sound(), check_room(kind), _configured(desktop, config)
    )
    return Report(
        (
            check_python(sys.version_info[:3]),
            qt,
            display,
            sound,
            check_network(list_interfaces(), local_room=kind is not RoomKind.URL),
            room,
            *configured,
        )
    )


def check_python(version: tuple[int, int, int]) -> Check:
    """The check `python`."""
    found = ".".join(str(part) for part in version)
    if version < MIN_PYTHON:
        wanted = ".".join(str(part) for part in MIN_PYTHON)
        return Check("python", State.FAIL, found, f"Install Python {wanted} or newer and set up again.")
    return Check("python", State.OK, f"{found} ({sys.executable})")


async def _configured(desktop: DesktopEnvironment, config: Config | ConfigError) -> tuple[Check, ...]:
    if isinstance(config, ConfigError):
        fix = "Mend this first: servers, plugins and keys are looked at afterwards."
        return (Check("configuration", State.FAIL, str(config), fix),)
    keys = frozenset(config.vendor_keys)
    return (
        check_server_command(desktop.path, config.room.kind),
        await check_livekit(config),
        check_plugins(installed_plugins(), keys),
        check_keys(keys),
        await check_videosdk(config.videosdk),
    )
