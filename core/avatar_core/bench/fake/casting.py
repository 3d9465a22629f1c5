"""How providers come and take over in a session without a room."""

from avatar_core.bench.command_desk import Outcome
from avatar_core.bench.fake.behaviour import FakeFault, FakeTimes
from avatar_core.bench.fake.world import FakeWorld
from avatar_core.bench.snapshot import Notice, NoticeAction
from avatar_core.bench.states import Command, ProviderState, SegmentState, SessionState, Severity


class FakeCasting:
    """Owned by a FakeSession, whose `world` it changes."""

    def __init__(self, world: FakeWorld, times: FakeTimes, faults: set[FakeFault]) -> None:
        self._world = world
        self._times = times
        self._faults = faults

    async def connect(self) -> Outcome:
        """Let the first provider join."""
        world = self._world
        world.set_state(SessionState.CONNECTING)
        first = world.set_provider(world.providers[0].id, ProviderState.STARTING)
        world.loading_since_s, started_s = world.clock.now(), world.clock.now()
        world.announce("Call", f"{first.name} is asked to join")
        await world.wait(self._times.connect_s)
        world.loading_since_s = None
        if FakeFault.CONNECT_REFUSED in self._faults:
            world.set_provider(first.id, ProviderState.NOT_STARTED)
            world.set_state(SessionState.FAILED)
            actions = (NoticeAction(Command.RECONNECT, "Try again"),)
            title, body = "No room could be joined", "ws://127.0.0.1 refused the connection. Check LIVEKIT_URL."
            world.raise_notice(Notice("connect", Severity.FAIL, title, body, actions))
            return False, title, {}
        joined_s = world.clock.now() - started_s
        world.arrived(first, joined_s)
        world.go_live(first.id)
        world.set_state(SessionState.READY)
        return True, "Connected", {"join_s": joined_s}

    async def swap(self, provider_id: str, in_place: bool) -> Outcome:
        """Let another provider take over what is being said."""
        world, before = self._world, self._world.state
        new = next(provider for provider in world.providers if provider.id == provider_id)
        if provider_id == world.current_id:
            return False, f"{new.name} is the avatar already", {}
        if new.needs_key and not new.key_present:
            return False, f"{new.name}: {new.why}", {}
        old_id = world.current_id
        world.set_provider(provider_id, ProviderState.STARTING)
        world.set_state(SessionState.SWAPPING)
        joins = FakeFault.NEVER_JOINS not in self._faults
        await world.wait(self._times.swap_s if joins else self._times.give_up_s)
        segment = world.ledger.current
        if not joins:
            world.set_provider(provider_id, ProviderState.FAILED, "did not join")
            self._settle(before)
            goes_on = next((f"{p.name} goes on. " for p in world.providers if p.id == old_id), "")
            actions = (NoticeAction("again", "Try again"),)
            title, body = f"{new.name} did not join in 30 s", f"{goes_on}Try again, or open its log."
            world.raise_notice(Notice("never_joined", Severity.FAIL, title, body, actions))
            return False, f"{title}. {goes_on}".strip(), {}
        if before is SessionState.WAITING:
            before = SessionState.READY
        if segment is not None and world.away_id is not None:
            world.ledger.go_on(segment, provider_id, world.clock.now())
        elif segment is not None and segment.state is SegmentState.PLAYING:
            label = f"{segment.id}  {segment.played_s(world.clock.now()):.1f} s, carried"
            world.ledger.hold(segment, world.clock.now(), SegmentState.PLAYING, label=label)
            segment.stretches[-1].carried = True
            world.ledger.go_on(segment, provider_id, world.clock.now())
        if old_id is not None:
            world.set_provider(old_id, ProviderState.NOT_STARTED)
        world.go_live(provider_id)
        self._settle(before)
        if segment is not None and segment.state is SegmentState.PLAYING:
            world.start_sounding(segment)
        video_gap_ms, audio_gap_ms = (420.0, 380.0) if in_place else (0.0, 36.0)
        for name, value in (("swap_video_gap_ms", video_gap_ms), ("swap_audio_gap_ms", audio_gap_ms)):
            world.measure(name, value)
        numbers = {provider.id: index for index, provider in enumerate(world.providers, 1)}
        route = f"{numbers.get(old_id or '', 0)} to {numbers[provider_id]}"
        world.ledger.mark(world.clock.now(), "S", f"Swap {route}")
        world.announce("Swap", f"{route}. Picture gap {video_gap_ms:.0f} ms, sound {audio_gap_ms:.0f} ms", Severity.OK)
        text = f"Picture gap {video_gap_ms:.0f} ms, sound {audio_gap_ms:.0f} ms"
        return True, text, {"swap_video_gap_ms": video_gap_ms, "swap_audio_gap_ms": audio_gap_ms}

    def _settle(self, before: SessionState) -> None:
        """After a swap: what it was if a segment is still open or the avatar away, else READY; a loss stays one."""
        if self._world.state is SessionState.SWAPPING:
            goes_on = self._world.ledger.current is not None or self._world.away_id is not None
            self._world.set_state(before if goes_on and before is not SessionState.FAILED else SessionState.READY)
