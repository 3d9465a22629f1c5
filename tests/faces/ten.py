"""The ten test clips, and how they are read. Their expectations are in the tests."""

from collections.abc import Iterator

from avatar_core.metrics.lip_sync.follower import Answer
from avatar_core.metrics.lip_sync.history import History
from avatar_core.metrics.lip_sync.offline import faces_offset
from tests.faces.clips import Clip, Recipe
from tests.faces.mouth import Mouth
from tests.faces.speech import RATE_HZ, Samples

_PIECE = RATE_HZ // 50

BY_LOUDNESS = Recipe("cartoon", Mouth(by_loudness=True), "burst", 11, fps=25)
LINE = Recipe("line", Mouth(), "burst", 12, bar=True)
LAGGING = Recipe("skin", Mouth(late_s=0.06), "gap", 13, repeats=0.05, content_jitter_s=0.006)
SENTENCES = Recipe("photo", Mouth(), "nat", 14, codec="libx264", bitrate_bps=150_000, sway=0.02)
LEADING = Recipe("skin", Mouth(late_s=-0.04), "burst", 15, idle_every_s=11)
SMALL = Recipe("skin", Mouth(), "burst", 16, width_px=640, height_px=360, half_height=0.12, bitrate_bps=150_000)
SLOPPY = Recipe("skin", Mouth(sloppy_s=0.035), "burst", 17, bar=True, sway=0.03)
# The eighth is the first with its pictures moved in time.
IDLE = Recipe("skin", Mouth(), "nat", 19, silent_mouth=True, sway=0.02, bar=True)
NO_FACE = Recipe("line", Mouth(), "burst", 20, face=False, bar=True)


def pieces(samples: Samples, since_s: float = 0.0, until_s: float = 1e9) -> Iterator[tuple[float, Samples]]:
    """The sound of a stretch in pieces of 20 ms, with their times."""
    for start in range(max(0, round(since_s * RATE_HZ)), min(len(samples), round(until_s * RATE_HZ)), _PIECE):
        yield start / RATE_HZ, samples[start : start + _PIECE]


def watched(clip: Clip, since_s: float = 0.0, until_s: float = 1e9) -> History:
    """What is kept of a stretch of a clip."""
    history = History(RATE_HZ)
    for at_s, grid in zip(clip.times_s, clip.grids, strict=True):
        if since_s <= at_s < until_s:
            history.picture(grid, float(at_s))
    for start_s, samples in pieces(clip.speech.samples, since_s, until_s):
        history.sound(samples, start_s)
    return history


def answers(clip: Clip, *, every_s: float = 2.0) -> list[Answer]:
    """Every answer that a viewer of the whole clip gets."""
    pictures = zip(clip.times_s.tolist(), clip.grids, strict=True)
    return faces_offset(pictures, pieces(clip.speech.samples), RATE_HZ, every_s=every_s)
