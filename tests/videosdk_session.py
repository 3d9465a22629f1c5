"""A real session whose avatar hears VideoSDK's wire, with a tone to say."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from avatar_core.bench.settings.config import Config
from avatar_core.playback.recall import SwapPolicy
from avatar_core.videosdk.meeting_output import MeetingAudioOutput
from tests.real_session import EMBEDDED, RealSession, connected_session


@asynccontextmanager
async def videosdk_session(
    monkeypatch: pytest.MonkeyPatch, folder: Path, provider: str, *, tone_s: float, config: Config = EMBEDDED
) -> AsyncIterator[RealSession]:
    """Swaps carry; the tone's file is made in `folder`."""
    settings = {"first_provider": provider, "policy": SwapPolicy.CARRY, "config": config}
    async with connected_session(monkeypatch, **settings) as meeting:
        assert isinstance(meeting.session.life.actor.sink, MeetingAudioOutput)
        await meeting.add_tone(folder, tone_s)
        yield meeting
