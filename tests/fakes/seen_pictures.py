"""What a viewer would see of the talking head: drawn, through VP8 at a low rate, in small."""

import io
from collections.abc import Sequence

import av
import numpy as np

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.media.frames import Samples
from avatar_core.metrics.observations import Picture
from avatar_core.metrics.thumbnails import Thumbnailer
from tests.fakes.clock import ManualClock
from tests.fakes.heard_speech import speech

FPS = 30
WIDTH_PX, HEIGHT_PX = 320, 180
_RATE_HZ = 24_000


def talking_head(parts: Sequence[tuple[str, float]]) -> list[Picture]:
    """Pictures from 0 s on: each part is "speech", "idle" or "still" (it is given silence to speak), and its length."""
    options = AvatarOptions(WIDTH_PX, HEIGHT_PX, FPS, _RATE_HZ, 1)
    head, samples = TalkingHead(options, ManualClock()), speech("ada-monologue").at_rate(_RATE_HZ).samples
    size, pictures, thumbnail_of = _RATE_HZ // FPS, [], Thumbnailer()
    for kind, length_s in parts:
        for _ in range(round(length_s * FPS)):
            index = len(pictures)
            piece: Samples = samples[index * size : (index + 1) * size].reshape(-1, 1)
            sound = {"speech": piece, "idle": None, "still": np.zeros_like(piece)}[kind]
            pictures.append(head.draw(sound, index / FPS))
    return [
        Picture(index / FPS, WIDTH_PX, HEIGHT_PX, thumbnail_of(luma))
        for index, luma in enumerate(_through_vp8(pictures))
    ]


def _through_vp8(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=FPS)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH_PX, HEIGHT_PX, "yuv420p", 250_000
        # A negative cpu-used is fixed; a positive one adapts itself to the machine's load.
        stream.options = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture.reshape(HEIGHT_PX * 3 // 2, WIDTH_PX), format="yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
