"""Faults of the answers planted in an avatar on VideoSDK's wire, in a real session: each is found."""

from pathlib import Path

import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.states import SessionState
from avatar_core.wire.codec import JsonScalar
from tests.real_session import connected_session


@pytest.mark.parametrize(
    ("planted", "found"),
    [({}, set()), ({"duplicate_finished": 1}, {"B5"}), ({"wrong_identity": True}, {"B26"})],
    ids=["nothing", "again", "by another"],
)
async def test_wrong_answer_on_videosdks_wire_is_found(
    planted: dict[str, JsonScalar], found: set[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = {"first_provider": "videosdk-avatar", "faults": Faults(planted)}
    async with connected_session(monkeypatch, **settings) as real:
        await real.add_tone(tmp_path, 1.5)
        await real.speak()
        await real.becomes(lambda now: now.state is SessionState.READY)
        await real.becomes(lambda now: found <= {finding.id for finding in now.findings})
        assert {finding.id for finding in real.session.snapshot().findings} == found
