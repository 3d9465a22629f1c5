import itertools

import numpy as np
import pytest

from avatar_core.avatar.generators.face_motion import GAZES, FaceMotion, FacePose

RATE, FPS = 24000, 30
WINDOW = RATE // FPS


def tone(level: float, hz: float = 250.0) -> np.ndarray:
    wave = np.sin(2 * np.pi * hz * np.arange(WINDOW) / RATE) * level * 32767
    return wave.astype(np.int16)[:, np.newaxis]


def play(motion: FaceMotion, sounds: list[np.ndarray | None], start: int = 0) -> list[FacePose]:
    return [motion.pose(sound, (start + index) / FPS) for index, sound in enumerate(sounds)]


def test_louder_sound_opens_the_mouth_wider() -> None:
    openings = [play(FaceMotion(RATE), [tone(level)] * 10)[-1].opening for level in (0.001, 0.02, 0.1, 0.3, 0.9)]
    assert openings == sorted(openings)
    assert openings[0] == 0
    assert openings[-1] > 0.9


def test_the_mouth_opens_within_one_picture_of_the_sound_and_closes_soon_after() -> None:
    motion = FaceMotion(RATE)
    poses = play(motion, [None] * 5 + [tone(0.5)] * 10 + [tone(0.0)] * 10)
    assert poses[4].opening == 0
    assert poses[5].opening > 0.7 * poses[14].opening
    assert poses[15].opening > 0.2 * poses[14].opening
    assert poses[24].opening < 0.05


def test_bright_sound_spreads_the_lips_and_dark_sound_rounds_them() -> None:
    dark = play(FaceMotion(RATE), [tone(0.3, 200)] * 10)[-1].width
    bright = play(FaceMotion(RATE), [tone(0.3, 4000)] * 10)[-1].width
    assert bright - dark > 0.4


def test_the_eyes_blink_every_few_seconds_and_mostly_look_ahead() -> None:
    poses = play(FaceMotion(RATE), [None] * (60 * FPS))
    closed = [pose.lid > 0.5 for pose in poses]
    blinks = sum(not before and now for before, now in itertools.pairwise(closed))
    assert 10 <= blinks <= 28
    assert sum(closed) / len(closed) < 0.08
    assert sum(pose.gaze == 0 for pose in poses) / len(poses) > 0.6
    assert {pose.gaze for pose in poses} == set(range(len(GAZES)))


def test_head_and_breath_move_slowly_and_a_little() -> None:
    poses = play(FaceMotion(RATE), [tone(0.4)] * (20 * FPS))
    head = np.array([(pose.head_x, pose.head_y, pose.body_x, pose.body_y) for pose in poses])
    assert np.abs(head).max() < 16
    assert np.abs(np.diff(head[FPS:], axis=0)).max() < 0.8
    assert (np.ptp(head, axis=0) > 1).all()


def test_the_same_seed_and_sound_give_the_same_motion() -> None:
    sounds = [tone(0.3), None, tone(0.01)] * 40
    assert play(FaceMotion(RATE, seed=3), sounds) == play(FaceMotion(RATE, seed=3), sounds)


def test_cut_off_speech_closes_the_mouth_at_once() -> None:
    motion = FaceMotion(RATE)
    play(motion, [tone(0.5)] * 5)
    motion.close_mouth()
    assert motion.pose(None, 0.2).opening == 0


def test_a_window_of_one_sample_is_quiet() -> None:
    assert FaceMotion(RATE).pose(np.zeros((1, 1), dtype=np.int16), 0.0).opening == 0


@pytest.mark.parametrize("rate", [16000, 48000])
def test_the_lips_do_not_depend_on_the_sample_rate(rate: int) -> None:
    wave = (np.sin(2 * np.pi * 700 * np.arange(rate // FPS) / rate) * 9000).astype(np.int16)[:, np.newaxis]
    pose = play(FaceMotion(rate), [wave] * 8)[-1]
    reference = (np.sin(2 * np.pi * 700 * np.arange(WINDOW) / RATE) * 9000).astype(np.int16)[:, np.newaxis]
    assert pose.opening == pytest.approx(play(FaceMotion(RATE), [reference] * 8)[-1].opening, abs=0.02)
    assert pose.width == pytest.approx(play(FaceMotion(RATE), [reference] * 8)[-1].width, abs=0.05)
