"""An avatar on VideoSDK's wire in a real session over the embedded room: the buttons, and swaps to LiveKit's wire."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from avatar_core.bench.bench_session import BenchSession
from avatar_core.bench.config import Config, RoomChoice, RoomKind
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.states import SegmentState, SeriesName, SessionState
from avatar_core.playback.recall import SwapPolicy
from avatar_core.videosdk.meeting_output import MeetingAudioOutput
from tests.leftovers import Leftovers
from tests.tone import write_tone

EMBEDDED = Config(RoomChoice(RoomKind.EMBEDDED, "the session starts its own room"))
PICTURE = {"width": 320, "height": 180, "fps": 15.0}
LIMIT_S = 20.0
TONE_S = 6.0


class Meeting:
    """A session whose first provider is the VideoSDK avatar, speaking a tone."""

    def __init__(self) -> None:
        self.session = BenchSession(
            EMBEDDED,
            first_provider="videosdk-avatar",
            worker_options=PICTURE,
            monitor_muted=True,
            policy=SwapPolicy.CARRY,
        )
        self.finished: Counter[str] = Counter()
        self.session.event.connect(self._on_event)

    def _on_event(self, event: object) -> None:
        if event.kind == "Finished":
            self.finished[event.segment_id] += 1

    async def becomes(self, holds: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
        async with asyncio.timeout(LIMIT_S):
            while not holds(snapshot := self.session.snapshot()):
                await asyncio.sleep(0.02)
        return snapshot

    async def speak(self) -> None:
        spoken = await self.session.speak()
        assert spoken.ok, spoken.text
        await self.becomes(lambda now: bool(now.ledger) and now.ledger[0].state is SegmentState.PLAYING)

    async def is_heard(self) -> None:
        """At the viewer, from whoever speaks now."""
        async with asyncio.timeout(LIMIT_S):
            while not self.session.life.hearing.audible(self.session.life.actor.identity):
                await asyncio.sleep(0.02)


@pytest.fixture
async def meeting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Meeting]:
    leftovers = Leftovers(monkeypatch)
    meeting = Meeting()
    try:
        connected = await meeting.session.connect()
        assert connected.ok, connected.text
        assert isinstance(meeting.session.life.actor.sink, MeetingAudioOutput)
        added = await meeting.session.add_source(write_tone(tmp_path / "tone.wav", duration_s=TONE_S))
        assert added.ok, added.text
        yield meeting
    finally:
        await meeting.session.aclose()
        await leftovers.nothing_within(LIMIT_S)


async def test_every_button_works_on_it(meeting: Meeting) -> None:
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


async def test_avatars_of_both_wires_take_over_from_each_other_in_mid_utterance(meeting: Meeting) -> None:
    await meeting.speak()
    for provider in ("audio-wave", "videosdk-avatar"):
        swapped = await meeting.session.swap(provider)
        assert swapped.ok, swapped.text
        assert swapped.values["swap_lost_ms"] == 0
        await meeting.is_heard()
    done = await meeting.becomes(lambda now: now.state is SessionState.READY)
    [row] = done.ledger
    assert row.state is SegmentState.FINISHED
    assert row.played_s == pytest.approx(row.pushed_s, abs=0.01)
    assert meeting.finished == Counter([row.segment_id])
