"""The accounting every leaf inherits: PROTOCOLS R2, R4, R5, R7, R8, and timeouts of answers (B14)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.contract import PlaybackProgressedEvent, PlaybackStartedEvent
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.segmented import SegmentedOutput, credible_position
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import ManualClock, settle


class Leaf(SegmentedOutput):
    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        self._account(frame, segment)

    def clear_buffer(self) -> None:
        self._finish_within(2.0, list(self._pending))


@pytest.fixture
async def leaf(clock: ManualClock) -> AsyncIterator[Leaf]:
    leaf = Leaf(label="leaf", clock=clock)
    yield leaf
    await leaf.aclose()


async def test_event_without_a_segment_means_the_oldest_pending(leaf: Leaf) -> None:
    log = FinishLog(leaf)
    for name in ("one", "two"):
        await leaf.capture_frame(speech(0.2), segment=SegmentRef(name))
        leaf.flush()
    leaf.on_playback_finished(playback_position=0.2, interrupted=False)
    assert log.ids == ["one"]


async def test_event_of_another_generation_is_ignored_and_counted(leaf: Leaf) -> None:
    """R7, B3."""
    log = FinishLog(leaf)
    await leaf.capture_frame(speech(0.2), segment=SegmentRef("s", 2))
    for stale in (SegmentRef("s", 1), SegmentRef("other", 2)):
        leaf.on_playback_finished(playback_position=0.2, interrupted=False, segment=stale)
        leaf.on_playback_started(segment=stale)
        leaf.on_playback_progressed(started_at=0.0, offset=0.0, duration=0.1, segment=stale)
    assert log.events == []
    assert leaf.ignored_events == 6


async def test_second_finish_and_second_start_are_ignored(leaf: Leaf) -> None:
    """R5, R7."""
    log = FinishLog(leaf)
    started: list[PlaybackStartedEvent] = []
    leaf.playback_started.connect(started.append)
    await leaf.capture_frame(speech(0.2))
    for _ in range(2):
        leaf.on_playback_started()
    for _ in range(2):
        leaf.on_playback_finished(playback_position=0.2, interrupted=False)
    assert (len(started), len(log.events), leaf.ignored_events) == (1, 1, 2)
    assert (leaf.segments_captured, leaf.segments_finished) == (1, 1)


async def test_frames_after_an_early_finish_belong_to_what_is_over(leaf: Leaf) -> None:
    """R4."""
    await leaf.capture_frame(speech(0.2))
    leaf.on_playback_finished(playback_position=0.1, interrupted=True)
    await leaf.capture_frame(speech(0.2))
    assert leaf.pending_segments == ()
    leaf.flush()
    await leaf.capture_frame(speech(0.2))
    assert len(leaf.pending_segments) == 1


async def test_late_frame_of_an_ended_segment_is_refused(leaf: Leaf) -> None:
    await leaf.capture_frame(speech(0.2), segment=SegmentRef("s"))
    leaf.flush()
    with pytest.raises(PlaybackError, match="ended"):
        await leaf.capture_frame(speech(0.2), segment=SegmentRef("s"))
    leaf.on_playback_finished(playback_position=0.2, interrupted=False)
    with pytest.raises(PlaybackError, match="ended"):
        await leaf.capture_frame(speech(0.2), segment=SegmentRef("s"))
    await leaf.capture_frame(speech(0.2), segment=SegmentRef("s", 1))
    assert leaf.segments_captured == 2


async def test_segment_cannot_begin_within_another(leaf: Leaf) -> None:
    await leaf.capture_frame(speech(0.2), segment=SegmentRef("one"))
    with pytest.raises(PlaybackError, match="flushed"):
        await leaf.capture_frame(speech(0.2), segment=SegmentRef("two"))
    await leaf.capture_frame(speech(0.2))
    assert [round(segment.pushed_s, 3) for segment in leaf.pending_segments] == [0.4]


async def test_names_made_up_by_two_outputs_differ() -> None:
    outputs = [Leaf(label="same"), Leaf(label="same")]
    for output in outputs:
        await output.capture_frame(speech(0.1))
    assert len({output.pending_segments[0].id for output in outputs}) == 2
    for output in outputs:
        await output.aclose()


async def test_progress_moves_the_position_and_only_forward(leaf: Leaf) -> None:
    """R6."""
    seen: list[PlaybackProgressedEvent] = []
    leaf.playback_progressed.connect(seen.append)
    await leaf.capture_frame(speech(1.0))
    leaf.on_playback_progressed(started_at=1.0, offset=0.2, duration=0.3)
    leaf.on_playback_progressed(started_at=1.0, offset=0.0, duration=0.1)
    assert [event.segment.position_s for event in seen] == [0.5, 0.5]


@pytest.mark.parametrize("bound", [float("nan"), float("inf")])
@pytest.mark.parametrize("field", ["started_at", "offset", "duration"])
async def test_progress_without_finite_bounds_is_ignored(leaf: Leaf, field: str, bound: float) -> None:
    """Whoever places sound by it, as a recorder does, could not."""
    seen: list[PlaybackProgressedEvent] = []
    leaf.playback_progressed.connect(seen.append)
    await leaf.capture_frame(speech(1.0))
    told = {"started_at": 1.0, "offset": 0.0, "duration": 0.1} | {field: bound}
    leaf.on_playback_progressed(started_at=told["started_at"], offset=told["offset"], duration=told["duration"])
    assert not seen
    assert leaf.ignored_events == 1
    assert leaf.pending_segments[0].position_s == 0.0


async def test_unanswered_clear_finishes_where_the_sound_is_thought_to_have_stopped(
    leaf: Leaf, clock: ManualClock
) -> None:
    """B14: not at all that was pushed; and a segment answered in time is left alone."""
    log = FinishLog(leaf)
    for name in ("answered", "silent"):
        await leaf.capture_frame(speech(3.0), segment=SegmentRef(name))
        leaf.flush()
    leaf.on_playback_started(segment=SegmentRef("answered"))
    leaf.on_playback_started(segment=SegmentRef("silent"))
    clock.move(0.5)
    leaf.clear_buffer()
    await settle()
    leaf.on_playback_finished(playback_position=0.4, interrupted=True, segment=SegmentRef("answered"))
    await clock.advance(1.9)
    assert log.ids == ["answered"]
    await clock.advance(0.2)
    assert log.answers == [(0.4, True), (0.5, True)]


async def test_what_cannot_pause_says_so(leaf: Leaf) -> None:
    """R12."""
    with pytest.raises(PlaybackError, match="leaf cannot pause"):
        leaf.pause()


@pytest.mark.parametrize(
    ("claim", "believed"),
    [(0.3, 0.3), (-1.0, 0.0), (9.0, 1.0), (float("inf"), 1.0), (float("nan"), 0.0), (float("-inf"), 0.0)],
)
def test_position_is_believed_within_what_is_possible(claim: float, believed: float) -> None:
    assert credible_position(claim, 1.0) == believed
