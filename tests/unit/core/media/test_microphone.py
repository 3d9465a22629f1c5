import asyncio
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.media.microphone import BlockCallback, MicrophoneSource, OpenedInput, open_portaudio_input
from avatar_core.media.source import SourceError
from tests.fakes.clock import settle

RATE = 8000


class FakeDevice:
    """A device whose blocks the test speaks; it calls back as PortAudio does."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.closed = False
        self._loop = asyncio.get_running_loop()

    def open(self, device: int | str | None, on_block: BlockCallback) -> OpenedInput:
        self.on_block = on_block
        return OpenedInput(self, "Desk microphone", RATE, 1)

    def start(self) -> None:
        self._loop.call_soon_threadsafe(self.started.set)

    def close(self) -> None:
        self.closed = True

    def speak(self, first: int, count: int, overflowed: bool = False) -> None:
        self.on_block(np.arange(first, first + count, dtype="<i2").tobytes(), overflowed)


async def collect(source: MicrophoneSource, frames: list[AudioFrame]) -> None:
    async for frame in source:
        frames.append(frame)


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0)


async def test_blocks_come_out_in_order_and_the_device_is_closed() -> None:
    device = FakeDevice()
    source = MicrophoneSource(open_input=device.open)
    frames: list[AudioFrame] = []
    reading = asyncio.create_task(collect(source, frames))
    await device.started.wait()
    device.speak(0, 800)
    await settle()
    assert frames == []  # One more, to live on while the next is late.
    device.speak(800, 800)
    await settle()
    assert [frame.samples_per_channel for frame in frames] == [1600]
    device.speak(1600, 800, overflowed=True)
    await settle()
    await source.aclose()
    await reading
    assert np.concatenate([frame.samples for frame in frames])[:, 0].tolist() == list(range(2400))
    assert frames[1].pts_s == pytest.approx(0.2)
    assert (source.name, source.overflows, source.dropped, device.closed) == ("Desk microphone", 1, 0, True)


async def test_a_reader_away_for_too_long_loses_the_oldest_and_it_is_counted() -> None:
    device = FakeDevice()
    source = MicrophoneSource(open_input=device.open)
    frames: list[AudioFrame] = []
    reading = asyncio.create_task(collect(source, frames))
    await device.started.wait()
    for block in range(11):
        device.speak(block * RATE % 30000, RATE)
    await until(lambda: frames)
    await source.aclose()
    await reading
    assert source.dropped == RATE
    assert frames[0].pts_s == pytest.approx(1.0)


async def test_a_cancelled_reader_closes_the_device() -> None:
    device = FakeDevice()
    reading = asyncio.create_task(collect(MicrophoneSource(open_input=device.open), []))
    await device.started.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert device.closed


class FakePortAudio(SimpleNamespace):
    class PortAudioError(Exception):
        pass


def test_a_missing_device_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def query_devices(device: object, kind: str) -> None:
        raise FakePortAudio.PortAudioError("Error querying device -1")

    monkeypatch.setitem(sys.modules, "sounddevice", FakePortAudio(query_devices=query_devices))
    with pytest.raises(SourceError, match=r"default microphone could not be opened.*speak from a file"):
        open_portaudio_input(None, lambda _pcm, _lost: None)


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(SourceError, match="libportaudio2"):
        open_portaudio_input(None, lambda _pcm, _lost: None)


def test_a_device_in_use_is_said_on_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy:
        def __init__(self, **settings: object) -> None:
            self.callback = settings["callback"]

        def start(self) -> None:
            raise FakePortAudio.PortAudioError("Device unavailable")

        def close(self) -> None:
            pass

    found = {"default_samplerate": 48000.0, "name": "Headset"}
    fake = FakePortAudio(query_devices=lambda device, kind: found, RawInputStream=Busy)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    opened = open_portaudio_input("Headset", lambda _pcm, _lost: None)
    assert (opened.name, opened.sample_rate_hz) == ("Headset", 48000)
    with pytest.raises(SourceError, match="does not start"):
        opened.stream.start()


def test_portaudio_blocks_reach_the_callback(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    fake = FakePortAudio(
        query_devices=lambda device, kind: {"default_samplerate": 48000.0, "name": "Headset"},
        RawInputStream=lambda **settings: made.append(settings),
    )
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    heard = []
    open_portaudio_input(None, lambda pcm, lost: heard.append((pcm, lost)))
    made[0]["callback"](bytearray(b"\1\0"), 1, None, SimpleNamespace(input_overflow=True))
    assert heard == [(b"\1\0", True)]
    assert made[0]["blocksize"] == 4800
