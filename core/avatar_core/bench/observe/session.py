"""The session that observes: what drives an avatar is refused with the reason, all else is every session's."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from avatar_core.bench.contract import CommandResult
from avatar_core.bench.observe.life import ObserveLife
from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.scenarios.observe import OBSERVING_JUDGED_BY
from avatar_core.bench.session.viewed_session import ViewedSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.states import Command
from avatar_core.clock import Clock, MonotonicClock


class ObserveSession(ViewedSession[ObserveLife]):
    """See avatar_core.bench.contract.Session for every command. Raises ConfigError where `config` names no such room.

    The avatar is somebody else's: nothing is sent, to it or to anybody in its room.
    """

    def __init__(
        self,
        config: Config,
        observed: Observed,
        *,
        judged_by: Iterable[str] = OBSERVING_JUDGED_BY,
        clock: Clock | None = None,
        monitor_muted: bool = False,
    ) -> None:
        super().__init__(
            ObserveLife(config, observed, clock or MonotonicClock(), judged_by=judged_by, monitor_muted=monitor_muted)
        )

    async def speak(self, source_id: str | None = None) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.SPEAK)

    async def stop(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.STOP)

    async def pause(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.PAUSE)

    async def resume(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.RESUME)

    async def interrupt(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.INTERRUPT)

    async def end_segment(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.END_SEGMENT)

    async def swap(self, provider_id: str, *, in_place: bool = False) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.SWAP)

    async def plant(self, faults: Mapping[str, float | bool]) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.PLANT)

    async def crash_avatar(self) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.CRASH_AVATAR)

    async def select_source(self, source_id: str) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.SELECT_SOURCE)

    async def add_source(self, path: Path) -> CommandResult:
        """Refused."""
        return await self._refuse(Command.ADD_SOURCE)

    async def act_on_notice(self, notice_id: str, action_id: str) -> CommandResult:
        """Do what a notice's button says: reconnect."""
        self.dismiss_notice(notice_id)
        if action_id == Command.RECONNECT:
            return await self.reconnect()
        return CommandResult(Command.ACT_ON_NOTICE, False, f"There is no action {action_id!r}", 0.0)

    async def _refuse(self, command: Command) -> CommandResult:
        return CommandResult(command, False, self.life.blocked()[command], 0.0)
