"""What a drawing is given; the way in and out of the timeline is tested by the contract of VideoGenerator."""

import numpy as np

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_driven import AudioDrivenGenerator
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, Pixels, Samples
from tests.fakes.clock import ManualClock

OPTIONS = AvatarOptions(320, 180, 24, 22050)


class Notebook(AudioDrivenGenerator):
    """Draws nothing and writes down what it was asked to draw."""

    def __init__(self) -> None:
        super().__init__(OPTIONS, ManualClock())
        self.asked: list[tuple[Samples | None, float]] = []
        self.forgot = 0

    def draw(self, sound: Samples | None, time_s: float) -> Pixels:
        self.asked.append((sound, time_s))
        return np.zeros(320 * 180 * 3 // 2, dtype=np.uint8)

    def _forget(self) -> None:
        self.forgot += 1


async def test_each_drawing_gets_exactly_the_sound_that_goes_with_it() -> None:
    generator = Notebook()
    await generator.push_audio(AudioFrame(np.arange(10000, dtype=np.int16), 22050))
    await generator.push_audio(AudioSegmentEnd())
    yielded = []
    async for item in generator:
        if isinstance(item, AudioSegmentEnd):
            break
        if isinstance(item, AudioFrame):
            yielded.append(item.samples)
    assert len(generator.asked) == len(yielded) == 11
    for (sound, time_s), samples, index in zip(generator.asked, yielded, range(11), strict=True):
        assert sound is not None
        assert np.array_equal(sound, samples)
        assert time_s == index / 24
    # 918.75 samples a picture: the sizes alternate, the sum never strays by a sample.
    assert [len(samples) for samples in yielded[:8]] == [918, 919, 919, 919, 918, 919, 919, 919]


async def test_idle_drawings_get_no_sound_and_a_clear_is_told() -> None:
    generator = Notebook()
    await anext(aiter(generator))
    assert generator.asked == [(None, 0.0)]
    generator.clear_buffer()
    assert generator.forgot == 1
