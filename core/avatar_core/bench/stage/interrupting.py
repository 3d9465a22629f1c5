"""What an interrupt is measured by: the acknowledgement, the last sound the viewer heard, and what leaks later."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.clock import Clock
from avatar_core.metrics.sound_health import SILENT_AFTER_S

ANSWER_TIMEOUT_S = 2.0
"""An output that is not answered must go on waiting for longer: what it then makes up is no acknowledgement."""

LEAK_WINDOW_S = 1.0


@dataclass(frozen=True, slots=True)
class InterruptMeasured:
    """What came of an interrupt at `pressed_s`. `silent_s` is None where nothing sounded, or it did not fall silent."""

    pressed_s: float
    was_audible: bool
    ack_ms: float | None
    silent_s: float | None

    @property
    def ok(self) -> bool:
        """Whether it was acknowledged, and what sounded fell silent."""
        return self.ack_ms is not None and (self.silent_s is not None or not self.was_audible)

    @property
    def values(self) -> dict[str, float]:
        """By metric name."""
        values = {} if self.ack_ms is None else {"ack_ms": self.ack_ms}
        if self.silent_s is not None:
            values["interrupt_to_silence_ms"] = (self.silent_s - self.pressed_s) * 1000
        return values

    @property
    def text(self) -> str:
        """One line for the user."""
        if self.ack_ms is None:
            return f"No acknowledgement in {ANSWER_TIMEOUT_S:.1f} s. Speech was stopped here."
        if not self.was_audible:
            return f"Acknowledged after {self.ack_ms:.0f} ms, nothing sounded"
        if self.silent_s is None:
            return f"Acknowledged after {self.ack_ms:.0f} ms, but it is still heard"
        return f"Silent after {(self.silent_s - self.pressed_s) * 1000:.0f} ms"


async def measure_interrupt(
    hearing: Hearing, identity: str, pressed_s: float, answer: Awaitable[object], clock: Clock
) -> InterruptMeasured:
    """Wait for the answer to every open segment and for silence; each for a bounded time."""
    was_audible = hearing.audible(identity)
    ack_ms, silent_s = await asyncio.gather(
        _answered_ms(pressed_s, answer, clock),
        hearing.silence(identity, pressed_s, ANSWER_TIMEOUT_S if was_audible else 0.0),
    )
    return InterruptMeasured(pressed_s, was_audible, ack_ms, silent_s if was_audible else None)


async def _answered_ms(pressed_s: float, answer: Awaitable[object], clock: Clock) -> float | None:
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await answer
    except TimeoutError:
        return None
    return (clock.now() - pressed_s) * 1000


async def measure_leak_ms(
    hearing: Hearing, identity: str, silent_s: float, clock: Clock, is_new: Callable[[], bool]
) -> float | None:
    """Milliseconds of sound in the second that follows the silence; None where `is_new` by its end."""
    end_s = silent_s + LEAK_WINDOW_S
    await clock.sleep_until(end_s)
    if is_new():
        return None
    if hearing.audible(identity):
        # Silence is told late and dated back: what seems to sound on may have ended within the second.
        await hearing.silence(identity, end_s, 2 * SILENT_AFTER_S)
    return hearing.audible_for_s(identity, silent_s, end_s) * 1000
