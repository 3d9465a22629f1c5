"""The limits in force, read from assets/thresholds; what they mean is said in those files and in metrics."""

import tomllib
from importlib.resources import files
from typing import Any

from avatar_core.metrics.trust import TrustLimits
from avatar_core.metrics.verdicts import Threshold
from avatar_core.playback.recall import SwapPolicy


def load_trust_limits() -> TrustLimits:
    """From trust.toml, where every field must stand and no other: a limit that is not known would not be kept."""
    return TrustLimits(**_read("trust"))


def load_thresholds(policy: SwapPolicy) -> dict[str, Threshold]:
    """What figures are judged by, by metric, from demo.toml: those of PRODUCT's S01, S03 and S07.

    Speech that a swap loses is judged with `carry` alone: with `finish` that is what was asked for.
    """
    thresholds = {metric: Threshold(metric=metric, **fields) for metric, fields in _read("demo").items()}
    if policy is not SwapPolicy.CARRY:
        del thresholds["swap_lost_ms"]
    return thresholds


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("avatar_assets") / "thresholds" / f"{name}.toml").read_text(encoding="utf-8"))
