"""Wrappers keep nothing and hide nothing (PROTOCOLS R10, R12, R13, R14)."""

from collections.abc import AsyncIterator

import pytest

from avatar_core.playback.contract import (
    AudioOutput,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.segment import SegmentRef
from avatar_core.playback.wrapper import AudioOutputWrapper, with_swap_proxy
from tests.fakes.audio_output import FinishLog, HandDrivenOutput, speech
from tests.fakes.clock import ManualClock


class Transcribing(AudioOutputWrapper):
    """Changes what it passes up, as a transcript does."""

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        super().on_playback_finished(
            PlaybackFinishedEvent(event.playback_position, event.interrupted, event.segment, "what was heard")
        )


@pytest.fixture
def leaf() -> HandDrivenOutput:
    return HandDrivenOutput("leaf", sample_rate_hz=16_000, pause=True, clock=ManualClock())


@pytest.fixture
async def wrapper(leaf: HandDrivenOutput) -> AsyncIterator[Transcribing]:
    wrapper = Transcribing(AudioOutputWrapper(leaf, label="inner"), label="outer")
    yield wrapper
    await wrapper.aclose()


async def test_bare_leaf_is_given_a_proxy_and_a_chain_that_has_one_is_not(wrapper: Transcribing) -> None:
    """R14."""
    assert [type(link).__name__ for link in wrapper.chain()] == [
        "Transcribing",
        "AudioOutputWrapper",
        "AudioSinkProxy",
        "HandDrivenOutput",
    ]
    proxy = AudioSinkProxy(HandDrivenOutput())
    assert with_swap_proxy(proxy) is proxy
    with pytest.raises(TypeError):
        with_swap_proxy("no output")  # type: ignore[arg-type]


async def test_rate_and_abilities_are_those_of_the_tail(wrapper: Transcribing, leaf: HandDrivenOutput) -> None:
    """R12, R13."""
    assert wrapper.sample_rate_hz == 16_000
    assert wrapper.capabilities == leaf.capabilities
    assert wrapper.can_pause


async def test_commands_reach_the_leaf(wrapper: Transcribing, leaf: HandDrivenOutput) -> None:
    """R12."""
    wrapper.on_attached()
    await wrapper.capture_frame(speech(0.1, rate_hz=16_000))
    wrapper.pause()
    wrapper.resume()
    wrapper.flush()
    wrapper.clear_buffer()
    wrapper.on_detached()
    assert leaf.calls == ["attached", "capture", "pause", "resume", "flush", "clear", "detached"]


async def test_events_of_the_leaf_reach_the_head(wrapper: Transcribing, leaf: HandDrivenOutput) -> None:
    """R10."""
    started: list[PlaybackStartedEvent] = []
    progressed: list[PlaybackProgressedEvent] = []
    wrapper.playback_started.connect(started.append)
    wrapper.playback_progressed.connect(progressed.append)
    log = FinishLog(wrapper)
    await wrapper.capture_frame(speech(0.5, rate_hz=16_000), segment=SegmentRef("s"))
    leaf.on_playback_started(created_at=7.0)
    leaf.on_playback_progressed(started_at=7.0, offset=0.1, duration=0.2)
    wrapper.flush()
    leaf.finish(0.5)
    assert [event.created_at for event in started] == [7.0]
    assert [(event.offset, event.duration) for event in progressed] == [(0.1, 0.2)]
    assert log.ids == ["s"]


async def test_wait_for_playout_returns_the_event_as_this_link_passed_it(
    wrapper: Transcribing, leaf: HandDrivenOutput
) -> None:
    await wrapper.capture_frame(speech(0.5, rate_hz=16_000))
    wrapper.flush()
    leaf.finish(0.5)
    assert (await wrapper.wait_for_playout()).synchronized_transcript == "what was heard"


def test_bare_contract_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="abstract"):
        AudioOutput(label="nothing")  # type: ignore[abstract]
