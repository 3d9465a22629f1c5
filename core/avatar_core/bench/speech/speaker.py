"""Speech from a source into the agent's output, some seconds ahead of what is heard, as a voice model would."""

import asyncio
from collections.abc import Callable, Iterator

import numpy as np

from avatar_core.media.frames import AudioFrame
from avatar_core.media.source import AudioSource
from avatar_core.playback.contract import AudioOutput
from avatar_core.playback.segment import SegmentRef

LEAD_S = 2.0
"""How much is sent ahead: enough for any stall of this process, little enough that End segment means now."""

_PIECE_S = 0.1
_LOOK_INTERVAL_S = 0.05


class Speaker:
    """Says one source, once. `unplayed_s` tells what was sent but not heard yet, `ids` names its segments."""

    def __init__(self, output: AudioOutput, unplayed_s: Callable[[], float], ids: Iterator[str]) -> None:
        self._output = output
        self._unplayed_s = unplayed_s
        self._ids = ids
        self._segment: SegmentRef | None = None

    async def say(self, source: AudioSource) -> None:
        """Say `source` to its end and end its segment; cancelling ends the segment where it is."""
        try:
            async for frame in source:
                for piece in _pieces(frame):
                    while self._unplayed_s() > LEAD_S:
                        await asyncio.sleep(_LOOK_INTERVAL_S)
                    if self._segment is None:
                        self._segment = SegmentRef(next(self._ids))
                    await self._output.capture_frame(piece, segment=self._segment)
        finally:
            self.end_segment()
            await source.aclose()

    def end_segment(self) -> bool:
        """End the segment being said; what the source says next opens a new one. False where none is being said."""
        if self._segment is None:
            return False
        self._segment = None
        self._output.flush()
        return True


def _pieces(frame: AudioFrame) -> list[AudioFrame]:
    """`frame` in pieces of a tenth of a second, so that an end takes effect soon."""
    step = round(_PIECE_S * frame.sample_rate_hz)
    if frame.samples_per_channel <= step:
        return [frame]
    return [
        AudioFrame(np.ascontiguousarray(frame.samples[start : start + step]), frame.sample_rate_hz)
        for start in range(0, frame.samples_per_channel, step)
    ]
