"""The worker's end of VideoSDK's wire, in a fake meeting with its agent."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.videosdk_worker import Worker


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    """Closed behind the test."""
    worker = Worker()
    yield worker
    await worker.aclose()
