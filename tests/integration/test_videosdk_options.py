"""The options of VideoSDK's wire in a real session: sound by the room's lossy channel, and the agent's own voice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from avatar_core.bench.settings.videosdk import VideoSdkSettings
from avatar_core.bench.stage.venue import AGENT_IDENTITY
from avatar_core.bench.states import SegmentState, SessionState
from avatar_core.videosdk.own_voice_output import OwnVoiceOutput
from tests.real_session import EMBEDDED, RealSession, connected_session

TONE_S = 2.0


@asynccontextmanager
async def session_with(
    settings: VideoSdkSettings, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> AsyncIterator[RealSession]:
    """A session whose first provider is the VideoSDK avatar with these settings, with a tone to say."""
    config = replace(EMBEDDED, videosdk=settings)
    async with connected_session(monkeypatch, config=config, first_provider="videosdk-avatar") as real:
        await real.add_tone(folder, TONE_S)
        yield real


async def test_speech_by_the_lossy_channel_is_heard_and_answered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever of it is lost: to its end, after an interrupt too, once for each segment."""
    async with session_with(VideoSdkSettings(lossy_audio=True), monkeypatch, tmp_path) as real:
        await real.speak()
        await real.is_heard()
        interrupted = await real.session.interrupt()
        assert interrupted.ok, interrupted.text
        await real.speak()
        done = await real.becomes(lambda now: now.state is SessionState.READY)
        whole, cut = done.ledger
        assert (cut.state, whole.state) == (SegmentState.INTERRUPTED, SegmentState.FINISHED)
        assert TONE_S / 2 < whole.played_s <= whole.pushed_s
        assert set(real.finished.values()) == {1}
        assert not [finding for finding in done.findings if finding.id == "B4"]


async def test_own_voice_is_silent_while_the_avatar_speaks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """VideoSDK's direct voice beside the avatar: a track of the agent's, and every segment is the avatar's."""
    async with session_with(VideoSdkSettings(own_voice=True), monkeypatch, tmp_path) as real:
        session = real.session
        assert isinstance(session.life.actor.sink, OwnVoiceOutput)
        await real.speak()
        await real.is_heard()
        assert not session.life.hearing.audible(AGENT_IDENTITY)
        done = await real.becomes(lambda now: now.state is SessionState.READY)
        [row] = done.ledger
        assert row.state is SegmentState.FINISHED
        assert row.played_s == pytest.approx(row.pushed_s, abs=0.01)
        assert real.finished == {row.segment_id: 1}
