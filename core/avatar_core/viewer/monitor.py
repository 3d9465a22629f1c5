"""The loudspeaker: plays what the viewer hears, where there is a device; measuring never depends on it."""

import asyncio
from collections import deque
from typing import Any, Literal

import numpy as np

from avatar_core.media.frames import AudioFrame
from avatar_core.media.microphone import load_portaudio
from avatar_core.media.source import SourceError
from avatar_core.viewer.watch import SAMPLE_RATE_HZ
from avatar_core.wire.viewer_events import MonitorState

_FRAME_S = 0.01
_CAPACITY_FRAMES = 50
_CUSHION_FRAMES = 5
"""Held back before playing begins, so that unsteady arrival does not crackle."""


class Monitor:
    """Owned by the viewer. The device's callback runs in PortAudio's thread and only takes from the buffer."""

    def __init__(self, *, muted: bool) -> None:
        self.muted = muted
        # A deque, because appending and taking are safe between the loop and PortAudio's thread.
        self._frames: deque[AudioFrame] = deque(maxlen=_CAPACITY_FRAMES)
        self._flowing = False
        self.dropped = 0
        self._stream: Any = None
        self._device = ""
        self._detail = ""
        self._state: Literal["no_device", "failed", "open"] = "no_device"

    async def open(self) -> None:
        """Find a device and start it, off the loop: PortAudio may take seconds."""
        try:
            await asyncio.to_thread(self._open)
        except SourceError as error:
            self._state, self._detail = "no_device", str(error)
        except OSError as error:
            self._state, self._detail = "failed", f"The speaker could not be opened: {error}"

    def describe(self) -> MonitorState:
        """What became of it, in words for the user."""
        if self._state != "open":
            return MonitorState(self._state, self._device, self._detail)
        return MonitorState("muted" if self.muted else "playing", self._device, "")

    def play(self, frame: AudioFrame) -> None:
        """Take one frame of 10 ms of what is heard; past half a second the oldest is dropped and counted."""
        if self._stream is None or self.muted:
            return
        self.dropped += len(self._frames) == _CAPACITY_FRAMES
        self._frames.append(frame)

    def close(self) -> None:
        """Stop the device; harmless twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _open(self) -> None:
        sounddevice = load_portaudio()
        block = round(_FRAME_S * SAMPLE_RATE_HZ)
        try:
            device = sounddevice.query_devices(kind="output")
            self._device = str(device["name"])
            self._stream = sounddevice.OutputStream(
                samplerate=SAMPLE_RATE_HZ, channels=1, dtype="int16", blocksize=block, callback=self._fill
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            self._stream = None
            raise SourceError(f"No speaker found. Sound is measured but not played. ({error})") from error
        self._state = "open"

    def _fill(self, out: "np.ndarray[Any, Any]", frames: int, _time: object, _status: object) -> None:
        self._flowing = len(self._frames) >= _CUSHION_FRAMES or (self._flowing and bool(self._frames))
        samples = self._frames.popleft().samples if self._flowing else np.zeros((frames, 1), np.int16)
        out[: len(samples)] = samples[:frames]
        out[len(samples) :] = 0
