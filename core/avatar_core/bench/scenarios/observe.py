"""The scenario `observe`: somebody else's avatar is watched for a while, or until it is said to be enough."""

import asyncio
from collections.abc import AsyncIterator, Callable

from avatar_core.bench.scenarios.catalogue import Scenario
from avatar_core.bench.scenarios.steps import Step, Steps
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import ProviderState, SessionState

SCENARIO_NAME = "observe"
OBSERVING_JUDGED_BY = ("observe", "monologue", "health")
_LOOK_S = 0.1
_TOLD_EVERY_S = 10.0


def observe_for(duration_s: float | None, enough: asyncio.Event, tell: Callable[[str], None]) -> Scenario:
    """Watch for `duration_s` (None: without end), or until `enough`; `tell` gets a line of progress now and then."""

    async def steps(steps: Steps) -> AsyncIterator[Step]:
        yield await _watch(steps, duration_s, enough, tell)

    return Scenario(SCENARIO_NAME, steps, OBSERVING_JUDGED_BY, drives=False)


async def _watch(steps: Steps, duration_s: float | None, enough: asyncio.Event, tell: Callable[[str], None]) -> Step:
    session, clock = steps.session, steps.session.clock
    began_s = told_s = clock.now()
    while session.state is not SessionState.FAILED and not enough.is_set():
        now_s = clock.now()
        left_s = _LOOK_S if duration_s is None else began_s + duration_s - now_s
        if left_s <= 0:
            break
        if now_s - told_s >= _TOLD_EVERY_S:
            told_s = now_s
            tell(_progress(session.snapshot(), now_s - began_s))
        try:
            async with asyncio.timeout(min(_LOOK_S, left_s)):
                await enough.wait()
        except TimeoutError:
            continue
    watched_s = clock.now() - began_s
    ok, text = _came_of_it(session.snapshot())
    return Step(
        "observe", ok, f"for {watched_s:.1f} s; {text}", watched_s * 1000, {"observed_s": watched_s}, clock.now()
    )


def _came_of_it(now: SessionSnapshot) -> tuple[bool, str]:
    if now.state is SessionState.FAILED:
        return False, next((f"{notice.title}: {notice.body}" for notice in now.notices), "the room is gone")
    avatar = now.providers[0]
    away = next((row for row in now.metrics if row.name == "avatar_away_s"), None)
    times = f"it was away {away.n} times" if away is not None and away.n else "it was there all the time"
    if avatar.state is ProviderState.LIVE:
        return True, times
    return avatar.state is not ProviderState.FAILED, f"it {avatar.why}"


def _progress(now: SessionSnapshot, watched_s: float) -> str:
    rows = {row.name: row for row in now.metrics}
    fps, freezes = rows["fps"], rows["freeze_count"]
    seen = "no picture" if fps.value is None else f"{fps.value:.1f} fps, {freezes.value or 0:.0f} freezes"
    trust = "" if now.trust.trusted else f", not trusted: {now.trust.reason}"
    return f"  {watched_s:.0f} s: {now.state}, {seen}{trust}"
