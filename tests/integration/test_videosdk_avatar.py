"""An avatar on VideoSDK's wire in a real session over the embedded room: the buttons, and swaps to LiveKit's wire."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from avatar_core.bench.states import SegmentState, SeriesName, SessionState
from tests.real_session import RealSession
from tests.videosdk_session import videosdk_session

TONE_S = 6.0


@pytest.fixture
async def meeting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[RealSession]:
    """A session whose first provider is the VideoSDK avatar, with a tone to say."""
    async with videosdk_session(monkeypatch, tmp_path, "videosdk-avatar", tone_s=TONE_S) as meeting:
        yield meeting


async def test_every_button_works_on_it(meeting: RealSession) -> None:
    """Speak, pause, resume, interrupt, speak at once, end the segment: each is answered once, and nothing is lost."""
    session = meeting.session
    await meeting.speak()
    await meeting.is_heard()
    assert (await session.pause()).ok
    held_s = session.snapshot().ledger[0].played_s
    await asyncio.sleep(0.4)
    assert session.snapshot().ledger[0].played_s == held_s
    assert (await session.resume()).ok
    await meeting.becomes(lambda now: now.ledger[0].played_s > held_s)

    interrupted = await session.interrupt()
    assert interrupted.ok, interrupted.text
    [cut] = session.snapshot().ledger
    assert cut.state is SegmentState.INTERRUPTED
    assert cut.played_s < cut.pushed_s

    # At once: on VideoSDK's own receiver the first 0.3 s of this would be lost.
    await meeting.speak()
    ended = await session.end_segment()
    assert ended.ok, ended.text
    done = await meeting.becomes(lambda now: now.state is SessionState.READY)
    rest, ended_early, _ = done.ledger
    assert rest.state is ended_early.state is SegmentState.FINISHED
    assert rest.played_s == pytest.approx(rest.pushed_s, abs=0.01)
    assert ended_early.played_s == pytest.approx(ended_early.pushed_s, abs=0.01)
    assert ended_early.played_s + rest.played_s == pytest.approx(TONE_S, abs=0.1)
    assert set(meeting.finished.values()) == {1}
    assert not [finding for finding in done.findings if finding.id == "V15"]
    reported = session.series(SeriesName.SENT_UNPLAYED_S, 0.0)
    assert len(reported.time_s) and not reported.estimated


async def test_avatars_of_both_wires_take_over_from_each_other_in_mid_utterance(
    meeting: RealSession, tmp_path: Path
) -> None:
    await meeting.add_tone(tmp_path)
    await meeting.speak()
    for provider in ("audio-wave", "videosdk-avatar"):
        await meeting.take_over_in_mid_utterance(provider)
    await meeting.stop_with_nothing_lost()
