"""What the agent's output chain costs: a frame of 10 ms through four wrappers, and a swap of the tail; beside
livekit-agents' chain in the same run.

    python benchmarks/playback.py --rounds 15

Four wrappers that pass everything on, a swap proxy, and a leaf that counts. Rounds of both take turns, so that the
machine's mood hits both alike. The swap is taken with a second of speech pushed and not played. Prints, judges nothing.
"""

import argparse
import asyncio
import gc
import os
import statistics
import time
from collections.abc import Awaitable, Callable

import numpy as np
from livekit import rtc
from livekit.agents.voice import io

from avatar_core.media.frames import AudioFrame
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.contract import OutputCapabilities
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput
from avatar_core.playback.wrapper import AudioOutputWrapper

RATE_HZ = 24_000
FRAME = np.zeros(RATE_HZ // 100, dtype=np.int16)
FRAMES, SWAPS = 3_000, 200
PUSHED_FRAMES = 100
Round = Callable[[], Awaitable[float]]


class OurLeaf(SegmentedOutput):
    """Counts, and answers a clear at once."""

    def __init__(self) -> None:
        super().__init__(label="leaf", capabilities=OutputCapabilities(exact_position=True))

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        self._account(frame, segment)

    def clear_buffer(self) -> None:
        for segment in self.pending_segments:
            self.on_playback_finished(playback_position=0.0, interrupted=True, segment=segment.ref)


class TheirWrapper(io.AudioOutput):
    def __init__(self, below: io.AudioOutput) -> None:
        super().__init__(label="wrapper", capabilities=io.AudioOutputCapabilities(pause=True), next_in_chain=below)
        self._below = below

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        await self._below.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        self._below.flush()

    def clear_buffer(self) -> None:
        self._below.clear_buffer()


class TheirLeaf(io.AudioOutput):
    def __init__(self) -> None:
        super().__init__(label="leaf", capabilities=io.AudioOutputCapabilities(pause=False))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        while self._pending_playback_count:
            self.on_playback_finished(playback_position=0.0, interrupted=True)


def our_chain() -> AgentOutput:
    output = AgentOutput()
    head: AudioOutputWrapper | OurLeaf = OurLeaf()
    for number in range(4):
        head = AudioOutputWrapper(head, label=f"wrapper {number}")
    output.audio = head
    return output


def their_chain() -> io.AgentOutput:
    output = io.AgentOutput(lambda: None, lambda: None, lambda: None)
    head: io.AudioOutput = TheirLeaf()
    for _ in range(4):
        head = TheirWrapper(head)
    output.audio = head
    return output


async def our_frames() -> float:
    output = our_chain()
    assert output.audio is not None
    started_s = time.perf_counter()
    for _ in range(FRAMES):
        await output.audio.capture_frame(AudioFrame(FRAME, RATE_HZ))
    took_s = time.perf_counter() - started_s
    await output.aclose()
    return took_s / FRAMES * 1e6


async def their_frames() -> float:
    output, pcm = their_chain(), FRAME.tobytes()
    assert output.audio is not None
    started_s = time.perf_counter()
    for _ in range(FRAMES):
        await output.audio.capture_frame(rtc.AudioFrame(pcm, RATE_HZ, 1, len(FRAME)))
    return (time.perf_counter() - started_s) / FRAMES * 1e6


async def our_swaps(policy: SwapPolicy) -> float:
    took_s = []
    for _ in range(SWAPS):
        output = our_chain()
        assert output.audio is not None
        for _ in range(PUSHED_FRAMES):
            await output.audio.capture_frame(AudioFrame(FRAME, RATE_HZ))
        leaf = OurLeaf()
        started_s = time.perf_counter()
        recall = output.replace_audio_tail(leaf, policy=policy)
        took_s.append(time.perf_counter() - started_s)
        await recall.wait()
        await output.aclose()
    return statistics.median(took_s) * 1e6


async def their_swaps() -> float:
    took_s, pcm = [], FRAME.tobytes()
    for _ in range(SWAPS):
        output = their_chain()
        assert output.audio is not None
        for _ in range(PUSHED_FRAMES):
            await output.audio.capture_frame(rtc.AudioFrame(pcm, RATE_HZ, 1, len(FRAME)))
        leaf = TheirLeaf()
        started_s = time.perf_counter()
        output.replace_audio_tail(leaf)
        took_s.append(time.perf_counter() - started_s)
    return statistics.median(took_s) * 1e6


async def run(rounds: int) -> None:
    measured: dict[str, tuple[Round, list[float]]] = {
        "a frame through four wrappers, ours": (our_frames, []),
        "the same, livekit-agents": (their_frames, []),
        "a swap, ours, finish": (lambda: our_swaps(SwapPolicy.FINISH), []),
        "a swap, ours, carry": (lambda: our_swaps(SwapPolicy.CARRY), []),
        "a swap, livekit-agents": (their_swaps, []),
    }
    for measure, _ in measured.values():
        await measure()
    for _ in range(rounds):
        for measure, took_us in measured.values():
            gc.collect()
            took_us.append(await measure())
    print(f"load {os.getloadavg()[0]:.1f}; {rounds} rounds of {FRAMES} frames or {SWAPS} swaps; microseconds")
    for name, (_, took_us) in measured.items():
        print(
            f"{name:<38} median {statistics.median(took_us):7.1f}   min {min(took_us):7.1f}   max {max(took_us):7.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    asyncio.run(run(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
