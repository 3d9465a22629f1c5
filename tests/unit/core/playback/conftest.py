"""A swap proxy over one hand-driven output, another to take its place, and what the proxy answered."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.proxy import AudioSinkProxy
from tests.fakes.audio_output import FinishLog, HandDrivenOutput
from tests.fakes.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def old(clock: ManualClock) -> HandDrivenOutput:
    return HandDrivenOutput("old", clock=clock)


@pytest.fixture
def new(clock: ManualClock) -> HandDrivenOutput:
    return HandDrivenOutput("new", clock=clock)


@pytest.fixture
async def proxy(old: HandDrivenOutput, clock: ManualClock) -> AsyncIterator[AudioSinkProxy]:
    proxy = AudioSinkProxy(old, clock=clock)
    yield proxy
    await proxy.aclose()


@pytest.fixture
def log(proxy: AudioSinkProxy) -> FinishLog:
    return FinishLog(proxy)
