"""The republisher (seed 001's publishers): a vendor's own sound and pictures, published by us.

For vendors who do not join the room themselves: speech goes to them, what they make of it comes back.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from avatar_core.avatar.synchronizer import AVSynchronizer
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.resampler import Resampler
from avatar_core.tasks import TaskGroup

CHUNK_S = 0.1
"""Of speech at a time: whole seconds, as seed 001 had them first, stand in the way of an interrupt (PROTOCOLS A9)."""


class VendorStream(Protocol):
    """A vendor's session: speech in, its own sound and pictures out, each until the session ends."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of mono speech it takes."""
        ...

    def sound(self) -> AsyncIterator[AudioFrame]:
        """What it says."""
        ...

    def pictures(self) -> AsyncIterator[VideoFrame]:
        """What it shows."""
        ...

    async def send(self, speech: AudioFrame) -> None:
        """Take mono speech of its rate."""
        ...

    async def end_turn(self) -> None:
        """The speech sent so far is one turn."""
        ...

    async def interrupt(self) -> None:
        """Stop; it may be that frames of before still come until this returns."""
        ...


class Republisher:
    """Brings a vendor's media into `synchronizer`; both are given, not owned. Made inside a running loop.

    Speech and interrupts go to the vendor one after another, in whole chunks. An interrupt begins a new generation
    before anything is awaited: what comes back until the vendor has confirmed belongs to the old one and is dropped
    (PROTOCOLS A12), and speech of an older `epoch` is not sent (A13). `on_failure` hears of a stream that broke: the
    other one goes on (A14).
    """

    def __init__(
        self,
        vendor: VendorStream,
        synchronizer: AVSynchronizer,
        *,
        on_failure: Callable[[str, BaseException], None] | None = None,
    ) -> None:
        self.epoch = 0
        """Counts interrupts; who produces speech takes it along."""
        self.dropped_s = 0.0
        """Seconds of the vendor's sound that came while an interrupt was under way."""
        self.dropped_pictures = 0
        self._vendor = vendor
        self._synchronizer = synchronizer
        self._tasks = TaskGroup(on_failure=on_failure)
        self._order = asyncio.Lock()
        self._resampler = Resampler(vendor.sample_rate_hz)
        self._interrupting = 0

    def start(self) -> None:
        """Begin to receive."""
        self._tasks.spawn(self._receive_sound(), name="vendor sound")
        self._tasks.spawn(self._receive_pictures(), name="vendor pictures")

    async def say(self, speech: AudioFrame, *, epoch: int | None = None) -> None:
        """Send speech, in chunks of CHUNK_S; what an interrupt overtakes is not sent."""
        epoch = self.epoch if epoch is None else epoch
        async with self._order:
            if epoch == self.epoch:
                await self._send(AudioFrame(self._resampler.push(speech), self._resampler.sample_rate_hz), epoch)

    async def end_turn(self) -> None:
        """The turn ends behind the speech said so far."""
        epoch = self.epoch
        async with self._order:
            if epoch != self.epoch:
                return
            await self._send(AudioFrame(self._resampler.flush(), self._resampler.sample_rate_hz), epoch)
            await self._vendor.end_turn()

    async def interrupt(self) -> tuple[float, ...]:
        """Silence at once; returns when the vendor has confirmed, with the seconds played as `flush` tells them."""
        self.epoch += 1
        self._interrupting += 1
        positions_s = self._synchronizer.flush()
        try:
            async with self._order:
                self._resampler.reset()
                await self._vendor.interrupt()
        finally:
            self._interrupting -= 1
        return positions_s

    async def aclose(self) -> None:
        """Receive no more; harmless twice."""
        await self._tasks.aclose()

    async def _send(self, speech: AudioFrame, epoch: int) -> None:
        step = round(CHUNK_S * speech.sample_rate_hz)
        for start in range(0, speech.samples_per_channel, step):
            if epoch != self.epoch:
                return
            await self._vendor.send(AudioFrame(speech.samples[start : start + step], speech.sample_rate_hz))

    async def _receive_sound(self) -> None:
        async for frame in self._vendor.sound():
            if self._interrupting:
                self.dropped_s += frame.duration_s
            else:
                await self._synchronizer.write_audio(frame)

    async def _receive_pictures(self) -> None:
        async for frame in self._vendor.pictures():
            if self._interrupting:
                self.dropped_pictures += 1
            else:
                await self._synchronizer.write_video(frame)
