"""The health of what came between two moments: what an utterance is told, without knowing what was said."""

import numpy as np

from avatar_core.metrics.health import measure_health
from avatar_core.metrics.observations import Observation, Picture, Sound
from avatar_core.metrics.thumbnails import THUMBNAIL
from avatar_core.metrics.utterance import Memory

FPS, RATE = 20, 48_000


def pictures(seconds: float, *, luma: int = 120, width_px: int = 640) -> list[Picture]:
    shown = np.full(THUMBNAIL, luma, np.uint8)
    return [Picture(at / FPS, width_px, 360, shown) for at in range(round(seconds * FPS))]


def tone(seconds: float, peak: float) -> Sound:
    wave = np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    return Sound(np.clip(wave * peak * 32_767, -32_768, 32_767).astype(np.int16), RATE)


def test_moments_on_end_leave_no_interval_out_and_count_none_twice() -> None:
    shown = tuple(pictures(10.0))
    measured = [
        measure_health(Observation(None, shown), since_s, since_s + 5.0, Memory())["frame_interval_ms"]
        for since_s in (0.0, 5.0)
    ]
    assert [len(intervals) for intervals in measured] == [5 * FPS - 1, 5 * FPS]


def test_black_pictures_and_a_change_of_size_are_told_of_their_moment_alone() -> None:
    shown = (*pictures(5.0), *(Picture(5 + p.at_s, 320, 360, p.thumbnail) for p in pictures(5.0, luma=16)))
    first, second = (measure_health(Observation(None, shown), at_s, at_s + 5.0, Memory()) for at_s in (0.0, 5.0))
    assert (first["black_s"], first["resolution_changes"]) == ((0.0,), (0.0,))
    assert second["resolution_changes"] == (1.0,)
    assert 4.5 < second["black_s"][0] <= 5.0


def test_clipping_is_told_of_what_was_heard_and_of_silence_nothing() -> None:
    clipped, clean = tone(5.0, 3.0), tone(5.0, 0.5)
    silence = Sound(np.zeros(5 * RATE, np.int16), RATE)
    found = [
        measure_health(Observation(sound), 0.0, 5.0, Memory()).get("clipped_percent")
        for sound in (clipped, clean, silence)
    ]
    assert found[0] is not None and found[0][0] > 50.0
    assert found[1:] == [(0.0,), None]


def test_a_face_that_does_not_move_while_it_is_heard_stands_still() -> None:
    observation = Observation(tone(5.0, 0.5), tuple(pictures(5.0)))
    assert measure_health(observation, 0.0, 5.0, Memory())["still_s"][0] > 3.0


def test_of_a_face_that_is_hardly_heard_nobody_says_whether_it_stands_still() -> None:
    silence = np.zeros(4 * RATE, np.int16)
    word = Sound(np.concatenate((silence, tone(1.0, 0.5).samples)), RATE)
    for sound in (word, Sound(silence, RATE), None):
        assert "still_s" not in measure_health(Observation(sound, tuple(pictures(5.0))), 0.0, 5.0, Memory())
