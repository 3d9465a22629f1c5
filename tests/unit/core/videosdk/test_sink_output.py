"""What only a VideoSDK sink does; what every output does is in the contract suite."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from avatar_core.errors import PlaybackError
from avatar_core.media.frames import AudioFrame
from avatar_core.tasks import spawn
from avatar_core.videosdk.sink_output import SinkAudioOutput
from tests.fakes.audio_output import FinishLog, say
from tests.fakes.clock import ManualClock, settle
from tests.fakes.videosdk_sink import RecordingSink


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
async def output(sink: RecordingSink, clock: ManualClock) -> AsyncIterator[SinkAudioOutput]:
    output = SinkAudioOutput(sink, clock=clock)
    yield output
    await output.aclose()


def sound(duration_s: float, *, channels: int = 1) -> AudioFrame:
    return AudioFrame(np.full((round(duration_s * 24_000), channels), 7, dtype=np.int16), 24_000)


async def test_speech_is_sent_a_second_ahead_and_no_more(
    output: SinkAudioOutput, sink: RecordingSink, clock: ManualClock
) -> None:
    """V28, V33: their receiver drops what exceeds two seconds; nothing is dropped here."""
    saying = spawn(output.capture_frame(sound(3.0)), name="say")
    await settle()
    assert 0.9 < len(sink.samples) / 24_000 < 1.11
    assert not saying.done()
    for _ in range(40):
        await clock.advance(0.05)
        # A piece of 0.1 s is sent once its beginning is within the second.
        assert len(sink.samples) / 24_000 <= clock.now() - 1_000 + 1.1 + 1e-6
    await saying
    assert sink.samples == [7] * 72_000


async def test_end_is_told_behind_the_sound_and_the_segment_ends_when_it_is_due(
    output: SinkAudioOutput, sink: RecordingSink, clock: ManualClock
) -> None:
    log = FinishLog(output)
    await output.capture_frame(sound(0.5))
    output.flush()
    await settle()
    assert sink.calls == ["end"]
    await clock.advance(0.45)
    assert log.events == []
    await clock.advance(0.06)
    assert log.answers == [(0.5, False)]


async def test_next_speech_waits_until_the_sink_has_heard_of_the_interrupt(
    output: SinkAudioOutput, sink: RecordingSink, clock: ManualClock
) -> None:
    await output.capture_frame(sound(0.5))
    output.flush()
    await clock.advance(0.2)
    log = FinishLog(output)
    output.clear_buffer()
    await output.capture_frame(sound(0.1))
    assert sink.calls == ["end", "interrupt"]
    assert log.answers == [(0.2, True)]


async def test_callable_gets_the_bytes_of_one_channel(clock: ManualClock) -> None:
    """O19."""
    got: list[bytes] = []
    output = SinkAudioOutput(got.append, clock=clock)
    await output.capture_frame(sound(0.02, channels=2))
    assert b"".join(got) == np.full(480, 7, dtype="<i2").tobytes()
    await output.aclose()


async def test_sink_without_a_pause_is_sent_no_more_and_loses_nothing(clock: ManualClock) -> None:
    got: list[bytes] = []
    output = SinkAudioOutput(got.append, clock=clock)
    log = FinishLog(output)
    output.pause()
    saying = spawn(output.capture_frame(sound(0.3)), name="say")
    await clock.advance(1.0)
    assert got == []
    output.resume()
    await saying
    output.flush()
    await clock.advance(0.5)
    assert log.answers == [(0.3, False)]
    await output.aclose()


async def test_what_a_sink_raises_is_told(output: SinkAudioOutput, sink: RecordingSink) -> None:
    sink.failure = ConnectionError("gone")
    with pytest.raises(PlaybackError, match="RecordingSink takes no speech: gone"):
        await say(output, 0.1)


async def test_what_is_no_sink_is_refused() -> None:
    with pytest.raises(TypeError, match="no handle_audio_input"):
        SinkAudioOutput(object())
