"""The command `analyze`: the figures of a recording, by the functions that measure a live viewer."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avatar_core.bench.figures.metric_names import METRICS, SIGNED
from avatar_core.errors import ConfigError
from avatar_core.media.beeps import BeepDetector
from avatar_core.media.flashes import FlashDetector
from avatar_core.media.recording_reader import RecordedPicture, RecordedSound, RecordingReader
from avatar_core.metrics.lip_sync.offline import faces_offset, note_of
from avatar_core.metrics.observations import HEARD_RATE_HZ, Observation, Picture, Sound, joined
from avatar_core.metrics.offset import OffsetSample
from avatar_core.metrics.picture_health import INTERVAL_EDGES_MS, interval_histogram
from avatar_core.metrics.recording import measure_recording, paired_offsets
from avatar_core.metrics.summary import Distribution, summarize
from avatar_core.metrics.thumbnails import Thumbnailer
from avatar_core.metrics.utterance import Measured

SCHEMA = 1
_TOLD_EVERY_S = 10.0
_FACE_EVERY_S = 4.0
_UNITS = dict(METRICS)

Progress = Callable[[float, float | None], None]
"""Seconds read, and in all where that is known."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What a recording gave. `recognized` is None where no reference was given."""

    file: Path
    duration_s: float
    torn: bool
    recognized: bool | None
    measured: Measured
    notes: Mapping[str, str] = field(default_factory=dict)
    """What must be known of a metric, or why there is none."""

    @property
    def figures(self) -> dict[str, Distribution]:
        """By metric, in the order of reports."""
        found = {name: summarize(self.measured.get(name, ()), signed=name in SIGNED) for name in _UNITS}
        return {name: figures for name, figures in found.items() if figures is not None}

    def to_json_object(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "schema": SCHEMA,
            "file": str(self.file),
            "duration_s": round(self.duration_s, 3),
            "torn": self.torn,
            "reference_recognized": self.recognized,
            "metrics": {
                name: {"n": one.n, "p50": one.p50, "p95": one.p95, "max": one.max, "unit": _UNITS[name]}
                for name, one in self.figures.items()
            },
            "notes": dict(self.notes),
            "frame_interval_histogram": {
                "edges_ms": list(INTERVAL_EDGES_MS),
                "counts": interval_histogram(self.measured.get("frame_interval_ms", ())),
            },
        }

    def to_text(self) -> str:
        """For a terminal."""
        lines = [f"{self.file}: {self.duration_s:.2f} s"]
        if self.torn:
            lines.append("The file breaks off; the figures are of what can be read.")
        if self.recognized is False:
            lines.append("The reference was not recognized in it; nothing is said of the speech.")
        lines += ["", f"{'metric':<28} {'n':>5} {'p50':>9} {'p95':>9} {'max':>9}  unit"]
        for name, one in self.figures.items():
            lines.append(f"{name:<28} {one.n:>5} {one.p50:9.2f} {one.p95:9.2f} {one.max:9.2f}  {_UNITS[name]}")
        lines += ["", *(f"{name}: {note}" for name, note in self.notes.items())] if self.notes else []
        return "\n".join([*lines, "", "A/V offset: + = audio leads, video is late."])


def run_analysis(path: Path, reference: Path | None, *, as_json: bool) -> None:
    """Analyze and print; ConfigError for files that can't be read."""
    said = None if reference is None else read_reference(reference)
    analysis = analyze(path, said, _tell)
    print(json.dumps(analysis.to_json_object(), indent=2) if as_json else analysis.to_text())


def analyze(path: Path, reference: Sound | None, progress: Progress) -> Analysis:
    """Read a recording and measure it."""
    observation, offsets, torn = _observe(path, progress)
    measured, recognized = measure_recording(observation, offsets, reference)
    notes = {}
    if not offsets:
        answers = faces_offset(observation, every_s=_FACE_EVERY_S)
        notes["av_offset_faces_ms"] = note_of(answers)
        measured["av_offset_faces_ms"] = tuple(one.offset_ms for one in answers if one.offset_ms is not None)
    ends = [observation.sound.end_s] if observation.sound is not None else []
    ends += [picture.at_s for picture in observation.pictures[-1:]]
    return Analysis(path, max(ends), torn, None if reference is None else recognized, measured, notes)


def read_reference(path: Path) -> Sound:
    """The sound of a file, from its beginning; ConfigError where there is none."""
    reader = RecordingReader(path, sample_rate_hz=HEARD_RATE_HZ)
    try:
        pieces = [
            Sound(part.samples, HEARD_RATE_HZ, part.at_s) for part in reader.read() if isinstance(part, RecordedSound)
        ]
    finally:
        reader.close()
    sound = joined(pieces)
    if sound is None:
        raise ConfigError(f"{path} holds no sound. Choose what was said as --reference.")
    return Sound(sound.samples, HEARD_RATE_HZ)


def _observe(path: Path, progress: Progress) -> tuple[Observation, list[OffsetSample], bool]:
    reader = RecordingReader(path, sample_rate_hz=HEARD_RATE_HZ)
    beeps, flashes = BeepDetector(HEARD_RATE_HZ), FlashDetector()
    pieces: list[Sound] = []
    pictures: list[Picture] = []
    beeps_s: list[float] = []
    flashes_s: list[float] = []
    told_s = 0.0
    thumbnail_of = Thumbnailer()
    try:
        for part in reader.read():
            if isinstance(part, RecordedPicture):
                height_px, width_px = part.luma.shape
                pictures.append(Picture(part.at_s, width_px, height_px, thumbnail_of(part.luma)))
                if (flash_s := flashes.push(part.luma, part.at_s)) is not None:
                    flashes_s.append(flash_s)
            else:
                pieces.append(Sound(part.samples, HEARD_RATE_HZ, part.at_s))
            if part.at_s - told_s >= _TOLD_EVERY_S:
                told_s = part.at_s
                progress(told_s, reader.duration_s)
    finally:
        reader.close()
    sound = joined(pieces)
    if sound is None and not pictures:
        raise ConfigError(f"{path} holds nothing that can be read: it breaks off before its first frame.")
    if sound is not None:
        for start in range(0, len(sound.samples), HEARD_RATE_HZ):
            found = beeps.push(sound.samples[start : start + HEARD_RATE_HZ].reshape(-1, 1))
            beeps_s += [sound.start_s + beep.onset_s for beep in found]
    return Observation(sound, tuple(pictures)), paired_offsets(beeps_s, flashes_s), reader.torn


def _tell(read_s: float, whole_s: float | None) -> None:
    print(f"read {read_s:.0f} s" + (f" of {whole_s:.0f} s" if whole_s else ""), file=sys.stderr, flush=True)
