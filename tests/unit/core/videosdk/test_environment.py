"""The environment for VideoSDK's SDK: made once, and never half."""

from pathlib import Path

import pytest

from avatar_core.errors import ConfigError
from avatar_core.videosdk.environment import interpreter_in, make_environment

FAKE_PYTHON = """#!/bin/sh
for folder; do :; done
mkdir -p "$folder/bin"
printf '#!/bin/sh\\necho no such package >&2\\nexit 1\\n' > "$folder/bin/python"
chmod +x "$folder/bin/python"
"""


def test_one_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    there = interpreter_in(tmp_path)
    there.parent.mkdir()
    there.touch()
    told: list[str] = []
    assert make_environment(tmp_path, python="nowhere", tell=told.append) == there
    assert told == []


def test_a_python_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere/python"):
        make_environment(tmp_path / "env", python="/nowhere/python", tell=lambda _: None)


def test_one_that_could_not_be_filled_is_not_taken_for_whole(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    for _ in range(2):
        with pytest.raises(ConfigError, match="no such package"):
            make_environment(tmp_path / "env", python=str(python), tell=lambda _: None)
