"""An avatar that leaves in the midst of speech and comes back, as the sender sees it, over a room in memory (B15)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.tasks import spawn
from avatar_core.wire.livekit import RPC_CLEAR_BUFFER
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.clock import ManualClock, settle
from tests.fakes.room import FakeConnection, FakeRoom
from tests.fakes.spoken_to_avatar import AGENT, AVATAR, take_speech_and_clears


class Wire:
    """The agent, an avatar that takes streams and clears, and an output between them that trusts its positions."""

    def __init__(self) -> None:
        self.room, self.clock = FakeRoom(), ManualClock()
        self.agent = self.room.join(AGENT)
        self.avatar = self.come()
        self.output = DataStreamAudioOutput(self.agent, AVATAR, exact_position=True, clock=self.clock)

    def come(self, *, active: bool = True) -> FakeConnection:
        """Another process under the avatar's identity."""
        self.avatar = self.room.join(AVATAR, active=active)
        take_speech_and_clears(self.avatar)
        return self.avatar

    @property
    def clears(self) -> int:
        return [method for _, method, _ in self.room.calls].count(RPC_CLEAR_BUFFER)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire()
    yield wire
    await wire.output.aclose()
    await wire.avatar.aclose()
    await wire.agent.aclose()


async def test_avatar_that_leaves_finishes_open_segments_and_may_come_back(wire: Wire) -> None:
    output, log = wire.output, FinishLog(wire.output)
    await output.capture_frame(speech(1.0), segment=SegmentRef("one"))
    output.flush()
    await output.capture_frame(speech(1.0), segment=SegmentRef("two"))
    await wire.clock.advance(0.25)
    wire.avatar.leave()
    await settle()
    assert log.answers == [(0.25, True), (0.25, True)]
    assert not output.ready
    output.flush()
    wire.come()
    await output.capture_frame(speech(1.0))
    assert len(output.pending_segments) == 1


async def test_avatar_that_comes_back_drops_what_was_given_up_before_it_takes_speech(wire: Wire) -> None:
    """Only its connection may have been away: it would go on with what it has."""
    output = wire.output
    await output.capture_frame(speech(1.0))
    wire.avatar.leave()
    await settle()
    output.flush()
    assert wire.clears == 0
    wire.come(active=False)
    capture = spawn(output.capture_frame(speech(1.0)), name="capture")
    await settle()
    assert (wire.clears, capture.done()) == (0, False)
    wire.avatar.activate()
    await capture
    assert (wire.clears, len(wire.agent.streams.opened)) == (1, 2)


async def test_avatar_that_left_with_nothing_is_not_told_to_drop_anything(wire: Wire) -> None:
    wire.avatar.leave()
    await settle()
    wire.come()
    await settle()
    assert wire.clears == 0


async def test_interrupt_of_an_avatar_that_is_away_is_over_at_once(wire: Wire) -> None:
    output, log = wire.output, FinishLog(wire.output)
    await output.capture_frame(speech(1.0))
    await wire.clock.advance(0.5)
    wire.avatar.leave()
    output.clear_buffer()
    await settle()
    assert log.answers == [(0.5, True)]
    assert wire.clears == 0


async def test_speech_that_was_held_when_the_avatar_left_goes_on_with_who_comes_back(wire: Wire) -> None:
    """The segment is one, whatever becomes of its way: what was not heard is sent again."""
    proxy = AudioSinkProxy(wire.output, clock=wire.clock)
    log = FinishLog(proxy)
    for _ in range(4):
        await proxy.capture_frame(speech(0.5), segment=SegmentRef("s"))
    proxy.flush()
    await wire.clock.advance(0.75)
    wire.avatar.leave()
    proxy.pause()
    await settle()
    assert log.events == []
    wire.come()
    proxy.resume()
    await settle()
    [segment] = wire.output.pending_segments
    assert segment.pushed_s == pytest.approx(2.0 - 0.75)
    wire.output.on_playback_finished(playback_position=segment.pushed_s, interrupted=False, segment=segment.ref)
    assert log.answers == [(pytest.approx(2.0), False)]
    await proxy.aclose()
