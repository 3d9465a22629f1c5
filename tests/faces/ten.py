"""The ten test clips, and how they are read; what is expected of them is in the tests."""

from avatar_core.metrics.lip_sync.follower import Answer
from avatar_core.metrics.lip_sync.history import History, Stretch
from avatar_core.metrics.lip_sync.offline import faces_offset
from tests.faces.clips import Clip, Recipe
from tests.faces.mouth import Mouth

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


def stretch_of(clip: Clip, since_s: float, until_s: float) -> Stretch:
    """A part of a clip, as it is compared."""
    history = History()
    history.add(clip.between(since_s, until_s))
    stretch = history.stretch()
    assert stretch is not None
    return stretch


def answers(clip: Clip, *, every_s: float = 2.0) -> list[Answer]:
    """Every answer that a viewer of the whole clip gets."""
    return faces_offset(clip.whole, every_s=every_s)
