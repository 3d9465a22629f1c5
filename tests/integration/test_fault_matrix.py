"""The whole fault matrix over a real room: an hour and more, on a machine with nothing else to do."""

import pytest

from avatar_core.avatar.faults.table import FAULTS
from avatar_core.bench.commands.fault_matrix import markdown
from avatar_core.bench.commands.fault_runs import rows
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "a test"))


@pytest.mark.slow
async def test_every_fault_is_caught_by_its_check_and_nothing_else_fires() -> None:
    """Runs that can't be trusted in three attempts are left out; where that is most of them, nothing is known."""
    done = [row async for row in rows(EMBEDDED, list(FAULTS.values()))]
    trusted = [row for row in done if row.trusted]
    print(markdown(done))
    assert 2 * len(trusted) > len(done)
    assert [f"{row.kind.name if row.kind else 'clean'} {row.strength:g}" for row in trusted if not row.ok] == []
