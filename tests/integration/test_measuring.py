"""An utterance over a real room is measured once it is over, by the analyst process, and nothing clean looks broken."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from avatar_core.bench.commands.analysis import analyze, read_reference
from avatar_core.bench.measuring.face_reading import METRIC
from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.snapshot import MetricRow
from avatar_core.bench.states import SessionState
from avatar_core.media.speech import bundled_speech
from tests.patience import LIMIT_S
from tests.real_session import connected_session


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BenchSession]:
    async with connected_session(monkeypatch) as real:
        yield real.session


async def becomes(session: BenchSession, state: SessionState) -> None:
    async with asyncio.timeout(LIMIT_S):
        while session.state is not state:
            await asyncio.sleep(0.02)


async def test_each_utterance_is_measured_once_it_is_over_and_can_be_analyzed_from_the_recording(
    session: BenchSession, tmp_path: Path
) -> None:
    session.run_folder = tmp_path
    recording = await session.record(True)
    assert recording.ok, recording.text
    measured: list[str] = []
    session.event.connect(lambda event: measured.append(event.segment_id) if event.kind == "Heard" else None)
    await session.speak()
    await becomes(session, SessionState.SPEAKING)
    await asyncio.sleep(2.5)
    await session.interrupt()
    await session.speak()
    await asyncio.sleep(3.0)
    await session.stop()
    await becomes(session, SessionState.READY)
    saved = await session.record(False)
    assert saved.ok, saved.text
    assert await session.wait_measured(LIMIT_S)
    figures = session.life.figures
    taken = ("utterance_latency_ms", "unheard_count", "duration_ratio", "frame_interval_ms")
    rows = {row.name: row.n for row in session.snapshot().metrics}
    assert measured == ["s1", "s2"]
    assert all(rows[name] or figures.excluded for name in taken)
    assert figures.values("unheard_count") in ([], [0.0], [0.0, 0.0])
    reference = next(one.path for one in bundled_speech() if one.path.stem == session.snapshot().selected_source_id)
    analysis = await asyncio.to_thread(analyze, tmp_path / "recording.mkv", read_reference(reference), lambda *_: None)
    assert analysis.recognized and not analysis.torn
    assert saved.values["recorded_s"] - 1.0 < analysis.duration_s < saved.values["recorded_s"] + 1.0
    assert {"fps", "frame_interval_ms", "duration_ratio", "click_count"} <= set(analysis.measured)


PART_S = 4.0
"""Less than 2 s beside a break is not compared; a machine may be slow to begin."""


@pytest.mark.parametrize("breaks", ["pause", "swap"])
async def test_what_is_said_before_and_after_a_break_is_compared_by_itself(session: BenchSession, breaks: str) -> None:
    """A pause, and the next avatar that carries the utterance on: each part once, the second from where it began."""
    told: list[tuple[str, str]] = []
    session.event.connect(lambda event: told.append((event.segment_id, event.text)) if event.kind == "Heard" else None)
    await session.speak("ada-monologue")
    await becomes(session, SessionState.SPEAKING)
    await asyncio.sleep(PART_S)
    if breaks == "pause":
        assert (await session.pause()).ok
        await asyncio.sleep(0.5)
        assert (await session.resume()).ok
    else:
        swapped = await session.swap("sync-pattern")
        assert swapped.ok, swapped.text
    await asyncio.sleep(PART_S)
    await session.stop()
    await becomes(session, SessionState.READY)
    assert await session.wait_measured(LIMIT_S)
    assert [segment for segment, _ in told] == ["s1", "s1"]
    assert [" from " in text.split(",")[0] for _, text in told] == [False, True]
    figures = session.life.figures
    assert set(figures.values("unheard_count")) <= {0.0}
    assert len(figures.values("utterance_latency_ms")) <= 1
    assert len(figures.values("duration_ratio")) == 2 or figures.excluded


async def test_a_face_is_read_while_it_speaks_and_its_offset_is_said_to_be_relative(session: BenchSession) -> None:
    await session.speak("ada-monologue")

    def face() -> MetricRow:
        return next(row for row in session.snapshot().metrics if row.name == METRIC)

    try:
        async with asyncio.timeout(LIMIT_S):
            while "relative only" not in face().note:
                await asyncio.sleep(0.1)
    except TimeoutError:
        # Where the machine tears holes into the picture it is refused, as it should be.
        assert session.life.figures.judge.spans, face().note
    else:
        # On a loaded machine what was read counts as not trusted.
        assert face().n or session.life.figures.excluded
    await session.stop()
