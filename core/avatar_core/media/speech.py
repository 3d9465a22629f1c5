"""The speech that comes with the bench: what there is, by name, and where its file lies."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SYNC_PATTERN_FILE = "sync-pattern.wav"


@dataclass(frozen=True, slots=True)
class Speech:
    """One recording: a title for people, the file, and what is said in it ("" where nothing is)."""

    title: str
    path: Path
    text: str


def bundled_speech() -> tuple[Speech, ...]:
    """Every bundled recording in the order to offer them; the sync pattern comes last."""
    # The assets are always unpacked, in a checkout as in an installed wheel, so each has a path of its own.
    folder = Path(str(files("avatar_assets"))) / "speech"
    spoken = [
        Speech(entry["title"], folder / entry["file"], " ".join(entry["sentences"]))
        for entry in tomllib.loads((folder / "speech.toml").read_text(encoding="utf-8"))["speech"]
    ]
    return (*spoken, Speech("Sync pattern", folder / SYNC_PATTERN_FILE, ""))
