"""The limits in force, read from assets/thresholds; what they mean is said in those files and in metrics."""

import tomllib
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

from avatar_core.metrics.trust import TrustLimits
from avatar_core.metrics.verdicts import Threshold
from avatar_core.playback.recall import SwapPolicy


def load_trust_limits() -> TrustLimits:
    """From trust.toml, where every field must stand and no other: a limit that is not known would not be kept."""
    return TrustLimits(**_read("trust"))


def load_thresholds(names: Iterable[str], policy: SwapPolicy) -> dict[str, Threshold]:
    """What figures are judged by, by metric, from the files of those names.

    Speech that a swap loses is judged with `carry` alone: with `finish` that is what was asked for.
    """
    read = {metric: fields for name in names for metric, fields in _read(name).items()}
    if policy is not SwapPolicy.CARRY:
        read.pop("swap_lost_ms", None)
    return {metric: Threshold(metric=metric, **_limits(fields)) for metric, fields in read.items()}


def _limits(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("avatar_assets") / "thresholds" / f"{name}.toml").read_text(encoding="utf-8"))
