"""What the documents name is there: links lead somewhere, modules exist, decisions are short."""

import re
from pathlib import Path

import pytest

from avatar_core.bench.figures.metric_names import METRICS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_modules_of_the_protocol_rules_exist() -> None:
    text = (ROOT / "docs/protocols.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    named = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row.rstrip("| ").rpartition("|")[2])}
    named = {name for name in named if not name.startswith("test_")}
    paths = {name: ROOT / "core/avatar_core" / name.replace(".", "/") for name in named}
    assert len(named) > 10
    assert {name for name, path in paths.items() if not (path.with_suffix(".py").is_file() or path.is_dir())} == set()


def test_tests_of_the_protocol_rules_exist() -> None:
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", (ROOT / "docs/protocols.md").read_text(encoding="utf-8")))
    sources = (path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/test_*.py"))
    defined = {name for source in sources for name in re.findall(r"def (test_[a-z0-9_]+)", source)}
    assert len(named) > 10
    assert named - defined == set()


def test_every_metric_is_explained() -> None:
    explained = set(re.findall(r"`([a-z0-9_]+)`", (ROOT / "docs/measurement.md").read_text(encoding="utf-8")))
    assert {*dict(METRICS), "segments_opened", "segments_finished"} - explained == set()


def test_decisions_are_short() -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.glob("docs/decisions/*")}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > 15} == {}
