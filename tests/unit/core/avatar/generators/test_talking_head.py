import numpy as np
import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from tests.fakes.clock import ManualClock

OPTIONS = AvatarOptions(640, 360, 30, 24000)
MOUTH = (slice(208, 242), slice(296, 344))


async def pictures(sound: np.ndarray) -> list[VideoFrame]:
    head = TalkingHead(OPTIONS, ManualClock())
    await head.push_audio(AudioFrame(sound, 24000))
    await head.push_audio(AudioSegmentEnd())
    shown = []
    async for item in head:
        if isinstance(item, AudioSegmentEnd):
            return shown
        if isinstance(item, VideoFrame):
            shown.append(item)
    raise AssertionError("the generator ended by itself")


def bursts(seconds: float) -> np.ndarray:
    """Syllables: 150 ms of tone, 150 ms of silence."""
    time_s = np.arange(round(seconds * 24000)) / 24000
    return (np.sin(2 * np.pi * 220 * time_s) * ((time_s % 0.3) >= 0.15) * 12000).astype(np.int16)


async def test_the_mouth_follows_the_loudness_of_the_same_moment() -> None:
    sound = bursts(3.0)
    loud = np.array([np.abs(sound[index * 800 : (index + 1) * 800].astype(int)).mean() for index in range(90)])
    # The inside of the mouth is the darkest thing there.
    dark = np.array([(frame.luma[MOUTH] < 60).sum() for frame in await pictures(sound)], dtype=float)
    scores = {lag: np.corrcoef(loud[5:-5], np.roll(dark, -lag)[5:-5])[0, 1] for lag in range(-4, 5)}
    assert scores[0] > 0.8
    assert max(scores, key=scores.__getitem__) in (0, 1)


async def test_silence_keeps_the_mouth_closed_while_the_face_lives() -> None:
    shown = await pictures(np.zeros(24000, dtype=np.int16))
    assert all((frame.luma[MOUTH] < 60).sum() == 0 for frame in shown)
    assert len({frame.data.tobytes() for frame in shown}) > 15


async def test_pictures_are_not_shared() -> None:
    shown = await pictures(bursts(0.2))
    assert not any(np.shares_memory(shown[0].data, frame.data) for frame in shown[1:])


@pytest.mark.parametrize("size", [(640, 480), (360, 640), (320, 180)])
def test_any_shape_can_be_drawn(size: tuple[int, int]) -> None:
    head = TalkingHead(AvatarOptions(*size), ManualClock())
    assert head.draw(None, 0.0).size == size[0] * size[1] * 3 // 2
