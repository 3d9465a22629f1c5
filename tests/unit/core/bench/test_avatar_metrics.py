"""LiveKit's AvatarMetrics as a session tells them."""

import pytest

from avatar_core.bench.avatar_metrics import AvatarMetricsLog
from avatar_core.playback.segment import SegmentRef
from avatar_core.providers.joining import AvatarMetrics
from tests.fakes.audio_output import HandDrivenOutput, speech
from tests.fakes.clock import ManualClock


async def test_a_join_and_each_segments_latency_are_told_with_their_monotonic_times() -> None:
    clock = ManualClock(100.0)
    log, output = AvatarMetricsLog(clock), HandDrivenOutput("wave")
    log.listen(output)
    joined = AvatarMetrics(5_000.0, session_started_time=4_999.0, avatar_joined_time=5_000.0, model_provider="wave")
    log.joined(joined, 1.0)
    for name in ("s1", "s2"):
        await output.capture_frame(speech(0.5), segment=SegmentRef(name))
        output.flush()
    clock.move(0.25)
    output.on_playback_started(created_at=clock.now(), segment=SegmentRef("s1"))
    output.on_playback_finished(playback_position=0.0, interrupted=True, segment=SegmentRef("s2"))
    first, second = log.all
    assert (first.metrics, first.segment_id, first.from_s, first.to_s) == (joined, "", 99.0, 100.0)
    assert (second.segment_id, second.from_s, second.to_s) == ("s1", 100.0, 100.25)
    assert second.metrics.playback_latency == pytest.approx(0.25)
    assert second.metrics.model_provider == "wave"
    assert second.metrics.avatar_joined_time is None


async def test_only_the_newest_chain_is_followed() -> None:
    log, old, new = AvatarMetricsLog(ManualClock()), HandDrivenOutput("old"), HandDrivenOutput("new")
    log.listen(old)
    log.listen(new)
    await old.capture_frame(speech(0.5), segment=SegmentRef("s1"))
    old.on_playback_started(segment=SegmentRef("s1"))
    assert log.all == ()
