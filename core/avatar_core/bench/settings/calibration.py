"""The machine's calibration: the viewer's zero when it was last measured on purpose, kept beside the settings."""

import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from avatar_core.clock import wall_time
from avatar_core.errors import ConfigError

_FILE = "calibration.json"


@dataclass(frozen=True, slots=True)
class Calibration:
    """The zero of the A/V offset over the embedded room, in ms: median, and from the 5th to the 95th percentile."""

    machine: str
    taken_s: float
    """Wall time."""
    zero_ms: float
    spread_ms: float
    n: int

    @property
    def age_s(self) -> float:
        """How long ago it was."""
        return max(0.0, wall_time() - self.taken_s)


def calibration_path(settings: Path) -> Path:
    """Beside the settings file."""
    return settings.with_name(_FILE)


def this_machine() -> str:
    """The name under which a calibration is kept."""
    return platform.node()


def load_calibration(path: Path) -> Calibration | None:
    """This machine's calibration; None without one. ConfigError for a file that can't be read."""
    try:
        calibration = Calibration(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} can't be read as a calibration: {error}. Delete it, and run calibrate.") from error
    # A home folder may be shared by machines.
    return calibration if calibration.machine == this_machine() else None


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Keep it; ConfigError where that can't be done."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(calibration), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The calibration can't be written to {path}: {error.strerror}.") from error
