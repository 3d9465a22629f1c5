"""Scenarios of one thing each: a monologue, an interrupt, a swap, the end of a worker (S02, S03, S07, S13)."""

from collections.abc import AsyncIterator

from avatar_core.bench.scenarios.steps import Step, Steps
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import ProviderState

_MONOLOGUE_LIMIT_S = 60.0
_ONE_LEFT_S = 5.0
_NOTICED_S = 20.0
_GONE = (ProviderState.AWAY, ProviderState.FAILED)


async def monologue(steps: Steps) -> AsyncIterator[Step]:
    """S02: half a minute of speech, to its end."""
    yield await steps.speak("speak")
    yield await steps.heard_to_the_end("heard to the end", within_s=_MONOLOGUE_LIMIT_S)
    await steps.let_go_on(1.0)


async def barge_in_single(steps: Steps) -> AsyncIterator[Step]:
    """S03: an interrupt at two seconds; then somebody who is still heard."""
    session = steps.session
    yield await steps.speak("speak")
    await steps.let_go_on(2.0)
    before = session.snapshot().balance.finished
    yield await steps.do("interrupt", session.interrupt())
    yield await steps.until(
        "answered once", lambda now: now.balance.finished == before + 1, "one answer", "not one answer", within_s=2.0
    )
    await steps.let_go_on(1.5)
    await steps.measured()
    yield await steps.speak("speak again")
    await steps.let_go_on(2.5)
    yield await steps.do("stop", session.stop())
    yield await steps.heard_to_the_end("heard to the end")


async def hot_swap_mid_utterance(steps: Steps) -> AsyncIterator[Step]:
    """S07: another avatar takes over in the midst of a sentence."""
    session = steps.session
    yield await steps.speak("speak")
    await steps.let_go_on(4.0)
    yield await steps.do("swap while speaking", session.swap(steps.swap_to))
    yield await steps.one_avatar("one avatar left", within_s=_ONE_LEFT_S)
    await steps.let_go_on(4.0)
    yield await steps.do("stop", session.stop())
    yield await steps.heard_to_the_end("heard to the end")


async def worker_crash(steps: Steps) -> AsyncIterator[Step]:
    """S13: the worker's process is killed while it speaks; it is noticed, and another one started."""
    session = steps.session
    provider_id = session.snapshot().current_provider_id or steps.swap_to

    def noticed(now: SessionSnapshot) -> bool:
        return any(one.id == provider_id and one.state in _GONE for one in now.providers)

    yield await steps.speak("speak")
    await steps.let_go_on(2.0)
    yield await steps.do("kill the worker", session.crash_avatar())
    yield await steps.until("noticed", noticed, "the session knows", "it was not noticed", within_s=_NOTICED_S)
    yield await steps.do("start another", session.swap(provider_id))
    yield await steps.speak("speak again")
    await steps.let_go_on(3.0)
    yield await steps.do("stop", session.stop())
    yield await steps.heard_to_the_end("heard to the end")
