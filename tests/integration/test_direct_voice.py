"""Direct voice in a real session: the speech as a track in the room, and avatars that take over from it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from avatar_core.bench.states import PreviewState, SegmentState, SessionState
from tests.real_session import RealSession, connected_session

TONE_S = 6.0


@pytest.fixture
async def voiced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[RealSession]:
    """A session whose first provider is the direct voice, with a tone to say."""
    async with connected_session(monkeypatch, first_provider="direct-voice") as voiced:
        await voiced.add_tone(tmp_path, TONE_S)
        yield voiced


async def test_voice_without_a_face_is_heard_and_shown_as_such(voiced: RealSession) -> None:
    """The seed's direct path: speech to its end, answered once, with nothing for a picture."""
    preview = voiced.session.snapshot().preview
    assert (preview.state, preview.provider) == (PreviewState.VOICE, "Direct voice")
    await voiced.speak()
    await voiced.is_heard()
    done = await voiced.becomes(lambda now: now.state is SessionState.READY)
    [row] = done.ledger
    assert row.state is SegmentState.FINISHED
    assert row.played_s == pytest.approx(row.pushed_s, abs=0.01)
    assert voiced.finished == Counter([row.segment_id])


async def test_interrupt_and_pause_work_on_it(voiced: RealSession) -> None:
    await voiced.speak()
    paused = await voiced.session.pause()
    assert paused.ok, paused.text
    held_s = voiced.session.snapshot().ledger[0].played_s
    await asyncio.sleep(0.5)
    assert voiced.session.snapshot().ledger[0].played_s == held_s
    assert (await voiced.session.resume()).ok
    await voiced.becomes(lambda now: now.ledger[0].played_s > held_s)
    interrupted = await voiced.session.interrupt()
    assert interrupted.ok, interrupted.text
    now = await voiced.becomes(lambda now: now.state is SessionState.READY)
    assert now.ledger[0].state is SegmentState.INTERRUPTED
    assert now.ledger[0].played_s < now.ledger[0].pushed_s
    assert voiced.finished == Counter([now.ledger[0].segment_id])


async def test_avatar_takes_over_from_the_voice_in_mid_utterance_and_back(voiced: RealSession, tmp_path: Path) -> None:
    """Swap between a voice and a face: what was not heard is carried, in both directions."""
    await voiced.add_tone(tmp_path)
    await voiced.speak()
    for provider, is_voice in (("audio-wave", False), ("direct-voice", True)):
        await voiced.take_over_in_mid_utterance(provider)
        assert (voiced.session.snapshot().preview.state is PreviewState.VOICE) == is_voice
    await voiced.stop_with_nothing_lost()
