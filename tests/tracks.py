"""Sound for tracks, and a reader that pulls their frames in a test's own time."""

import numpy as np

from avatar_core.media.frames import AudioFrame
from avatar_core.playback.paced_track import PacedTrack
from avatar_core.tasks import spawn
from tests.fakes.clock import ManualClock, settle


def tone(duration_s: float, *, rate_hz: int = 24_000, channels: int = 1, value: int = 1000) -> AudioFrame:
    """Sound of one value."""
    return AudioFrame(np.full((round(duration_s * rate_hz), channels), value, dtype=np.int16), rate_hz)


async def pull(track: PacedTrack, clock: ManualClock, frames: int) -> list[AudioFrame]:
    """What a reader gets that is always in time."""
    got = []
    for _ in range(frames):
        reader = spawn(track.recv(), name="reader")
        await settle()
        if not reader.done():
            await clock.advance(0.02)
        # Sums of 0.02 may lie a rounding short of the due time.
        while not reader.done():
            await clock.advance(1e-6)
        got.append(await reader)
    return got


def heard(frames: list[AudioFrame]) -> int:
    """Samples that are not silent."""
    return sum(int(np.count_nonzero(frame.samples)) for frame in frames)
