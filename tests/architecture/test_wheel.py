"""The wheel in an environment of its own, used from a folder whose packages have our names and raise when imported."""

import json
import re
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from avatar_core import __version__

ROOT = Path(__file__).parents[2]
DECOYS = ("core", "gui", "assets", "avatar_core", "avatar_gui", "avatar_assets", "aiohttp", "livekit")

# Asks the assets for their names through the way every reader of them takes.
LIST_ASSETS = """
import importlib.resources, json

def names(folder, prefix=""):
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from names(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name

print(json.dumps([name for name in names(importlib.resources.files("avatar_assets")) if "__pycache__" not in name]))
"""
# Starts the embedded room as the bench does, and asks which package the child found.
START_CHILD = """
import asyncio
import avatar_core.room.server

async def main():
    server = await avatar_core.room.server.start_embedded_room(api_key="key", api_secret="s" * 32, why="a test")
    print(server.room.url, (await server.statistics())["rooms"], avatar_core.__file__)
    await server.aclose()

asyncio.run(main())
"""


def run(*command: str | Path, cwd: Path) -> str:
    """Runs `command` in `cwd` and returns its standard output; a failure shows what it printed."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} exited with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-P", "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def fresh(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of a fresh environment: the wheel and what it asks for, at the lock's versions, nothing else."""
    folder = tmp_path_factory.mktemp("fresh")
    versions = folder / "versions.txt"
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    versions.write_text("\n".join(re.findall(r"^\w\S*==[^\\\n]+", lock, re.MULTILINE)))
    uv = shutil.which("uv")
    venv.create(folder / "venv", with_pip=uv is None)
    binaries = folder / "venv" / "bin"
    installer = [uv, "pip"] if uv else [binaries / "python", "-m", "pip", "--disable-pip-version-check"]
    options = ["--python", binaries / "python"] if uv else ["--no-compile"]
    run(*installer, "install", *options, "--constraint", versions, wheel, cwd=folder)
    return binaries


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A user's folder, with packages of our names and of our dependencies' names."""
    for name in DECOYS:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise RuntimeError('the decoy {name} was imported')\n")
    return tmp_path


def test_command_of_the_wheel_is_not_shadowed(fresh: Path, elsewhere: Path) -> None:
    assert run(fresh / "avatar-testbench", "--version", cwd=elsewhere).strip() == f"avatar-testbench {__version__}"


def test_doctor_of_the_wheel_finds_its_qt(fresh: Path, elsewhere: Path) -> None:
    # What the machine lacks (a sound device, a network) makes the exit code, and is not the wheel's matter.
    done = subprocess.run(
        [fresh / "avatar-testbench", "doctor", "--json"], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 3), done.stderr
    states = {check["name"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert (states["python"], states["qt"]) == ("ok", "ok"), done.stdout


def test_room_of_the_wheel_becomes_ready_and_stops_at_sigterm(fresh: Path, elsewhere: Path) -> None:
    command = [fresh / "avatar-testbench", "room", "--json"]
    with subprocess.Popen(command, cwd=elsewhere, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as room:
        assert room.stdout is not None
        ready = room.stdout.readline()
        room.send_signal(signal.SIGTERM)
        _, errors = room.communicate()
    assert json.loads(ready)["url"].startswith("ws://127.0.0.1:"), errors
    assert room.returncode == 0, errors


def test_child_process_of_the_wheel_is_not_shadowed(fresh: Path, elsewhere: Path) -> None:
    url, rooms, package = run(fresh / "python", "-P", "-c", START_CHILD, cwd=elsewhere).split()
    assert url.startswith("ws://127.0.0.1:")
    assert rooms == "0"
    assert Path(package).is_relative_to(fresh.parent)


def test_assets_are_found_alike_in_wheel_and_checkout(fresh: Path, elsewhere: Path) -> None:
    from_wheel = json.loads(run(fresh / "python", "-P", "-c", LIST_ASSETS, cwd=elsewhere))
    from_checkout = json.loads(run(sys.executable, "-P", "-c", LIST_ASSETS, cwd=elsewhere))
    assert sorted(from_wheel) == sorted(from_checkout)
    assert len(from_wheel) > 1


def test_wheel_holds_the_three_packages_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"avatar_core", "avatar_gui", "avatar_assets"}
