"""What is known of faces in sync: the bias of each provider and utterance, kept beside the settings."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from avatar_core.errors import ConfigError

_FILE = "face_biases.json"


@dataclass(frozen=True, slots=True)
class FaceBias:
    """What the mouth of `provider` reads in sync while it says `utterance`, in ms: median, and 5th to 95th percentile.

    `taken_s` is wall time.
    """

    provider: str
    utterance: str
    bias_ms: float
    spread_ms: float
    n: int
    taken_s: float


def face_biases_path(settings: Path) -> Path:
    """Beside the settings file."""
    return settings.with_name(_FILE)


def load_face_biases(path: Path) -> tuple[FaceBias, ...]:
    """All that are kept; ConfigError for a file that can't be read."""
    try:
        return tuple(FaceBias(**fields) for fields in json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path} can't be read as biases of faces: {error}. Delete it, and run calibrate.") from error


def save_face_bias(path: Path, bias: FaceBias) -> None:
    """Keep it, in the place of the one before; ConfigError where that can't be done."""
    key = (bias.provider, bias.utterance)
    kept = [one for one in load_face_biases(path) if (one.provider, one.utterance) != key]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([asdict(one) for one in (*kept, bias)], indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The bias can't be written to {path}: {error.strerror}.") from error
