"""The command to swap avatars, around the swap itself (swapping): states, notices, figures, marks, however it ends."""

from typing import TYPE_CHECKING

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.stage.swapping import Swaps
from avatar_core.bench.states import ProviderState, SessionState, Severity
from avatar_core.errors import BenchError, RoomLost
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.contract import Provider

if TYPE_CHECKING:
    from avatar_core.bench.session.life import SessionLife


class SwapCommand:
    """Owned by the session, which serializes its calls."""

    def __init__(self, life: "SessionLife") -> None:
        self._life = life
        self._swaps = Swaps(life.output, life.hearing, life.clock, life.succession.go_live)

    async def __call__(self, provider_id: str, policy: SwapPolicy, *, in_place: bool) -> Outcome:
        """Swap to `provider_id`; what came of it, in words and figures."""
        life, stage = self._life, self._life.stage
        assert stage is not None
        provider, started_s, old = life.registry.get(provider_id), life.clock.now(), life.actor
        if old is None or old.traits.id != provider_id:
            life.standing.set_provider(provider_id, ProviderState.STARTING)
        life.standing.set_state(SessionState.SWAPPING)
        life.book.expect_end("swapped")
        swap = self._swaps.in_place if in_place else self._swaps.beside
        try:
            measured = await stage.unless_lost(swap(stage, provider, policy, paused=life.talk.held))
        except RoomLost as error:
            return False, str(error), {}
        except BenchError as error:
            return self._fail(provider, str(error))
        finally:
            self._leave(provider_id)
        if old is not None and (new := life.actor) is not None:
            measured = measured.less(life.measuring.said_silence_s(old.sink, new.sink))
        for name, value in measured.values.items():
            life.figures.measure(name, value, since_s=started_s)
        life.measuring.swapped()
        life.book.mark("S", f"Swap to {provider.traits.name}", measured.text, time_s=started_s)
        text = f"{provider.traits.name}: {measured.text}"
        life.standing.announce("Swap", text, Severity.OK, provider_id=provider_id)
        return True, measured.text, measured.values

    def _leave(self, provider_id: str) -> None:
        """However it went, called off too: nothing is starting any more, and the state is what goes on."""
        self._life.book.expect_end("")
        if self._life.actor is None and not self._life.succession.waits:
            self._life.succession.go_without("avatar ended")
        self._life.standing.withdraw_start(provider_id)
        self._life.settle(swapped=True)

    def _fail(self, provider: Provider, why: str) -> Outcome:
        name, old = provider.traits.name, self._life.actor
        if old is None or old.traits.id != provider.traits.id:
            self._life.standing.set_provider(provider.traits.id, ProviderState.FAILED, why)
        goes_on = f"{old.traits.name} goes on. " if old is not None else "No avatar is in the room. "
        retry = NoticeAction(f"swap:{provider.traits.id}", "Try again")
        title = f"{name} could not take over"
        self._life.standing.raise_notice(Notice("swap_failed", Severity.FAIL, title, f"{goes_on}{why}", (retry,), why))
        self._life.book.mark("S", f"Swap to {name}", "failed")
        return False, why, {}
