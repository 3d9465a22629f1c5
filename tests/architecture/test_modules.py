"""Rules on the source that no linter at hand knows: size, docstrings, and who may touch what."""

import ast
import importlib.metadata
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("core/avatar_core", "gui/avatar_gui", "assets/avatar_assets")
MODULES = {path.relative_to(ROOT).as_posix(): path for package in PACKAGES for path in ROOT.glob(f"{package}/**/*.py")}
MAX_LINES = 400
# A module that is itself loaded by a package may rely on that package being there.
IMPORTED_BY = {"gui/avatar_gui/pytest_plugin.py": {"pytest"}}
ENVIRONMENT = {"environ", "environb", "getenv", "putenv", "unsetenv"}


def imports(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is imported: `from a import b` counts as `a` and as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reads_environment(tree: ast.Module) -> bool:
    """Whether the module touches the environment through `os`, by attribute or by import."""
    through_attribute = any(
        isinstance(node, ast.Attribute)
        and node.attr in ENVIRONMENT
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        for node in ast.walk(tree)
    )
    return through_attribute or any(name in {f"os.{entry}" for entry in ENVIRONMENT} for name in imports(tree))


def imports_of(tree: ast.Module, *packages: str) -> set[str]:
    """What the module imports of `packages`, submodules included."""
    return {
        name for name in imports(tree) if any(name == package or name.startswith(f"{package}.") for package in packages)
    }


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Every module's syntax tree, by its path from the project's folder."""
    return {name: ast.parse(path.read_text(encoding="utf-8"), name) for name, path in MODULES.items()}


def test_every_module_says_what_lives_in_it(trees: dict[str, ast.Module]) -> None:
    assert [name for name, tree in trees.items() if not ast.get_docstring(tree)] == []


def test_no_module_outgrows_its_purpose() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


@pytest.mark.parametrize(
    ("owner", "packages"),
    [
        ("core/avatar_core/room/", ("livekit.rtc",)),
        ("core/avatar_core/providers/", ("livekit.agents", "livekit.plugins")),
    ],
)
def test_an_sdk_has_one_importer(trees: dict[str, ast.Module], owner: str, packages: tuple[str, ...]) -> None:
    others = {name: imports_of(tree, *packages) for name, tree in trees.items() if not name.startswith(owner)}
    assert {name: found for name, found in others.items() if found} == {}


def test_the_environment_has_one_reader(trees: dict[str, ast.Module]) -> None:
    readers = {name for name, tree in trees.items() if reads_environment(tree)}
    assert readers <= {"core/avatar_core/bench/settings/config.py"}


def test_every_import_is_a_declared_dependency(trees: dict[str, ast.Module]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    distributions = {
        name: set(map(canonicalize_name, found)) for name, found in importlib.metadata.packages_distributions().items()
    }
    undeclared = {
        (name, imported)
        for name, tree in trees.items()
        for imported in {dotted.split(".")[0] for dotted in imports(tree)} - IMPORTED_BY.get(name, set())
        if imported in distributions and not distributions[imported] & {*declared, canonicalize_name(project["name"])}
    }
    assert undeclared == set()


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in MODULES.values()}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['A']",
        "import os\nos.getenv('A')",
        "from os import environ",
        "def f():\n    from os import getenv as g\n    return g('A')",
    ],
)
def test_reading_the_environment_is_seen(source: str) -> None:
    assert reads_environment(ast.parse(source))


@pytest.mark.parametrize(
    "source", ["import livekit.rtc", "from livekit import rtc", "from livekit.rtc.room import Room"]
)
def test_importing_the_sdk_is_seen(source: str) -> None:
    assert imports_of(ast.parse(source), "livekit.rtc")
    assert not imports_of(ast.parse("from livekit import protocol"), "livekit.rtc")
