"""Makes the WAVs of avatar_assets/speech from speech.toml, and the sync pattern beside them. Not part of the program.

Needs flite and espeak-ng (on Debian and Ubuntu: apt install flite espeak-ng). Run it with the project installed:
`python assets/make_speech.py`. The same versions of both give the same files, byte for byte.
"""

import subprocess
import tempfile
import tomllib
import wave
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from avatar_core.media.sync_pattern import synthesize

SPEECH = Path(__file__).parent / "avatar_assets" / "speech"
RMS_DBFS = -20.0
"""Of the spoken parts; pauses do not count."""
PEAK_DBFS = -1.5
LEAD_S = 0.1
TAIL_S = 0.25
FADE_S = 0.008
SYNC_PATTERN_S = 30
SYNC_PATTERN_HZ = 24000

Sound = npt.NDArray[np.float64]


def main() -> None:
    """Write every file of the list, then the sync pattern."""
    for entry in tomllib.loads((SPEECH / "speech.toml").read_text())["speech"]:
        sound, rate = speak(entry)
        write(SPEECH / entry["file"], np.rint(sound * 32767).astype(np.int16), rate)
    pattern = synthesize(0, 0, SYNC_PATTERN_S * SYNC_PATTERN_HZ, SYNC_PATTERN_HZ)
    write(SPEECH / "sync-pattern.wav", pattern, SYNC_PATTERN_HZ)


def speak(entry: dict[str, Any]) -> tuple[Sound, int]:
    """All sentences of an entry, levelled, with pauses between them."""
    spoken = [sentence(entry["engine"], entry["voice"], text) for text in entry["sentences"]]
    rate = spoken[0][1]
    parts = [np.zeros(round(LEAD_S * rate))]
    for sound, _ in spoken:
        parts += [faded(trimmed(sound, rate), rate), np.zeros(round(entry["pause_s"] * rate))]
    parts[-1] = np.zeros(round(TAIL_S * rate))
    return levelled(np.concatenate(parts)), rate


def sentence(engine: str, voice: str, text: str) -> tuple[Sound, int]:
    """One sentence as the engine speaks it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentence.wav"
        if engine == "flite":
            command = ["flite", "-voice", voice, "--setf", "duration_stretch=1.03", "-t", text, "-o", str(path)]
        else:
            command = ["espeak-ng", "-v", voice, "-s", "158", "-p", "46", "-g", "1", "-w", str(path), text]
        subprocess.run(command, check=True)
        with wave.open(str(path), "rb") as file:
            pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            return pcm / 32768.0, file.getframerate()


def trimmed(sound: Sound, rate: int) -> Sound:
    """Without the engine's own silence at either end: pauses are this script's."""
    audible = np.flatnonzero(np.abs(sound) > 0.01 * np.abs(sound).max())
    margin = round(0.02 * rate)
    return sound[max(0, audible[0] - margin) : audible[-1] + margin]


def faded(sound: Sound, rate: int) -> Sound:
    """With short fades, so that no part begins or ends with a click."""
    length = round(FADE_S * rate)
    gain = np.ones(len(sound))
    gain[:length] = np.linspace(0, 1, length)
    gain[-length:] = np.linspace(1, 0, length)
    return sound * gain


def levelled(sound: Sound) -> Sound:
    """At RMS_DBFS, or less where the peaks would pass PEAK_DBFS."""
    spoken = sound[np.abs(sound) > 0]
    gain = 10 ** (RMS_DBFS / 20) / np.sqrt(np.mean(spoken**2))
    loudest = float(np.abs(sound).max())
    return sound * min(float(gain), 10 ** (PEAK_DBFS / 20) / loudest)


def write(path: Path, samples: npt.NDArray[np.int16], rate: int) -> None:
    """Mono, 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


if __name__ == "__main__":
    main()
