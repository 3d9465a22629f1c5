"""What holds for every test: markers by folder, no display, no foreign server, no task and no error left unnoticed.

An unexpected error log or a task that outlives its async test is a failure, even where every assertion held.
"""

import asyncio
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.short_of_cores import ShortOfCores

CATEGORIES = ("unit", "contract", "integration", "ui", "architecture")
OF_REAL_TIME = ("contract", "integration", "ui")
TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--avatar-room",
        metavar="URL",
        help="run the integration tests against this LiveKit server, with LIVEKIT_API_KEY and LIVEKIT_API_SECRET "
        "from the environment; without it LIVEKIT_* is ignored and the embedded room is used",
    )


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # As the analyst runs: small matrices cost several times as much with a thread for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if not config.getoption("--avatar-room"):
        for name in [name for name in os.environ if name.startswith("LIVEKIT_")]:
            del os.environ[name]
    for marker in (
        "error_logs(*patterns): the test provokes error logs; each pattern must be seen, and no other error",
        "leaves_tasks(why): the test ends with tasks of its loop still running, on purpose",
    ):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    short_of_cores = ShortOfCores()
    config.pluginmanager.register(short_of_cores)
    for item in items:
        category = item.path.relative_to(TESTS).parts[0]
        if category not in CATEGORIES:
            raise pytest.UsageError(f"{item.path} stands in none of the folders {', '.join(CATEGORIES)}")
        item.add_marker(category)
        # A debugger wants the first failure.
        if category in OF_REAL_TIME and not config.option.usepdb:
            short_of_cores.watch(item)


class ErrorLog(logging.Handler):
    """Collects what is logged as an error, the SDK's own logger excepted: it reports a normal disconnect as one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] != "livekit":
            self.messages.append(f"{record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def errors_are_expected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that logs an error no `error_logs` marker expects, or that logs less than its marker promises."""
    expected = [pattern for marker in request.node.iter_markers("error_logs") for pattern in marker.args]
    log = ErrorLog()
    logging.getLogger().addHandler(log)
    yield
    logging.getLogger().removeHandler(log)
    surprises = [message for message in log.messages if not any(re.search(pattern, message) for pattern in expected)]
    missing = [pattern for pattern in expected if not any(re.search(pattern, message) for message in log.messages)]
    if surprises:
        pytest.fail(f"logged errors nobody expected (marker error_logs): {surprises}", pytrace=False)
    if missing:
        pytest.fail(f"expected error logs that never came: {missing}; errors seen: {log.messages}", pytrace=False)


@pytest.fixture
async def no_tasks_left() -> AsyncIterator[None]:
    """Fails where tasks of the test's loop outlive the test and its fixtures."""
    yield
    # A task that has just been told to end may need a turn of the loop to do so.
    await asyncio.sleep(0)
    left = [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    if left:
        pytest.fail(f"tasks outlived the test (marker leaves_tasks): {left}", pytrace=False)


@pytest.fixture(autouse=True)
def tasks_end(request: pytest.FixtureRequest, errors_are_expected: None) -> None:
    """Puts `no_tasks_left` around async tests alone: other tests have no loop to look into."""
    is_async = request.node.get_closest_marker("asyncio") is not None
    if is_async and request.node.get_closest_marker("leaves_tasks") is None:
        request.getfixturevalue("no_tasks_left")
