"""Generators by name, found and not found; and the one of docs/hosting-an-avatar.md."""

import re
import sys
from importlib import metadata
from pathlib import Path

import pytest

from avatar_core.avatar import loading
from avatar_core.avatar.generator import AvatarOptions, VideoGenerator
from avatar_core.avatar.generators.talking_head import TalkingHead
from avatar_core.avatar.loading import installed_generators, load_generator
from avatar_core.clock import MonotonicClock
from avatar_core.errors import ConfigError
from avatar_core.media.frames import AudioFrame, AudioSegmentEnd, VideoFrame
from tests.tracks import tone

SMALL = AvatarOptions(320, 180, 25.0)
GUIDE = Path(__file__).parents[4] / "docs" / "hosting-an-avatar.md"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a command is run, with modules of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


def example() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    return code


def test_our_own_are_known_by_name() -> None:
    assert load_generator("talking-head") is TalkingHead
    assert set(installed_generators()) >= {"talking-head", "sync-pattern", "audio-wave"}


async def test_example_of_the_guide_draws_what_is_heard(here: Path) -> None:
    """Thirty lines or less, from the folder it lies in."""
    assert len(example().splitlines()) <= 30
    (here / "my_face.py").write_text(example())
    generator = load_generator("my_face:LevelFace")(SMALL, MonotonicClock())
    await generator.push_audio(tone(0.2, value=16_000))
    await generator.push_audio(AudioSegmentEnd("s"))
    lit: list[float] = []
    heard_s = 0.0
    async for item in generator:
        if isinstance(item, VideoFrame):
            lit.append(float((item.luma > 200).mean()))
        elif isinstance(item, AudioFrame):
            heard_s += item.duration_s
        else:
            break
    assert heard_s == pytest.approx(0.2)
    assert lit == pytest.approx([1 / 6] * 5, abs=0.02)
    await generator.aclose()


def test_package_offers_its_own_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = metadata.EntryPoint("level", "avatar_core.avatar.generators.talking_head:TalkingHead", loading.ENTRY_POINTS)
    monkeypatch.setattr(loading.metadata, "entry_points", lambda **_: metadata.EntryPoints([point]))
    assert "level" in installed_generators()
    assert isinstance(load_generator("level")(SMALL, MonotonicClock()), VideoGenerator)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("talking-hat", "known are talking-head"),
        ("no_such_module:Face", "No module named 'no_such_module'"),
        ("broken:Face", "fails when imported: ZeroDivisionError"),
        ("faces:Absent", "has no attribute 'Absent'"),
        ("faces:face", "is no class"),
        ("faces:Face", "neither of avatar_core nor of livekit-agents"),
        ("faces:", "can't be loaded"),
    ],
)
def test_what_cannot_be_loaded_is_said(here: Path, name: str, said: str) -> None:
    (here / "faces.py").write_text("class Face: ...\nface = Face()\n")
    (here / "broken.py").write_text("1 / 0\n")
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_generator(name)


def test_class_that_cannot_be_made_is_said(here: Path) -> None:
    (here / "greedy.py").write_text(
        "from avatar_core.avatar.generators.talking_head import TalkingHead\n"
        "class Greedy(TalkingHead):\n    def __init__(self, options, clock):\n        raise OSError('no model')\n"
    )
    with pytest.raises(ConfigError, match="can't be made: OSError: no model"):
        load_generator("greedy:Greedy")(SMALL, MonotonicClock())
