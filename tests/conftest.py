"""Markers by folder: a test's folder says what kind it is."""

from pathlib import Path

import pytest

CATEGORIES = ("unit", "contract", "integration", "ui", "architecture")
TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        category = item.path.relative_to(TESTS).parts[0]
        if category not in CATEGORIES:
            raise pytest.UsageError(f"{item.path} stands in none of the folders {', '.join(CATEGORIES)}")
        item.add_marker(category)
