"""The scenario `demo`: speak, interrupt, end a segment, swap, speak. It shows; what is judged are the figures."""

from collections.abc import AsyncIterator

from avatar_core.bench.scenarios.steps import Step, Steps


async def demo(steps: Steps) -> AsyncIterator[Step]:
    """Everything a user would try, in order. A step that fails does not end it."""
    session = steps.session
    yield await steps.speak("speak")
    await steps.let_go_on(4.0)
    yield await steps.do("interrupt", session.interrupt())
    await steps.let_go_on(1.5)
    yield await steps.speak("speak after interrupt")
    await steps.let_go_on(3.0)
    opened = session.snapshot().balance.opened
    yield await steps.do("end segment", session.end_segment())
    yield await steps.until(
        "next segment",
        lambda now: now.balance.opened > opened,
        "the source went on in a new segment",
        "no new segment was opened",
    )
    await steps.let_go_on(2.0)
    yield await steps.do("swap while speaking", session.swap(steps.swap_to))
    await steps.let_go_on(3.0)
    yield await steps.do("stop", session.stop())
    yield await steps.heard_to_the_end("heard to the end")
    yield await steps.speak("speak with the new avatar")
    await steps.let_go_on(4.0)
    yield await steps.do("stop again", session.stop())
    yield await steps.heard_to_the_end("heard to the end again")
