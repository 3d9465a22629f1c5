"""Makes bank.flac and bank.json: spoken sentences, words and syllables with the times of their phonemes.

Needs espeak-ng (on Debian and Ubuntu: apt install espeak-ng). Run it in a checkout: `python tests/faces/make_bank.py`.
The tests read the files, so that neither they nor the program need espeak-ng.
"""

import ctypes
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

HERE = Path(__file__).parent
RATE_HZ = 16_000
PAUSE_S = 0.1
"""Between two entries: none reaches into its neighbour."""
PEAK = 0.7

VOICES = ("en-us", "en-gb-x-rp+f4")
SENTENCES = (
    "The room holds four participants and two of them are speaking.",
    "Both my pumps brought up muddy puddles after the storm.",
    "Please open the window before the meeting begins at nine.",
    "A small brown bird was singing above the market place.",
    "My mother baked a plum pie for the whole family.",
    "Every picture must arrive together with its own sound.",
    "Nobody knew why the old clock had stopped again.",
    "We walked along the river until the evening became cold.",
)
WORDS = (
    "maybe", "paper map", "window", "above", "bombs away", "my baby", "open", "problem",
    "summer time", "people", "remember", "big box", "apple", "no more", "yesterday", "paperback",
)  # fmt: skip
SYLLABLES = ("ba", "pa", "ma", "pam", "bop")
PITCHES = (35, 50, 65)

_RETRIEVAL, _PHONEME_EVENTS, _PHONEME, _PITCH_PARAMETER, _UTF8 = 1, 1, 7, 3, 1


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    )


class Speaker:
    """The synthesizer, which there is one of in a process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self.rate_hz = self._library.espeak_Initialize(_RETRIEVAL, 500, None, _PHONEME_EVENTS)
        self._pcm = bytearray()
        self._phonemes: list[tuple[str, float]] = []
        callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))
        self._callback = callback(self._take)  # kept: the library holds no reference
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, text: str, voice: str, pitch: int) -> tuple[npt.NDArray[np.int16], list[tuple[str, float]]]:
        """The sound at `rate_hz`, and each phoneme with its start in seconds."""
        self._pcm.clear()
        self._phonemes = []
        self._library.espeak_SetVoiceByName(voice.encode())
        self._library.espeak_SetParameter(_PITCH_PARAMETER, pitch, 0)
        spoken = text.encode()
        self._library.espeak_Synth(spoken, len(spoken) + 1, 0, 1, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return np.frombuffer(bytes(self._pcm), np.int16), self._phonemes

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._pcm.extend(ctypes.string_at(samples, 2 * count))
        for event in events:
            if event.type == 0:
                break
            if event.type == _PHONEME:
                self._phonemes.append((event.string.decode(), event.sample / self.rate_hz))
        return 0


def entries() -> list[tuple[str, str, str, int]]:
    """Kind, text, voice and pitch of everything in the bank."""
    spoken = [("sentence", text, voice, 50) for voice in VOICES for text in SENTENCES]
    spoken += [("word", text, VOICES[number % 2], 50) for number, text in enumerate(WORDS)]
    spoken += [("syllable", text, voice, pitch) for text in SYLLABLES for voice in VOICES for pitch in PITCHES]
    return spoken


def main() -> None:
    """Write both files."""
    speaker = Speaker()
    sound: list[npt.NDArray[np.float64]] = []
    listing = []
    at_s = 0.0
    for kind, text, voice, pitch in entries():
        pcm, phonemes = speaker.say(text, voice, pitch)
        samples = resampled(pcm, speaker.rate_hz)
        samples *= PEAK / np.abs(samples).max()
        length_s = len(samples) / RATE_HZ
        listing.append(
            {
                "kind": kind,
                "text": text,
                "voice": voice,
                "start_s": round(at_s, 4),
                "length_s": round(length_s, 4),
                "phonemes": [[name, round(start_s, 4)] for name, start_s in phonemes],
            }
        )
        sound += [samples, np.zeros(round(PAUSE_S * RATE_HZ))]
        at_s += length_s + PAUSE_S
    write(np.concatenate(sound))
    lines = ",\n".join(json.dumps(entry) for entry in listing)
    (HERE / "bank.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def resampled(pcm: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.float64]:
    """At RATE_HZ, as a share of full scale."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = rate_hz
    frames: Sequence[av.AudioFrame] = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(float)


def write(sound: npt.NDArray[np.float64]) -> None:
    """As FLAC."""
    with av.open(str(HERE / "bank.flac"), "w", format="flac") as file:
        stream = file.add_stream("flac", rate=RATE_HZ, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.rint(sound * 32767).astype(np.int16)[np.newaxis], "s16", "mono")
        frame.sample_rate = RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)


if __name__ == "__main__":
    main()
