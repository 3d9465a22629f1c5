"""What faces in sync read: kept by provider and utterance, and found again."""

from pathlib import Path

import pytest

from avatar_core.bench.commands.calibrating_face import bias_of
from avatar_core.bench.settings.face_calibration import face_biases_path, load_face_biases, save_face_bias
from avatar_core.errors import ConfigError


def test_the_way_and_what_the_worker_did_are_no_bias() -> None:
    bias = bias_of("wave", "burst", [98.0, 100.0, 102.0], -30.0, 80.0)
    assert (bias.bias_ms, bias.n) == (50.0, 3)
    assert 0 < bias.spread_ms <= 4.0


def test_what_was_kept_is_found_again_and_a_new_one_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = face_biases_path(tmp_path / "folder" / "settings.toml")
    assert load_face_biases(path) == ()
    biases = [bias_of("wave", utterance, [raw_ms], 0.0, 0.0) for utterance, raw_ms in (("a", 1), ("b", 2), ("a", 3))]
    for bias in biases:
        save_face_bias(path, bias)
    assert load_face_biases(path) == (biases[1], biases[2])


@pytest.mark.parametrize("text", ["", "{}x", '[{"provider": "x"}]', "[3]"])
def test_a_file_that_holds_no_biases_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = face_biases_path(tmp_path / "settings.toml")
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"face_biases\.json.*run calibrate"):
        load_face_biases(path)
