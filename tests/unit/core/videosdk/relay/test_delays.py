"""How long frames are in the relay: told once a second, of that second alone."""

from avatar_core.videosdk.relay.delays import DelayMeter
from avatar_core.wire.relay import Relayed
from tests.fakes.clock import ManualClock


async def test_each_second_is_told_by_itself() -> None:
    clock, told = ManualClock(), list[Relayed]()
    meter = DelayMeter("video", told.append, clock)
    for delay_ms in (*[2] * 9, 30, *[4] * 10):
        await clock.advance(0.1)
        meter.passed(clock.now() - delay_ms / 1000)
    assert [(one.kind, one.count) for one in told] == [("video", 10), ("video", 10)]
    assert [round(one.p50_ms) for one in told] == [2, 4]
    assert [round(one.max_ms) for one in told] == [30, 4]
