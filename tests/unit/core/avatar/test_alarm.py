"""One sleeper, woken by time or by hand."""

from avatar_core.avatar.alarm import Alarm
from avatar_core.tasks import spawn
from tests.fakes.clock import ManualClock, settle


async def test_sleeper_wakes_at_its_time() -> None:
    clock = ManualClock()
    sleep = spawn(Alarm(clock).sleep(clock.now() + 1.0), name="sleep")
    await clock.advance(0.9)
    assert not sleep.done()
    await clock.advance(0.1)
    assert sleep.done()


async def test_ring_wakes_and_a_ring_in_advance_is_kept_once() -> None:
    clock = ManualClock()
    alarm = Alarm(clock)
    for until_s in (None, clock.now() + 5.0):
        sleep = spawn(alarm.sleep(until_s), name="sleep")
        await settle()
        assert not sleep.done()
        alarm.ring()
        await settle()
        assert sleep.done()
    alarm.ring()
    await alarm.sleep(None)
    sleep = spawn(alarm.sleep(clock.now() + 5.0), name="sleep")
    await settle()
    assert not sleep.done()
    await clock.advance(5.0)
    assert sleep.done()
