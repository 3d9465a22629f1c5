"""A sink of VideoSDK's tee tracks, as an avatar of theirs would be: what it was told, in order."""

import asyncio

import numpy as np


class RecordingSink:
    """`calls` are what it was told, `pcm` is the s16le it was given.

    `takes` unset makes it take nothing, `failure` is raised for what it is given.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.pcm = b""
        self.failure: Exception | None = None
        self.takes = asyncio.Event()
        self.takes.set()

    @property
    def samples(self) -> list[int]:
        return np.frombuffer(self.pcm, dtype="<i2").tolist()

    async def handle_audio_input(self, pcm: bytes) -> None:
        await self.takes.wait()
        if self.failure is not None:
            raise self.failure
        self.pcm += pcm

    async def interrupt(self) -> None:
        self.calls.append("interrupt")

    async def send_segment_end(self) -> None:
        self.calls.append("end")

    async def pause(self) -> None:
        self.calls.append("pause")

    async def resume(self) -> None:
        self.calls.append("resume")
