"""Speech for test faces, put together from the bank by a seed: sentences, words with gaps, or single syllables."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
Kind = Literal["nat", "gap", "burst"]
Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int16]

_HERE = Path(__file__).parent
_PARTS = {"nat": ("sentence", 0.1, 0.35), "gap": ("word", 0.06, 0.45), "burst": ("syllable", 0.08, 0.6)}
"""What each kind is made of, and the shortest and longest silence between."""


@dataclass(frozen=True)
class Speech:
    """Sound, int16 [n] at RATE_HZ, and every phoneme with its start and end in seconds."""

    samples: Samples
    phonemes: tuple[tuple[str, float, float], ...]


def speech(kind: Kind, seed: int, length_s: float = 48.0) -> Speech:
    """Other seeds order the parts otherwise and pause otherwise."""
    rng = np.random.default_rng([seed, 1])
    part, shortest_s, longest_s = _PARTS[kind]
    sound, listing = _bank()
    chosen = [entry for entry in listing if entry["kind"] == part]
    samples = np.zeros(round(length_s * RATE_HZ), np.int16)
    phonemes = []
    at_s = 0.3
    queue: list[dict[str, Any]] = []
    while True:
        if not queue:
            queue = [chosen[index] for index in rng.permutation(len(chosen))]
        entry = queue.pop()
        if at_s + entry["length_s"] > length_s:
            return Speech(samples, tuple(phonemes))
        start, first = round(at_s * RATE_HZ), round(entry["start_s"] * RATE_HZ)
        count = min(round(entry["length_s"] * RATE_HZ), len(samples) - start)
        samples[start : start + count] = sound[first : first + count]
        starts = [begins_s for _, begins_s in entry["phonemes"]] + [entry["length_s"]]
        phonemes += [
            (name, at_s + begins_s, at_s + ends_s)
            for (name, begins_s), ends_s in zip(entry["phonemes"], starts[1:], strict=True)
        ]
        at_s += entry["length_s"] + rng.uniform(shortest_s, longest_s)


@cache
def _bank() -> tuple[Samples, list[dict[str, Any]]]:
    with av.open(str(_HERE / "bank.flac")) as file:
        sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    return sound, json.loads((_HERE / "bank.json").read_text(encoding="utf-8"))
