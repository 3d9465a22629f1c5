"""Plugins and keys of the vendors: what is installed and what is set, by name. Nothing is imported, no vendor asked."""

from collections.abc import Collection, Mapping
from importlib import metadata

from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.vendors import VENDORS

_PLUGIN_PREFIX = "livekit-plugins-"
_AGENTS = "livekit-agents"


def installed_plugins() -> dict[str, str]:
    """Distribution name and version of livekit-agents and of each of its plugins."""
    versions: dict[str, str] = {}
    for distribution in metadata.distributions():
        # The name as it was built may have underscores; PyPI's rule is that they mean the same.
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name == _AGENTS or name.startswith(_PLUGIN_PREFIX):
            versions.setdefault(name, distribution.version)
    return dict(sorted(versions.items()))


def check_plugins(installed: Mapping[str, str], keys: Collection[str]) -> Check:
    """The check `plugins`. A vendor whose key is set (`keys`, by name) but whose plugin is missing is a warning."""
    found = ", ".join(f"{name} {version}" for name, version in installed.items()) or "none; not needed"
    wanted = [
        vendor.plugin
        for vendor in VENDORS
        if vendor.plugin and vendor.plugin not in installed and any(key in keys for key in vendor.keys)
    ]
    if not wanted:
        return Check("plugins", State.OK, found)
    fix = f"Install into the environment of the testbench: {' '.join(wanted)}"
    return Check("plugins", State.WARN, f"{found}; a key is set, but no {' and no '.join(wanted)} is installed", fix)


def check_keys(keys: Collection[str]) -> Check:
    """The check `keys`: which vendor keys are set, by name."""
    return Check("keys", State.OK, ", ".join(sorted(keys)) or "none; not needed without vendors")
