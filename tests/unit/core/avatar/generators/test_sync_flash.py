import numpy as np
import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.sync_flash import SyncFlash
from avatar_core.media.flashes import FlashDetector
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from avatar_core.media.sync_pattern import synthesize
from avatar_core.media.sync_picture import read_counter
from tests.fakes.clock import ManualClock


async def pictures(generator: SyncFlash, sound: np.ndarray, rate: int) -> list[VideoFrame]:
    for start in range(0, len(sound), rate // 50):
        await generator.push_audio(AudioFrame(sound[start : start + rate // 50], rate))
    await generator.push_audio(AudioSegmentEnd())
    shown: list[VideoFrame] = []
    async for item in generator:
        if isinstance(item, AudioSegmentEnd):
            break
        if isinstance(item, VideoFrame):
            shown.append(item)
    return shown


def flashes(shown: list[VideoFrame]) -> list[float]:
    detector = FlashDetector()
    onsets = [detector.push(frame.luma, frame.pts_s - shown[0].pts_s) for frame in shown]
    return [onset for onset in onsets if onset is not None]


@pytest.mark.parametrize(
    ("fps", "options_rate", "speech_rate"),
    [
        (30, 24000, 24000),
        (30, 16000, 48000),
        (25, 22050, 24000),
        (24, 48000, 16000),
        (60, 44100, 24000),
        (15, 24000, 24000),
    ],
)
async def test_each_beep_has_its_flash_in_the_picture_of_the_same_moment(
    fps: int, options_rate: int, speech_rate: int
) -> None:
    generator = SyncFlash(AvatarOptions(320, 180, fps, options_rate), ManualClock())
    shown = await pictures(generator, synthesize(3, 0, round(3.2 * speech_rate), speech_rate), speech_rate)
    onsets = flashes(shown)
    assert len(onsets) == 3
    for index, onset in enumerate(onsets):
        # A picture's time begins at or before the beep that it shows, and at most its own length before.
        assert -1 / fps < onset - (0.5 + index) < 0.002


@pytest.mark.parametrize("lead_ms", [0, 7, 19, 33, 101])
async def test_the_flash_follows_the_beep_wherever_it_is_in_the_sound(lead_ms: int) -> None:
    generator = SyncFlash(AvatarOptions(320, 180, 30, 24000), ManualClock())
    lead = np.zeros(24 * lead_ms, dtype=np.int16)
    onsets = flashes(await pictures(generator, np.concatenate((lead, synthesize(0, 0, 48000, 24000))), 24000))
    assert len(onsets) == 2
    for index, onset in enumerate(onsets):
        assert -1 / 30 < onset - (0.5 + index + lead_ms / 1000) < 0.002


async def test_every_picture_counts_and_names_its_utterance() -> None:
    generator = SyncFlash(AvatarOptions(320, 180, 30, 24000), ManualClock())
    first = await pictures(generator, synthesize(4, 0, 12000, 24000), 24000)
    second = await pictures(generator, synthesize(9, 0, 12000, 24000), 24000)
    counters = [read_counter(frame.luma) for frame in first + second]
    assert all(counter is not None for counter in counters)
    numbers = [counter.frame for counter in counters]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert {counter.utterance for counter in counters[:15]} == {4}
    assert {counter.utterance for counter in counters[16:]} == {9}


def test_idle_pictures_count_and_belong_to_no_utterance() -> None:
    generator = SyncFlash(AvatarOptions(320, 180), ManualClock())
    shown = generator.draw(None, 0.0)
    counter = read_counter(shown[: 320 * 180].reshape(180, 320))
    assert counter is not None
    assert counter.utterance is None


async def test_a_clear_forgets_the_utterance() -> None:
    generator = SyncFlash(AvatarOptions(320, 180), ManualClock())
    await pictures(generator, synthesize(4, 0, 12000, 24000), 24000)
    generator.clear_buffer()
    [shown] = (await pictures(generator, np.zeros(100, dtype=np.int16), 24000))[-1:]
    assert read_counter(shown.luma).utterance is None


async def test_speech_never_flashes() -> None:
    rng = np.random.default_rng(2)
    voice = (rng.normal(0, 1, 48000).cumsum() % 2 - 1) * 9000
    generator = SyncFlash(AvatarOptions(320, 180), ManualClock())
    assert flashes(await pictures(generator, voice.astype(np.int16), 24000)) == []
