"""The machine's calibration: kept, found again, and doubted once it is old."""

from dataclasses import replace
from pathlib import Path

import pytest

from avatar_core.bench.commands.calibrating import made
from avatar_core.bench.settings.calibration import Calibration, calibration_path, load_calibration, save_calibration
from avatar_core.clock import wall_time
from avatar_core.errors import ConfigError


def test_what_was_kept_is_found_again_beside_the_settings(tmp_path: Path) -> None:
    path = calibration_path(tmp_path / "folder" / "settings.toml")
    assert path.parent == tmp_path / "folder"
    assert load_calibration(path) is None
    calibration = made([-30.0, -31.0, -32.0, -31.0])
    save_calibration(path, calibration)
    assert load_calibration(path) == calibration
    assert (calibration.zero_ms, calibration.n) == (-31.0, 4)
    assert 0 < calibration.spread_ms <= 2.0


def test_another_machines_is_none_of_this_ones(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    save_calibration(path, replace(made([1.0]), machine="elsewhere"))
    assert load_calibration(path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"machine": "x"}', '{"colour": "red"}'])
def test_a_file_that_is_no_calibration_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"calibration\.json.*run calibrate"):
        load_calibration(path)


def test_its_age_is_counted_from_when_it_was_taken() -> None:
    old = Calibration("m", wall_time() - 90_000, -30.0, 2.0, 20)
    assert old.age_s == pytest.approx(90_000, abs=5)
