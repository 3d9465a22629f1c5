"""VideoSDK's speech track: names, signatures, frame types. Behaviour is tested at PacedTrack."""

import inspect
from collections.abc import AsyncIterator
from fractions import Fraction

import aiortc.mediastreams
import numpy as np
import pytest

from avatar_core.videosdk.output_stream import (
    CustomAudioStreamTrack,
    MediaStreamError,
    MixingCustomAudioStreamTrack,
    TeeCustomAudioStreamTrack,
    TeeMixingCustomAudioStreamTrack,
)
from tests.fakes.clock import settle
from tests.fakes.videosdk_sink import RecordingSink

MEMBERS = {
    "interrupt": ["self"],
    "pause": ["self"],
    "resume": ["self"],
    "enable_audio_input": ["self", "manual_control"],
    "on_last_audio_byte": ["self", "callback"],
    "mark_synthesis_complete": ["self"],
    "add_new_bytes": ["self", "audio_data"],
    "buildAudioFrames": ["self", "chunk"],
    "next_timestamp": ["self"],
    "recv": ["self"],
    "cleanup": ["self"],
}
MIXING_MEMBERS = MEMBERS | {
    "add_background_bytes": ["self", "audio_data"],
    "mix_audio": ["self", "primary_chunk", "background_chunk"],
}
TEE_MEMBERS = {"add_sink": ["self", "sink"], "remove_sink": ["self", "sink"]}
TEE_PARAMETERS = ["loop", "sinks", "pipeline"]
COROUTINES = {"pause", "resume", "add_new_bytes", "recv", "cleanup", "add_background_bytes"}


@pytest.fixture
async def track() -> AsyncIterator[CustomAudioStreamTrack]:
    track = CustomAudioStreamTrack(None)
    yield track
    await track.cleanup()


@pytest.mark.parametrize(
    ("track_class", "parameters", "members"),
    [
        (CustomAudioStreamTrack, ["loop"], MEMBERS),
        (MixingCustomAudioStreamTrack, ["loop"], MIXING_MEMBERS),
        (TeeCustomAudioStreamTrack, TEE_PARAMETERS, MEMBERS | TEE_MEMBERS),
        (TeeMixingCustomAudioStreamTrack, TEE_PARAMETERS, MIXING_MEMBERS | TEE_MEMBERS),
    ],
)
def test_members_and_signatures_are_videosdks(
    track_class: type[CustomAudioStreamTrack], parameters: list[str], members: dict[str, list[str]]
) -> None:
    """Seed 004."""
    assert list(inspect.signature(track_class).parameters) == parameters
    for name, its_parameters in members.items():
        member = getattr(track_class, name)
        assert list(inspect.signature(member).parameters) == its_parameters
        assert inspect.iscoroutinefunction(member) == (name in COROUTINES)
    assert isinstance(inspect.getattr_static(track_class, "can_pause"), property)
    assert isinstance(inspect.getattr_static(track_class, "is_speaking"), property)


async def test_cleanup_interrupts_and_ends_the_track_and_is_harmless_twice(track: CustomAudioStreamTrack) -> None:
    """O13."""
    await track.add_new_bytes(np.full(4_800, 9, dtype="<i2").tobytes())
    assert track.is_speaking
    await track.cleanup()
    await track.cleanup()
    assert not track.is_speaking
    assert track.readyState == "ended"


async def test_frame_is_pyavs_with_exact_time(track: CustomAudioStreamTrack) -> None:
    """O2: 480 samples of 24 kHz mono s16, time base 1/24000."""
    await track.add_new_bytes(np.full(480, 9, dtype="<i2").tobytes())
    frame = await track.recv()
    assert (frame.pts, frame.sample_rate, frame.samples, frame.format.name) == (0, 24_000, 480, "s16")
    assert frame.time_base == Fraction(1, 24_000)
    assert (frame.to_ndarray() == 9).all()
    assert track.next_timestamp() == (480, Fraction(1, 24_000))


async def test_last_part_of_a_frame_is_played(track: CustomAudioStreamTrack) -> None:
    """O1."""
    await track.add_new_bytes(np.full(120, 9, dtype="<i2").tobytes())
    track.mark_synthesis_complete()
    assert np.count_nonzero((await track.recv()).to_ndarray()) == 120


async def test_ended_track_raises_the_rtc_librarys_error(track: CustomAudioStreamTrack) -> None:
    """O12: never None, never a class of the module's own."""
    await track.cleanup()
    assert MediaStreamError is aiortc.mediastreams.MediaStreamError
    with pytest.raises(aiortc.mediastreams.MediaStreamError):
        await track.recv()


async def test_mixing_track_saturates_in_its_method_and_in_its_frames() -> None:
    """O17."""
    track = MixingCustomAudioStreamTrack(None)
    speech, background = (np.full(480, value, dtype="<i2").tobytes() for value in (30_000, 10_000))
    await track.add_new_bytes(speech)
    await track.add_background_bytes(background)
    assert ((await track.recv()).to_ndarray() == 32_767).all()
    mixed = track.mix_audio(primary_chunk=speech, background_chunk=background)
    assert (np.frombuffer(mixed, dtype="<i2") == 32_767).all()
    assert track.mix_audio(speech, b"") == speech
    await track.cleanup()


def sound(samples: int = 480, value: int = 9) -> bytes:
    return np.full(samples, value, dtype="<i2").tobytes()


@pytest.fixture
async def sink() -> RecordingSink:
    return RecordingSink()


@pytest.mark.parametrize("track_class", [TeeCustomAudioStreamTrack, TeeMixingCustomAudioStreamTrack])
async def test_tee_track_gives_its_sinks_the_sound_and_is_silent(
    track_class: type[TeeCustomAudioStreamTrack], sink: RecordingSink
) -> None:
    """O19, O21, O22: end and interrupt reach the sink; a callable, async or not, is one, too."""
    heard: list[bytes] = []
    track = track_class(None, sinks=[sink, heard.append], pipeline="theirs")
    assert track.pipeline == "theirs"
    await track.add_new_bytes(sound())
    track.mark_synthesis_complete()
    await settle()
    assert sink.pcm == b"".join(heard) == sound()
    assert not (await track.recv()).to_ndarray().any()
    assert track.is_speaking
    track.interrupt()
    await settle()
    assert sink.calls == ["end", "interrupt"]
    assert not track.is_speaking
    await track.cleanup()


async def test_pause_of_a_tee_track_reaches_the_sink(sink: RecordingSink) -> None:
    """O22: in theirs the avatar talks on."""
    track = TeeCustomAudioStreamTrack(None, [sink])
    await track.add_new_bytes(sound())
    await settle()
    await track.pause()
    await track.resume()
    await settle()
    assert sink.calls == ["pause", "resume"]
    await track.cleanup()


async def test_sinks_come_and_go(sink: RecordingSink) -> None:
    """O22: equal ones count once, strangers are nothing."""
    track = TeeCustomAudioStreamTrack(None)
    track.add_sink(sink)
    track.add_sink(sink)
    track.remove_sink(object())
    assert track.sinks == [sink]
    await track.add_new_bytes(sound())
    await settle()
    track.remove_sink(sink)
    assert track.sinks == []
    await track.add_new_bytes(sound(value=5))
    assert (await track.recv()).to_ndarray().any()
    assert sink.pcm == sound()
    await track.cleanup()


async def test_sink_that_raises_is_left_and_the_track_speaks_itself(
    sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    """O19."""
    track = TeeCustomAudioStreamTrack(None, [sink])
    sink.failure = ConnectionError("gone")
    await track.add_new_bytes(sound())
    await settle()
    assert track.sinks == []
    assert "takes no speech: gone" in caplog.text
    await track.add_new_bytes(sound())
    assert (await track.recv()).to_ndarray().any()
    await track.cleanup()
