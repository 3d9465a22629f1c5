import subprocess
import sys

import pytest

from avatar_gui.__main__ import main


def test_arguments_go_to_the_headless_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["doctor", "--help"])
    assert raised.value.code == 0
    assert "avatar-testbench doctor" in capsys.readouterr().out


def test_without_arguments_those_of_the_process_are_taken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["avatar-testbench", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().out.startswith("avatar-testbench ")


def test_the_command_line_starts_without_qt_and_without_the_room() -> None:
    source = """
import sys
from avatar_gui.__main__ import main
try:
    main(["--help"])
except SystemExit as left:
    assert left.code == 0
heavy = {"PySide6", "qasync", "pyqtgraph", "numpy", "aiohttp", "aiortc", "av", "livekit"} & sys.modules.keys()
assert not heavy, heavy
"""
    child = subprocess.run([sys.executable, "-P", "-c", source], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
