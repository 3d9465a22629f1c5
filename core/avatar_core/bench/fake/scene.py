"""A fake session in the middle of its work: a minute of invented history, for tests of the look and for pictures."""

from avatar_core.bench.contract import SessionEvent
from avatar_core.bench.fake.ledger import FakeSegment, FakeStretch
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.states import ProviderState, SegmentState, SessionState, Severity

FIRST_SEGMENT = 11

# Name and the samples that were taken in the minute.
_SAMPLES: tuple[tuple[str, tuple[float, ...]], ...] = (
    ("av_offset_slope_ms_per_s", (0.3, 0.1, 0.2)),
    ("audio_delay_ms", (131.0, 101.0, 94.0)),
    ("interrupt_to_silence_ms", (121.0, 133.0, 139.0, 171.0, 152.0, 148.0)),
    ("interrupt_leak_ms", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
    ("ack_ms", (58.0, 71.0, 62.0, 88.0, 60.0, 63.0)),
    ("swap_video_gap_ms", (0.0, 0.0)),
    ("swap_audio_gap_ms", (41.0, 36.0)),
    ("swap_lost_ms", (0.0, 0.0)),
    ("fps", (24.6, 24.9, 25.0)),
    ("freeze_count", (0.0,)),
    ("create_s", (0.04,)),
    ("join_s", (0.18,)),
    ("first_frame_s", (1.62,)),
    ("first_sound_s", (2.91,)),
    ("utterance_latency_ms", (398.0, 640.0, 405.0, 412.0)),
)

# Seconds before now, how long, who.
_SPEECHES = (
    (57.0, 15.4, "talking-head"),
    (39.5, 11.4, "talking-head"),
    (26.6, 12.4, "talking-head"),
    (14.0, 17.6, "northlight"),
)

# Seconds before now, kind, text, severity.
_EVENTS = (
    (42.4, "Interrupt", "Silent after 148 ms", Severity.OK),
    (29.0, "End", "Segment s13 ended by you", Severity.INFO),
    (28.2, "Finished", "s13 played 11.42 s of 11.42 s", Severity.OK),
    (14.5, "Swap", "Northlight ready in 1.62 s, beside the old one", Severity.INFO),
    (14.2, "Swap", "1 to 4. Picture gap 0 ms, sound gap 36 ms", Severity.OK),
    (5.3, "Mark", "Mark 1", Severity.INFO),
)


def put_to_work(session: FakeSession) -> None:
    """Give a new session its history and let it speak. Call on the running loop, before the window starts."""
    world, now_s = session.world, session.clock.now()
    for name, values in _SAMPLES:
        for value in values:
            world.measure(name, value)
    world.ledger.segments.extend(
        [
            _heard("s11", now_s - 66.0, 9.08, SegmentState.FINISHED),
            _heard("s12", now_s - 57.0, 15.38, SegmentState.INTERRUPTED),
            _heard("s13", now_s - 39.5, 11.42, SegmentState.FINISHED),
        ]
    )
    carried = FakeSegment("s14", "ada-monologue", 30.0)
    first = FakeStretch("talking-head", now_s - 26.6, 0.0, now_s - 14.2, now_s - 14.2, "s14  12.4 s, carried", True)
    carried.stretches += [first, FakeStretch("northlight", now_s - 14.0, 12.4)]
    world.ledger.segments.append(carried)
    for before_s, key, label, result in (
        (41.5, "I", "Interrupt", "148 ms"),
        (29.0, "E", "End segment", ""),
        (14.2, "S", "Swap 1 to 4", ""),
        (5.3, "M", "Mark 1", ""),
    ):
        world.ledger.mark(now_s - before_s, key, label, result)
    world.go_live("northlight")
    world.live_since_s = now_s - 134.0
    world.set_provider("talking-head", ProviderState.STANDING_BY)
    world.set_state(SessionState.READY)
    world.start_sounding(carried)
    for before_s, duration_s, provider_id in _SPEECHES:
        world.wire.speak(provider_id, now_s - before_s)
        if before_s > duration_s:
            world.wire.finish(provider_id, duration_s, now_s - before_s + duration_s)
    world.wire.clear("kestrel", 2000.0, "1502 Response timeout", at_s=now_s - 2.2)
    for before_s, kind, text, severity in _EVENTS:
        world.event.emit(SessionEvent(now_s - before_s, kind, text, severity))


def _heard(segment_id: str, start_s: float, played_s: float, state: SegmentState) -> FakeSegment:
    interrupted = state is SegmentState.INTERRUPTED
    end_s = start_s + played_s
    ended, beyond_s = ("interrupted", 2.0) if interrupted else ("ended", 0.0)
    label = f"{segment_id}  interrupted at {played_s:.1f} s" if interrupted else f"{segment_id}  {played_s:.1f} s"
    stretch = FakeStretch("talking-head", start_s, 0.0, end_s, end_s + beyond_s, label)
    return FakeSegment(segment_id, "ada-monologue", played_s + beyond_s, state, ended, [stretch])
