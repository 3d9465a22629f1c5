"""Sound and pictures that a receiver can recognise: a tone of known loudness, a picture of known grey levels."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.room.publishing import PublishedAudio, PublishedVideo

RATE_HZ = 48_000
FRAME_SAMPLES = 480
AMPLITUDE = 10_000
COLUMNS = (40, 90, 150, 210)
"""Luma of four upright bars, left to right."""


def tone(start_sample: int, frequency_hz: float, amplitude: int = AMPLITUDE) -> AudioFrame:
    """10 ms of a sine at 48 kHz that continues from `start_sample`."""
    times = (np.arange(FRAME_SAMPLES) + start_sample) / RATE_HZ
    return AudioFrame((np.sin(2 * np.pi * frequency_hz * times) * amplitude).astype(np.int16), RATE_HZ)


def bars(width: int, height: int) -> VideoFrame:
    """An I420 picture of the four grey bars."""
    luma = np.repeat(np.array(COLUMNS, np.uint8), width // len(COLUMNS))
    chroma = np.full(width * height // 2, 128, np.uint8)
    return VideoFrame(np.concatenate([np.tile(luma, height), chroma]), width, height, 0.0)


def seen_columns(frame: VideoFrame) -> list[float]:
    """Mean luma in the middle of each bar of a received picture, whatever its size."""
    luma = frame.luma
    width = frame.width // len(COLUMNS)
    return [
        float(luma[:, index * width + width // 4 : (index + 1) * width - width // 4].mean())
        for index in range(len(COLUMNS))
    ]


def loudest_frequency_hz(samples: np.ndarray, rate_hz: int) -> float:
    """The frequency that stands out of mono samples."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate_hz / len(samples)


@asynccontextmanager
async def playing_tone(track: PublishedAudio, frequency_hz: float = 440.0) -> AsyncIterator[None]:
    """Feed a tone into `track`; the SDK's queue paces it."""

    async def feed() -> None:
        sample = 0
        while True:
            await track.capture(tone(sample, frequency_hz))
            sample += FRAME_SAMPLES

    async with _running(feed()):
        yield


@asynccontextmanager
async def showing_bars(track: PublishedVideo, width: int, height: int, fps: float = 15.0) -> AsyncIterator[None]:
    """Feed the grey bars into `track`."""
    picture = bars(width, height)

    async def feed() -> None:
        while True:
            track.capture(picture)
            await asyncio.sleep(1 / fps)

    async with _running(feed()):
        yield


@asynccontextmanager
async def _running(coroutine: object) -> AsyncIterator[None]:
    task = asyncio.ensure_future(coroutine)  # type: ignore[arg-type]
    try:
        yield
    finally:
        failed = task.done() and not task.cancelled()
        task.cancel()
        await asyncio.gather(task, return_exceptions=not failed)
