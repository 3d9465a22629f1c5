"""Our frames as PyAV's and back: s16 sound, yuv420p or rgba pictures. No timestamps but in `to_timed_av_audio`."""

from fractions import Fraction

import av
import numpy as np

from avatar_core.media.frames import AudioFrame, Pixels, VideoFrame
from avatar_core.media.pixels import i420_planes

_BLACK = (16, 128, 128)


def to_av_audio(frame: AudioFrame) -> av.AudioFrame:
    """Packed s16 of one or two channels; ValueError for more."""
    if frame.num_channels > 2:
        raise ValueError(f"sound of {frame.num_channels} channels has no layout here; one or two have")
    layout = "mono" if frame.num_channels == 1 else "stereo"
    packed = av.AudioFrame.from_ndarray(frame.samples.reshape(1, -1), format="s16", layout=layout)
    packed.sample_rate = frame.sample_rate_hz
    return packed


def to_timed_av_audio(frame: AudioFrame) -> av.AudioFrame:
    """The same with its `pts_s` (0 without one) in samples, as a track's frame has it."""
    packed = to_av_audio(frame)
    packed.pts = round((frame.pts_s or 0.0) * frame.sample_rate_hz)
    packed.time_base = Fraction(1, frame.sample_rate_hz)
    return packed


def from_av_audio(frame: av.AudioFrame) -> AudioFrame:
    """Any format and layout, converted to s16; rate and channels stay."""
    channels = frame.layout.nb_channels
    if frame.format.name != "s16":
        converted = av.AudioResampler(format="s16", layout=frame.layout, rate=frame.sample_rate).resample(frame)
        samples = np.concatenate([one.to_ndarray().reshape(-1, channels) for one in converted])
    else:
        samples = frame.to_ndarray().reshape(-1, channels)
    return AudioFrame(samples.astype(np.int16, copy=False), frame.sample_rate)


def to_av_video(frame: VideoFrame) -> av.VideoFrame:
    """The same pixels."""
    if frame.format == "rgba":
        return av.VideoFrame.from_ndarray(frame.data.reshape(frame.height, frame.width, 4), format="rgba")
    return av.VideoFrame.from_ndarray(frame.data.reshape(frame.height * 3 // 2, frame.width), format="yuv420p")


def from_av_video(frame: av.VideoFrame, width: int, height: int) -> VideoFrame:
    """Any format and size as I420 of `width` by `height`, both even: as large as fits, with black bars beside it."""
    scale = min(width / frame.width, height / frame.height)
    inner_width, inner_height = (max(2, round(size * scale) // 2 * 2) for size in (frame.width, frame.height))
    pixels: Pixels = frame.reformat(inner_width, inner_height, "yuv420p").to_ndarray().reshape(-1).astype(np.uint8)
    if (inner_width, inner_height) == (width, height):
        return VideoFrame(pixels, width, height, 0.0)
    planes = []
    for inner, level in zip(i420_planes(pixels, inner_width, inner_height), _BLACK, strict=True):
        shrink = inner_height // inner.shape[0]
        plane = np.full((height // shrink, width // shrink), level, dtype=np.uint8)
        top, left = ((outer - size) // 2 for outer, size in zip(plane.shape, inner.shape, strict=True))
        plane[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
        planes.append(plane.reshape(-1))
    return VideoFrame(np.concatenate(planes), width, height, 0.0)
