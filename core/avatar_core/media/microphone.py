"""The microphone as a source of speech, over PortAudio. Its sound is never paced or stamped here."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from avatar_core.media.frames import AudioFrame
from avatar_core.media.pcm_buffer import PcmBuffer
from avatar_core.media.source import SourceError

_BLOCK_S = 0.1
_BEGIN_S = 0.2
"""So much is there before the first of it is given: a block that comes a little late finds the one before it still
playing, where an avatar would run dry, and its flaw be the microphone's."""
_BUFFER_S = 10.0
"""Longer than any stall of the reading loop that the bench lives through."""


class InputStream(Protocol):
    """An opened device: PortAudio's, or a test's."""

    def start(self) -> None:
        """Begin to call back with blocks."""

    def close(self) -> None:
        """Stop; no call back comes after it."""


@dataclass(frozen=True, slots=True)
class OpenedInput:
    """A device that was opened, and what it delivers."""

    stream: InputStream
    name: str
    sample_rate_hz: int
    channels: int


BlockCallback = Callable[[bytes, bool], None]
"""Interleaved s16 of one block, and whether the device lost sound before it. Called from the device's thread."""

OpenInput = Callable[[int | str | None, BlockCallback], OpenedInput]


class MicrophoneSource:
    """A live source: it ends when closed, and paces itself by the device.

    Blocks of 100 ms cross from the device's thread into a 10 s buffer, so a stall of the loop loses nothing shorter
    than that; it begins with two of them, one to live on. What is lost is counted: `dropped` samples for want of room,
    `overflows` reported by the device. Raises SourceError on the first read when PortAudio or the device is missing.
    """

    def __init__(self, device: int | str | None = None, *, open_input: OpenInput | None = None) -> None:
        self.name = "Microphone"
        self.duration_s: float | None = None
        self.overflows = 0
        self._device = device
        self._open_input = open_input or open_portaudio_input
        self._buffer: PcmBuffer | None = None
        self._arrived = asyncio.Event()
        self._closed = False

    @property
    def dropped(self) -> int:
        """Samples lost because nobody read for longer than the buffer holds."""
        return self._buffer.dropped if self._buffer is not None else 0

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Whatever has come since the last frame, as soon as there is any; of the first, as soon as there is enough."""
        loop = asyncio.get_running_loop()

        def from_device(pcm: bytes, overflowed: bool) -> None:
            loop.call_soon_threadsafe(self._take, pcm, overflowed)

        # Opening and closing a device may take a good part of a second.
        opened = await asyncio.to_thread(self._open_input, self._device, from_device)
        try:
            self.name = opened.name
            rate = opened.sample_rate_hz
            buffer = PcmBuffer(round(_BUFFER_S * rate), channels=opened.channels, overflow="drop_oldest")
            self._buffer = buffer
            await asyncio.to_thread(opened.stream.start)
            while not self._closed:
                await self._arrived.wait()
                self._arrived.clear()
                if len(buffer) and buffer.pushed >= _BEGIN_S * rate:
                    start = buffer.pushed - len(buffer)
                    yield AudioFrame(buffer.pop_all(), rate, pts_s=start / rate)
        finally:
            await asyncio.to_thread(opened.stream.close)

    async def aclose(self) -> None:
        """End the reading; the reader closes the device."""
        self._closed = True
        self._arrived.set()

    def _take(self, pcm: bytes, overflowed: bool) -> None:
        self.overflows += overflowed
        if self._buffer is not None and not self._closed:
            channels = self._buffer.channels
            self._buffer.push(AudioFrame.from_bytes(pcm, 1, channels).samples)
            self._arrived.set()


def load_portaudio() -> Any:
    """The sounddevice module; SourceError where the PortAudio library under it is missing."""
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:
        raise SourceError(
            f"Sound devices need the PortAudio library, which this machine lacks ({error}). "
            "Install it (on Debian and Ubuntu: apt install libportaudio2), or speak from a file."
        ) from error


def open_portaudio_input(device: int | str | None, on_block: BlockCallback) -> OpenedInput:
    """Open an input device (None: the default one), mono, at its own rate; SourceError where there is none."""
    portaudio = load_portaudio()

    def callback(data: Any, _frames: int, _time: Any, status: Any) -> None:
        on_block(bytes(data), bool(status.input_overflow))

    which = "The default microphone" if device is None else f"Microphone {device!r}"
    try:
        found = portaudio.query_devices(device, kind="input")
        rate = round(found["default_samplerate"])
        stream = portaudio.RawInputStream(
            samplerate=rate,
            blocksize=round(_BLOCK_S * rate),
            device=device,
            channels=1,
            dtype="int16",
            latency="high",
            callback=callback,
        )
    except (portaudio.PortAudioError, ValueError) as error:
        raise SourceError(
            f"{which} could not be opened: {error}. Plug one in or choose another, or speak from a file."
        ) from error
    return OpenedInput(_PortAudioInput(stream, which, portaudio.PortAudioError), str(found["name"]), rate, 1)


class _PortAudioInput:
    """A sounddevice stream whose failure to start is told as any other failure of a source."""

    def __init__(self, stream: Any, which: str, failure: type[Exception]) -> None:
        self._stream = stream
        self._which = which
        self._failure = failure

    def start(self) -> None:
        try:
            self._stream.start()
        except self._failure as error:
            raise SourceError(f"{self._which} does not start: {error}. Is another program using it?") from error

    def close(self) -> None:
        self._stream.close()
