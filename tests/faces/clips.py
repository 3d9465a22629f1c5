"""Test clips of talking faces: drawn, disturbed, sent through a video codec, and read as a viewer reads them."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import av
import numpy as np

from avatar_core.media.frames import Pixels
from avatar_core.metrics.observations import Observation, Picture, Sound
from avatar_core.metrics.thumbnails import Thumbnailer
from tests.faces.mouth import STEP_HZ, Mouth
from tests.faces.speech import RATE_HZ, Floats, Kind, Speech, speech
from tests.faces.styles import MARGIN_PX, Face, Gray, StyleName

_STAMP_NOISE_S = 0.002
_NOISE = 1.5


@dataclass(frozen=True)
class Recipe:
    """Everything a clip is made of; the same recipe gives the same clip."""

    style: StyleName = "cartoon"
    mouth: Mouth = dataclasses.field(default_factory=Mouth)
    kind: Kind = "burst"
    seed: int = 0
    fps: int = 30
    width_px: int = 320
    height_px: int = 180
    half_height: float = 0.4
    codec: str = "libvpx"
    bitrate_bps: int = 300_000
    bar: bool = False
    sway: float = 0.0
    """Of the picture's width."""
    repeats: float = 0.0
    """Share of pictures that show the one before again."""
    content_jitter_s: float = 0.0
    idle_every_s: float = 0.0
    """Cuts to a still mouth for 1.8 s so often; 0 for never."""
    silent_mouth: bool = False
    face: bool = True
    """Without a face there is the background alone."""
    length_s: float = 48.0


@dataclass(frozen=True)
class Clip:
    """What a viewer gets: thumbnails with their times, and sound that begins at 0 s."""

    times_s: Floats
    thumbnails: tuple[Pixels, ...]
    speech: Speech

    def shifted(self, late_ms: float) -> "Clip":
        """The pictures later by so much."""
        return dataclasses.replace(self, times_s=self.times_s + late_ms / 1000)

    def with_sound_of(self, other: Speech) -> "Clip":
        """These pictures beside another sound."""
        return dataclasses.replace(self, speech=other)

    def between(self, since_s: float, until_s: float) -> Observation:
        """What came in a stretch of it."""
        pictures = [
            Picture(float(at_s), 320, 180, thumbnail)
            for at_s, thumbnail in zip(self.times_s, self.thumbnails, strict=True)
            if since_s <= at_s < until_s
        ]
        return Observation(Sound(self.speech.samples, RATE_HZ).between(since_s, until_s), tuple(pictures))

    @property
    def whole(self) -> Observation:
        """All of it."""
        return self.between(-1e6, 1e6)


@cache
def clip(recipe: Recipe) -> Clip:
    """Draw, encode and decode it: a few seconds for 48 s."""
    spoken = speech(recipe.kind, recipe.seed, recipe.length_s)
    rng = np.random.default_rng([recipe.seed, 4])
    thumbnails = tuple(map(Thumbnailer(), _coded(pictures(recipe, spoken), recipe)))
    times_s = np.arange(len(thumbnails)) / recipe.fps + rng.normal(0, _STAMP_NOISE_S, len(thumbnails))
    return Clip(np.maximum.accumulate(times_s), thumbnails, spoken)


def pictures(recipe: Recipe, spoken: Speech) -> Iterator[Pixels]:
    """The luma of each picture before the codec."""
    rng = np.random.default_rng([recipe.seed, 5])
    face = Face(recipe.style, recipe.width_px, recipe.height_px, half_height=recipe.half_height, seed=recipe.seed)
    opening = recipe.mouth.opening(spoken, recipe.seed)
    noise = rng.normal(0, _NOISE, (2 * recipe.height_px, 2 * recipe.width_px)).astype(np.float32)
    empty = np.full_like(face.picture(0.0), 110) if not recipe.face else None
    blinks_s = np.cumsum(rng.uniform(2, 6, round(recipe.length_s)))
    shown = 0.0
    for number in range(round(recipe.length_s * recipe.fps)):
        at_s = number / recipe.fps
        if rng.random() >= recipe.repeats:
            moment_s = at_s + rng.normal(0, recipe.content_jitter_s)
            shown = float(opening[min(max(0, round(moment_s * STEP_HZ)), len(opening) - 1)])
        idle = recipe.silent_mouth or (recipe.idle_every_s and at_s % recipe.idle_every_s > recipe.idle_every_s - 1.8)
        blink = float(np.exp(-(((at_s - blinks_s[np.argmin(abs(blinks_s - at_s))]) / 0.06) ** 2)))
        drawn = empty.copy() if empty is not None else face.picture(0.0 if idle else shown, blink=blink)
        if recipe.bar:
            _draw_bar(drawn, at_s)
        sway_px = recipe.sway * recipe.width_px * np.sin(2 * np.pi * 0.23 * at_s)
        picture = _cropped(drawn, float(sway_px), recipe.width_px, recipe.height_px)
        down, across = rng.integers(0, recipe.height_px), rng.integers(0, recipe.width_px)
        picture = picture + noise[down : down + recipe.height_px, across : across + recipe.width_px]
        yield np.clip(picture, 16, 235).astype(np.uint8)


def _draw_bar(drawn: Gray, at_s: float) -> None:
    """A bright bar that goes to and fro behind everything, unsteadily."""
    wide = drawn.shape[1]
    middle = wide * (0.5 + 0.45 * np.sin(2 * np.pi * 0.31 * at_s + 1.3 * np.sin(2 * np.pi * 0.11 * at_s)))
    edge = np.clip(0.06 * wide - abs(np.arange(wide) - middle), 0, 1).astype(np.float32)
    drawn[: drawn.shape[0] // 3] += edge * 60


def _cropped(drawn: Gray, sway_px: float, width_px: int, height_px: int) -> Gray:
    """The picture without its margins, moved sideways, between pixels too."""
    whole = int(np.floor(sway_px))
    share = np.float32(sway_px - whole)
    start = MARGIN_PX + whole
    rows = drawn[MARGIN_PX : MARGIN_PX + height_px]
    return rows[:, start : start + width_px] * (1 - share) + rows[:, start + 1 : start + 1 + width_px] * share


def _coded(pictures: Iterator[Pixels], recipe: Recipe) -> Iterator[Pixels]:
    """The luma of each picture after the codec, in order."""
    encoder = av.CodecContext.create(recipe.codec, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = recipe.width_px, recipe.height_px, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, recipe.fps), Fraction(recipe.fps)
    encoder.bit_rate, encoder.thread_count = recipe.bitrate_bps, 1
    encoder.options = (
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
        if recipe.codec == "libvpx"
        else {"preset": "ultrafast", "tune": "zerolatency"}
    )
    decoder = av.CodecContext.create("vp8" if recipe.codec == "libvpx" else "h264", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.thread_count = 1
    gray = np.full((recipe.height_px // 2, recipe.width_px), 128, np.uint8)
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(np.concatenate((picture, gray)), format="yuv420p")
        frame.pts = number
        for packet in encoder.encode(frame):
            yield from (_luma(decoded) for decoded in decoder.decode(packet))
    for packet in encoder.encode(None):
        yield from (_luma(decoded) for decoded in decoder.decode(packet))
    yield from (_luma(decoded) for decoded in decoder.decode(None))


def _luma(frame: av.VideoFrame) -> Pixels:
    return frame.to_ndarray(format="yuv420p")[: frame.height]
