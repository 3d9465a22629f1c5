"""The limits in force, read from assets/thresholds; what they mean is said in those files and in metrics."""

import tomllib
from importlib.resources import files

from avatar_core.metrics.trust import TrustLimits


def load_trust_limits() -> TrustLimits:
    """From trust.toml, where every field must stand and no other: a limit that is not known would not be kept."""
    text = (files("avatar_assets") / "thresholds" / "trust.toml").read_text(encoding="utf-8")
    return TrustLimits(**tomllib.loads(text))
