"""The leaf that speaks VideoSDK's wire: what is its own beside the contract of every output."""

import pytest

from avatar_core.errors import PlaybackError
from avatar_core.playback.contract import PlaybackStartedEvent
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.answer_checks import WireFinding
from avatar_core.tasks import spawn
from avatar_core.wire.videosdk import StreamEnded, encode
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.audio_player import AVATAR, MeetingSpokenOutput
from tests.fakes.clock import ManualClock, settle


async def test_speech_is_sent_a_second_ahead_at_most() -> None:
    """V28: nothing on the wire holds a sender back, and a receiver of theirs drops what is 2 s ahead."""
    clock = ManualClock()
    output = MeetingSpokenOutput(clock, ahead_s=1.0)

    async def say() -> None:
        for index in range(40):
            await output.capture_frame(speech(0.1, start_s=index * 0.1))
        output.flush()

    saying = spawn(say(), name="say")
    received_s = []
    for _ in range(60):
        await clock.advance(0.05)
        received_s.append(sum(segment.received_s for segment in output.player.receiver.open_segments))
    played_s = [0.05 * (step + 1) for step in range(60)]
    assert max(have - played for have, played in zip(received_s, played_s, strict=True)) <= 1.11
    for _ in range(40):
        await clock.advance(0.05)
    assert saying.done()
    await output.aclose()


async def test_names_of_segments_go_to_the_worker_and_come_back() -> None:
    clock = ManualClock()
    output = MeetingSpokenOutput(clock)
    log, started = FinishLog(output), list[PlaybackStartedEvent]()
    output.playback_started.connect(started.append)
    for name in ("a", "b"):
        await output.capture_frame(speech(0.2), segment=SegmentRef(name, 4))
        output.flush()
    for _ in range(12):
        await clock.advance(0.05)
    assert log.ids == ["a", "b"]
    assert log.answers == [(0.2, False), (0.2, False)]
    assert [event.segment.ref for event in started] == [SegmentRef("a", 4), SegmentRef("b", 4)]
    await output.aclose()


async def test_deafness_of_the_other_end_is_a_finding() -> None:
    """V15, of a worker that answers as theirs does."""
    clock = ManualClock()
    output = MeetingSpokenOutput(clock)
    await output.player.aclose()
    theirs, log, found = output.meeting.members[AVATAR], FinishLog(output), list[WireFinding]()
    output.found.connect(found.append)
    await output.capture_frame(speech(0.2))
    output.clear_buffer()
    await settle()
    await theirs.send(encode(StreamEnded(0.1, True)))
    await settle()
    output.flush()
    reply = spawn(output.capture_frame(speech(0.2)), name="reply")
    await settle()
    assert not reply.done()
    await clock.advance(0.5)
    assert reply.done()
    assert log.answers == [(0.1, True)]
    assert [finding.id for finding in found] == ["V15"]
    assert "0.3 s" in found[0].evidence
    await output.aclose()


async def test_rate_that_the_wire_cannot_tell_is_refused() -> None:
    output = MeetingSpokenOutput(ManualClock())
    with pytest.raises(PlaybackError, match="8000 Hz alone"):
        await output.capture_frame(speech(0.1, rate_hz=16_000))
    assert output.segments_captured == 0
    await output.aclose()
