"""What the fault matrix does with each fault: a bit of everything by which one can be seen, in half a minute."""

from collections.abc import AsyncIterator

from avatar_core.bench.scenarios.steps import Step, Steps


async def exercise(steps: Steps) -> AsyncIterator[Step]:
    """An utterance to its end, one that is interrupted, and one that follows it; then the avatar must be there."""
    session = steps.session
    await steps.let_go_on(3.0)
    yield await steps.speak("speak")
    await steps.let_go_on(12.0)
    yield await steps.do("stop", session.stop())
    yield await steps.heard_to_the_end("heard to the end")
    await steps.let_go_on(1.0)
    await steps.measured()
    yield await steps.speak("speak again")
    await steps.let_go_on(3.0)
    yield await steps.do("interrupt", session.interrupt())
    await steps.let_go_on(1.5)
    yield await steps.speak("speak after interrupt")
    await steps.let_go_on(3.0)
    yield await steps.do("stop again", session.stop())
    yield await steps.heard_to_the_end("heard to the end again")
    yield await steps.one_avatar("avatar", within_s=1.0)
