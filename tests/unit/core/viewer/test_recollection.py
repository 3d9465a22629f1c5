"""What a viewer remembers of a participant, and how it goes to another process."""

from pathlib import Path

import numpy as np
import pytest

from avatar_core.errors import WireError
from avatar_core.metrics.observations import Observation, Sound
from avatar_core.viewer.observation_file import load_observation, save_observation
from avatar_core.viewer.recollection import KEPT_S, Recollection


def remembered(seconds: float) -> Recollection:
    recollection = Recollection()
    for index in range(round(seconds * 100)):
        recollection.add_sound(np.full(480, index % 100, np.int16), 48_000, 10 + index / 100)
        if index % 4 == 0:
            recollection.add_picture(np.full((360, 640), index % 200, np.uint8), 10 + index / 100)
    return recollection


def test_what_came_since_a_moment_is_one_sound_and_its_pictures() -> None:
    observation = remembered(3.0).since(11.5)
    assert observation.sound is not None
    assert observation.sound.start_s == pytest.approx(11.5)
    assert observation.sound.duration_s == pytest.approx(1.5)
    assert [picture.at_s for picture in observation.pictures][:2] == pytest.approx([11.52, 11.56])
    assert (observation.pictures[0].width_px, observation.pictures[0].height_px) == (640, 360)


def test_what_is_older_falls_out() -> None:
    observation = remembered(KEPT_S + 5).since(0.0)
    assert observation.sound is not None
    assert observation.sound.duration_s == pytest.approx(KEPT_S)


def test_of_whom_nothing_came_nothing_is_remembered() -> None:
    assert Recollection().since(0.0) == Observation(None, ()) or Recollection().since(0.0).pictures == ()


def test_an_observation_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    observation = remembered(1.0).since(10.0)
    save_observation(tmp_path / "one.npz", observation)
    read = load_observation(tmp_path / "one.npz")
    assert observation.sound is not None and read.sound is not None
    assert (read.sound.samples == observation.sound.samples).all()
    assert (read.sound.start_s, read.sound.sample_rate_hz) == (10.0, 48_000)
    assert [picture.at_s for picture in read.pictures] == [picture.at_s for picture in observation.pictures]
    assert (read.pictures[3].thumbnail == observation.pictures[3].thumbnail).all()


def test_a_reference_has_no_pictures_and_a_silent_participant_no_sound(tmp_path: Path) -> None:
    save_observation(tmp_path / "said.npz", Observation(Sound(np.ones(10, np.int16), 24_000)))
    save_observation(tmp_path / "none.npz", Observation(None))
    assert load_observation(tmp_path / "said.npz").pictures == ()
    assert load_observation(tmp_path / "none.npz").sound is None


@pytest.mark.parametrize("content", [b"", b"not a file of arrays", b"PK\x03\x04 torn"])
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(WireError, match=r"bad\.npz can't be read"):
        load_observation(tmp_path / "bad.npz")
