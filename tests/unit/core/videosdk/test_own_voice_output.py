"""VideoSDK's direct voice: the agent's own track beside the avatar it speaks through."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest

from avatar_core.media.frames import AudioFrame
from avatar_core.videosdk.own_voice_output import OwnVoiceOutput
from tests.fakes.audio_output import FinishLog, speech
from tests.fakes.audio_player import AVATAR, MeetingSpokenOutput
from tests.fakes.clock import ManualClock, settle

RATE_HZ = 24_000


class Voice:
    """A published track: what was captured."""

    def __init__(self) -> None:
        self.frames: list[AudioFrame] = []
        self.closed = 0

    @property
    def loud_s(self) -> float:
        return sum(int(np.count_nonzero(frame.samples)) for frame in self.frames) / RATE_HZ

    async def capture(self, frame: AudioFrame) -> None:
        self.frames.append(frame)

    async def aclose(self) -> None:
        self.closed += 1


@dataclass
class Stage:
    output: OwnVoiceOutput
    avatar: MeetingSpokenOutput
    voice: Voice
    clock: ManualClock
    log: FinishLog

    async def say(self, duration_s: float) -> None:
        for index in range(round(duration_s / 0.1)):
            await self.output.capture_frame(speech(0.1, start_s=index * 0.1, rate_hz=RATE_HZ))
        self.output.flush()

    async def run(self, duration_s: float) -> None:
        for _ in range(round(duration_s / 0.01)):
            self.clock.move(0.01)
            await settle(12)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    clock, voice = ManualClock(), Voice()
    avatar = MeetingSpokenOutput(clock, rate_hz=RATE_HZ)
    left = avatar.agent_end.events.participant_disconnected
    output = OwnVoiceOutput(avatar, voice, AVATAR, left, clock=clock)
    yield Stage(output, avatar, voice, clock, FinishLog(output))
    await output.aclose()
    await output.aclose()
    assert voice.closed


async def test_own_track_is_silent_while_the_avatar_speaks(stage: Stage) -> None:
    """O21: one answer, by the avatar's clock."""
    await stage.say(0.6)
    await stage.run(1.0)
    assert stage.log.answers == [(0.6, False)]
    assert len(stage.avatar.player.ends) == 1
    assert stage.voice.loud_s == 0.0
    assert len(stage.voice.frames) == pytest.approx(50, abs=3)


async def test_interrupt_reaches_the_avatar_and_is_answered_with_what_it_played(stage: Stage) -> None:
    await stage.say(2.0)
    await stage.run(0.5)
    stage.output.clear_buffer()
    await stage.run(0.1)
    [(position_s, interrupted)] = stage.log.answers
    assert interrupted
    assert position_s == pytest.approx(0.5, abs=0.15)
    assert stage.voice.loud_s == 0.0


async def test_pause_holds_the_avatar_and_resume_goes_on(stage: Stage) -> None:
    await stage.say(0.6)
    await stage.run(0.2)
    stage.output.pause()
    await stage.run(1.0)
    assert stage.log.answers == []
    stage.output.resume()
    await stage.run(1.0)
    assert stage.log.answers == [(pytest.approx(0.6, abs=0.02), False)]


async def test_agent_speaks_itself_once_the_avatar_has_left(stage: Stage) -> None:
    """O23: what the avatar was saying is answered as cut; what is said next is heard on the own track."""
    await stage.say(2.0)
    await stage.run(0.5)
    stage.avatar.leave()
    await stage.run(0.1)
    [(position_s, interrupted)] = stage.log.answers
    assert interrupted
    assert position_s < 1.0
    assert stage.voice.loud_s == 0.0
    await stage.say(0.5)
    await stage.run(1.5)
    assert stage.log.answers[1:] == [(pytest.approx(0.5, abs=0.02), False)]
    assert stage.voice.loud_s == pytest.approx(0.5, abs=0.02)


async def test_chain_leads_to_the_avatar_and_positions_are_as_exact_as_its_own(stage: Stage) -> None:
    assert list(stage.output.chain()) == [stage.output, stage.avatar]
    assert stage.output.capabilities.pause
    assert stage.output.capabilities.exact_position
