"""An avatar in a VideoSDK meeting, brought into the embedded room by a relay of its own process, in a real session.

The meeting is the stand-in; where VIDEOSDK_ROOM_ID is set, with keys and an environment, it is VideoSDK's own as well.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from avatar_core.bench.settings.config import load_process_config
from avatar_core.bench.states import SegmentState, SessionState
from tests.patience import LIMIT_S
from tests.real_session import EMBEDDED, RealSession
from tests.videosdk_session import videosdk_session

TONE_S = 6.0


@pytest.fixture(params=["stand-in", "VideoSDK"])
async def meeting(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[RealSession]:
    """A session whose first provider is the avatar in the meeting, with a tone to say."""
    config = EMBEDDED
    if request.param == "VideoSDK":
        account = load_process_config(os.environ).videosdk
        if not account.room_id:
            pytest.skip("NOT RUN against VideoSDK itself: VIDEOSDK_ROOM_ID is not set")
        config = replace(EMBEDDED, videosdk=account)
    async with videosdk_session(monkeypatch, tmp_path, "videosdk-meeting", tone_s=TONE_S, config=config) as meeting:
        yield meeting


async def test_every_button_works_through_the_relay(meeting: RealSession) -> None:
    """Speak, interrupt, speak at once, end the segment: each is answered once, and nothing is lost."""
    session = meeting.session
    await meeting.speak()
    await meeting.is_heard()
    interrupted = await session.interrupt()
    assert interrupted.ok, interrupted.text
    [cut] = session.snapshot().ledger
    assert cut.state is SegmentState.INTERRUPTED
    assert 0 < cut.played_s < cut.pushed_s

    await meeting.speak()
    ended = await session.end_segment()
    assert ended.ok, ended.text
    done = await meeting.becomes(lambda now: now.state is SessionState.READY, TONE_S + LIMIT_S)
    rest, ended_early, _ = done.ledger
    assert rest.state is ended_early.state is SegmentState.FINISHED
    assert rest.played_s == pytest.approx(rest.pushed_s, abs=0.01)
    assert ended_early.played_s == pytest.approx(ended_early.pushed_s, abs=0.01)
    assert ended_early.played_s + rest.played_s == pytest.approx(TONE_S, abs=0.1)
    assert set(meeting.finished.values()) == {1}
    # Trusted or not: a small machine is busy while the relay starts.
    assert {"relay_audio_ms", "relay_video_ms"} <= {sample.metric for sample in session.life.figures.samples()}


async def test_avatar_that_leaves_the_meeting_leaves_the_room(meeting: RealSession) -> None:
    """Its worker is killed: the relay mirrors that, and tells of it."""
    actor = meeting.session.life.actor
    assert actor is not None
    await actor.kill()
    await meeting.becomes(lambda now: actor.identity not in meeting.session.life.stage.connection.participants)
    assert "signal" in await actor.why_ended()


async def test_avatar_of_the_room_and_of_the_meeting_take_over_from_each_other(
    meeting: RealSession, tmp_path: Path
) -> None:
    await meeting.add_tone(tmp_path)
    await meeting.speak()
    for provider in ("videosdk-avatar", "videosdk-meeting"):
        await meeting.take_over_in_mid_utterance(provider)
    await meeting.stop_with_nothing_lost()
