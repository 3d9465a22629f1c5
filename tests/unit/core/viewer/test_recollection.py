"""What a viewer remembers of a participant, and how it goes to another process."""

from pathlib import Path

import numpy as np
import pytest

from avatar_core.errors import WireError
from avatar_core.metrics.observations import Sound
from avatar_core.metrics.speech import compare
from avatar_core.viewer.observation_file import load_observation, save_recalled, save_sound
from avatar_core.viewer.recollection import KEPT_S, Recollection
from avatar_core.viewer.sample_clock import SampleClock
from tests.fakes.heard_speech import SENT_S, heard, played, speech, spoken_places

FRAME = 480


def remembered(seconds: float) -> Recollection:
    recollection = Recollection()
    for index in range(round(seconds * 100)):
        recollection.add_sound(np.full(480, index % 100, np.int16), 48_000, 10 + index / 100)
        if index % 4 == 0:
            recollection.add_picture(np.full((360, 640), index % 200, np.uint8), 10 + index / 100)
    return recollection


def test_what_came_since_a_moment_is_one_sound_and_its_pictures() -> None:
    recalled = remembered(3.0).since(11.5)
    assert recalled.sound is not None
    assert recalled.sound.start_s == pytest.approx(11.5)
    assert recalled.sound.duration_s == pytest.approx(1.5)
    assert recalled.sound.samples[::480].tolist() == [index % 100 for index in range(150, 300)]
    assert recalled.times_s[:2].tolist() == pytest.approx([11.52, 11.56])
    assert recalled.sizes_px[0].tolist() == [640, 360]
    assert recalled.thumbnails[0, 0, 0] == 152


def test_what_is_older_falls_out() -> None:
    recalled = remembered(KEPT_S + 5).since(0.0)
    assert recalled.sound is not None
    assert recalled.sound.duration_s == pytest.approx(KEPT_S + 1, abs=1.1)
    assert len(recalled.times_s) == (KEPT_S + 5) * 25


def test_pictures_are_bounded_and_stay_in_order() -> None:
    recollection = Recollection()
    for index in range(9_000):
        recollection.add_picture(np.full((36, 64), index % 200, np.uint8), index / 60)
    recalled = recollection.since(0.0)
    assert len(recalled.times_s) == round(KEPT_S * 61)
    assert (np.diff(recalled.times_s) > 0).all() and recalled.times_s[-1] == pytest.approx(8_999 / 60)
    assert recalled.thumbnails[-1, 0, 0] == 8_999 % 200


def test_hole_in_the_stream_is_silence() -> None:
    recollection = Recollection()
    for start_s in (5.0, 5.01, 5.5):
        recollection.add_sound(np.ones(480, np.int16), 48_000, start_s)
    recalled = recollection.since(0.0)
    assert recalled.sound is not None and recalled.sound.duration_s == pytest.approx(0.51)
    assert not recalled.sound.between(5.02, 5.5).samples.any()
    assert recalled.sound.between(5.5, 5.51).samples.all()


def test_of_whom_nothing_came_nothing_is_remembered() -> None:
    recalled = Recollection().since(0.0)
    assert recalled.sound is None and len(recalled.times_s) == 0


def test_what_is_recalled_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    recalled = remembered(1.0).since(10.0)
    save_recalled(tmp_path / "one.npz", recalled)
    read = load_observation(tmp_path / "one.npz")
    assert recalled.sound is not None and read.sound is not None
    assert (read.sound.samples == recalled.sound.samples).all()
    assert (read.sound.start_s, read.sound.sample_rate_hz) == (10.0, 48_000)
    assert [picture.at_s for picture in read.pictures] == recalled.times_s.tolist()
    assert (read.pictures[3].thumbnail == recalled.thumbnails[3]).all()
    assert (read.pictures[3].width_px, read.pictures[3].height_px) == (640, 360)


def test_a_reference_has_no_pictures_and_a_silent_participant_no_sound(tmp_path: Path) -> None:
    save_sound(tmp_path / "said.npz", Sound(np.ones(10, np.int16), 24_000))
    save_recalled(tmp_path / "none.npz", Recollection().since(0.0))
    assert load_observation(tmp_path / "said.npz").pictures == ()
    assert load_observation(tmp_path / "none.npz").sound is None


@pytest.mark.parametrize("content", [b"", b"not a file of arrays", b"PK\x03\x04 torn"])
def test_a_file_that_can_not_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(WireError, match=r"bad\.npz can't be read"):
        load_observation(tmp_path / "bad.npz")


@pytest.mark.parametrize(("held_up_s", "flaws"), [(0.0025, set()), (0.008, set()), (0.025, set()), (0.06, {"gaps"})])
def test_a_receiver_that_is_late_from_now_on_makes_no_click(held_up_s: float, flaws: set[str]) -> None:
    """Its clock moves a second after it was held up: the least delay of the last second is what it goes by."""
    reference = speech("ada-monologue", 6.0)
    sound, found = heard(played(reference)), set[str]()
    for place_s in spoken_places(played(reference), 0.1, 4):
        recollection, clock = Recollection(), SampleClock(sound.sample_rate_hz)
        for index, start in enumerate(range(0, len(sound.samples) - FRAME + 1, FRAME)):
            received_s = sound.start_s + (index + 1) * FRAME / sound.sample_rate_hz
            late_s = held_up_s if received_s > SENT_S + place_s - 1.0 else 0.0
            start_s = clock.frame(FRAME, received_s + late_s)
            recollection.add_sound(sound.samples[start : start + FRAME], sound.sample_rate_hz, start_s)
        whole = recollection.since(0.0).sound
        assert whole is not None
        utterance = compare(reference, whole)
        assert utterance is not None
        found |= {name for name, has in (("gaps", utterance.gaps), ("clicks", utterance.clicks_s)) if has}
    assert found == flaws
