"""A vendor's own media, republished: order towards the vendor, and interrupts without leaks."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.avatar.republisher import CHUNK_S, Republisher
from avatar_core.avatar.synchronizer_options import SynchronizerOptions
from avatar_core.avatar.timing import Timing
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.tasks import spawn
from tests.fakes.clock import settle
from tests.fakes.synchronizer_stage import FRAME_S, Stage, staged
from tests.fakes.video_generator import picture, sound

RATE_HZ = 16_000


class Vendor:
    """A vendor's session by hand. `calls` are what it was told; while `confirms` is unset an interrupt is under way."""

    sample_rate_hz = RATE_HZ

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.got: list[AudioFrame] = []
        self.confirms = asyncio.Event()
        self.confirms.set()
        self.takes = asyncio.Event()
        self.takes.set()
        self._sound: asyncio.Queue[AudioFrame | Exception] = asyncio.Queue()
        self._pictures: asyncio.Queue[VideoFrame | Exception] = asyncio.Queue()

    def give(self, mark: int) -> None:
        self._sound.put_nowait(sound(0.0, FRAME_S, level=mark))
        self._pictures.put_nowait(picture(0.0, mark=mark))

    def break_pictures(self) -> None:
        self._pictures.put_nowait(ConnectionError("the stream broke"))

    async def sound(self) -> AsyncIterator[AudioFrame]:
        while True:
            yield await self._sound.get()

    async def pictures(self) -> AsyncIterator[VideoFrame]:
        while True:
            frame = await self._pictures.get()
            if isinstance(frame, Exception):
                raise frame
            yield frame

    async def send(self, speech: AudioFrame) -> None:
        await self.takes.wait()
        self.calls.append("send")
        self.got.append(speech)

    async def end_turn(self) -> None:
        self.calls.append("end")

    async def interrupt(self) -> None:
        self.calls.append("interrupt")
        await self.confirms.wait()


class Rig:
    def __init__(self) -> None:
        self.vendor = Vendor()
        self.stage: Stage = staged(behaviour=SynchronizerOptions(timing=Timing.ARRIVAL, wait_for_picture_s=0.0))
        self.failures: list[str] = []
        self.republisher = Republisher(
            self.vendor, self.stage.synchronizer, on_failure=lambda name, why: self.failures.append(f"{name}: {why}")
        )
        self.republisher.start()

    async def give(self, mark: int, frames: int) -> None:
        """In real time."""
        for _ in range(frames):
            self.vendor.give(mark)
            await settle()
            await self.stage.run(FRAME_S)

    def shown(self, since_s: float) -> set[int]:
        return {int(frame.data[0]) for shown_s, frame in self.stage.screen.shown if shown_s > since_s}


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    rig = Rig()
    yield rig
    await rig.republisher.aclose()
    await rig.stage.aclose()


def spoken(duration_s: float, rate_hz: int = 24_000) -> AudioFrame:
    return AudioFrame(np.full(round(duration_s * rate_hz), 500, dtype=np.int16), rate_hz)


async def test_speech_goes_out_in_small_chunks_of_the_vendors_rate_and_the_turn_ends_behind_it(rig: Rig) -> None:
    """A9."""
    await rig.republisher.say(spoken(1.0))
    await rig.republisher.end_turn()
    assert rig.vendor.calls[-1] == "end"
    assert {frame.sample_rate_hz for frame in rig.vendor.got} == {RATE_HZ}
    assert max(frame.duration_s for frame in rig.vendor.got) <= CHUNK_S
    assert sum(frame.duration_s for frame in rig.vendor.got) == pytest.approx(1.0)


async def test_vendors_media_leave_together(rig: Rig) -> None:
    await rig.give(7, 25)
    await rig.stage.run(0.2)
    assert sum(b - a for a, b in rig.stage.speaker.loud()) == pytest.approx(1.0)
    assert 7 in rig.shown(0.0)


async def test_nothing_old_comes_back_between_the_flush_and_the_vendors_word(rig: Rig) -> None:
    """A12: elsewhere the receive loops fill what was flushed."""
    await rig.give(7, 10)
    rig.vendor.confirms.clear()
    interrupting = spawn(rig.republisher.interrupt(), name="interrupt")
    await settle()
    flushed_s = rig.stage.clock.now()
    await rig.give(7, 10)
    assert not interrupting.done()
    rig.vendor.confirms.set()
    (position_s,) = await interrupting
    assert position_s == pytest.approx(0.4, abs=0.06)
    assert rig.republisher.dropped_s == pytest.approx(0.4)
    assert rig.republisher.dropped_pictures == 10
    assert all(left_s <= flushed_s + 1e-9 for left_s, _ in rig.stage.speaker.ends())
    await rig.give(9, 10)
    await rig.stage.run(0.2)
    assert set(rig.stage.speaker.levels()) == {7, 9}
    assert sum(b - a for a, b in rig.stage.speaker.loud() if a > flushed_s) == pytest.approx(0.4)


async def test_speech_of_before_the_interrupt_is_not_sent_behind_it(rig: Rig) -> None:
    """A11, A13: what waits to be sent, and what is still being made."""
    epoch = rig.republisher.epoch
    rig.vendor.takes.clear()
    saying = spawn(rig.republisher.say(spoken(1.0)), name="say")
    await settle()
    interrupting = spawn(rig.republisher.interrupt(), name="interrupt")
    await settle()
    rig.vendor.takes.set()
    await saying
    await interrupting
    await rig.republisher.say(spoken(1.0), epoch=epoch)
    assert rig.vendor.calls == ["send", "interrupt"]
    await rig.republisher.say(spoken(0.1), epoch=rig.republisher.epoch)
    assert rig.vendor.calls[2:]


async def test_stream_that_breaks_is_told_and_the_other_goes_on(rig: Rig) -> None:
    """A14."""
    rig.vendor.break_pictures()
    await settle()
    assert rig.failures == ["vendor pictures: the stream broke"]
    await rig.give(7, 5)
    await rig.stage.run(0.2)
    assert rig.stage.speaker.levels()
