"""requirements.lock: every version pinned and hashed, no address in it, and one that livekit-agents installs beside."""

import itertools
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
# One entry: `name==version [; marker] \`, then its hashes, each on a line of its own.
ENTRY = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.+?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)", re.MULTILINE)


def test_every_line_is_a_pinned_entry_a_hash_or_a_comment() -> None:
    rest = ENTRY.sub("", LOCK)
    assert [line for line in rest.splitlines() if not re.match(r" *#", line)] == []


def test_no_address_is_named() -> None:
    assert re.findall(r"\S*://\S*|^-\S.*", LOCK, re.MULTILINE) == []


def test_all_that_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"], *itertools.chain(*extras)]
    names = {canonicalize_name(Requirement(line).name) for line in asked}
    assert names - {entry[0] for entry in ENTRY.findall(LOCK)} == set()


def test_livekit_is_the_version_that_livekit_agents_wants() -> None:
    assert [entry[1] for entry in ENTRY.findall(LOCK) if entry[0] == "livekit"] == ["1.1.21"]


def test_qt_that_aborts_on_python_3_11_is_not_installed_there() -> None:
    qt = {marker: version for name, version, marker, _ in ENTRY.findall(LOCK) if name == "pyside6-essentials"}
    old, new = qt["python_full_version < '3.12'"], qt["python_full_version >= '3.12'"]
    assert tuple(map(int, old.split("."))) < (6, 12)
    assert tuple(map(int, new.split("."))) >= (6, 12)
