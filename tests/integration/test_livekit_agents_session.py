"""A real AgentSession of livekit-agents speaks through our workers, over a real room.

Its recorder and its transcript synchronizer stay while the avatar below them is replaced.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice import avatar as theirs
from livekit.agents.voice import io, room_io
from livekit.agents.voice.recorder_io import RecorderIO

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.generators.audio_wave import AudioWave
from avatar_core.avatar.runner import AvatarRunner
from avatar_core.clock import MonotonicClock
from avatar_core.room.connection import RoomConnection
from avatar_core.room.incoming_stream import IncomingStream
from avatar_core.room.options import ConnectOptions
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.patience import LIMIT_S

AGENT, FIRST, SECOND = "agent", "avatar-1", "avatar-2"
TEXT = "One two three four five six seven eight nine ten."
RATE_HZ = 24_000
OPTIONS = AvatarOptions(320, 180, 15, RATE_HZ)


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class Ends:
    """What one of their outputs told of ends."""

    def __init__(self, output: io.AudioOutput) -> None:
        self.output = output
        self.events: list[io.PlaybackFinishedEvent] = []
        self.started = 0
        output.on("playback_finished", self.events.append)
        output.on("playback_started", self._on_started)

    def _on_started(self, _: object) -> None:
        self.started += 1


class Silence(io.AudioInput):
    """A user who says nothing."""

    async def __anext__(self) -> rtc.AudioFrame:
        return await asyncio.get_running_loop().create_future()


@dataclass
class Speaking:
    """Their session, its outputs to the two workers, and the recorder above all."""

    session: AgentSession
    first: Ends
    second: Ends
    recorder: RecorderIO
    recording: Path
    texts: list[str]
    """What was let out of the transcript, a text for each segment, as the viewer got it."""

    async def say(self, duration_s: float) -> None:
        """To its end, as their session sees it."""
        handle = self.session.say(TEXT, audio=frames(duration_s), add_to_chat_ctx=False)
        async with asyncio.timeout(LIMIT_S):
            await handle

    async def started(self, ends: Ends, count: int = 1) -> None:
        async with asyncio.timeout(LIMIT_S):
            while ends.started < count:
                await asyncio.sleep(0.01)

    def swap(self) -> None:
        self.session.output.replace_audio_tail(self.second.output)


async def frames(duration_s: float) -> AsyncIterator[rtc.AudioFrame]:
    for _ in range(round(duration_s / 0.1)):
        # Whole periods in each frame, so that they join without a click.
        wave = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ // 10) / RATE_HZ) * 8_000
        yield rtc.AudioFrame(wave.astype(np.int16).tobytes(), RATE_HZ, 1, RATE_HZ // 10)


async def transcripts_at(viewer: RoomConnection) -> list[str]:
    texts: list[str] = []

    async def take(stream: IncomingStream[str]) -> None:
        texts.append("")
        index = len(texts) - 1
        async for chunk in stream:
            texts[index] += chunk

    viewer.streams.handle_text("lk.transcription", take)
    return texts


@pytest.fixture
async def speaking(join: Callable[..., Awaitable], access, room_name: str, tmp_path: Path) -> AsyncIterator[Speaking]:
    clock = MonotonicClock()
    runners = []
    for identity in (FIRST, SECOND):
        connection = await join(identity, claims={"kind": "agent"}, auto_subscribe=False)
        runner = AvatarRunner(connection, AudioWave(OPTIONS, clock), OPTIONS, clock, controller=AGENT)
        await runner.publish()
        runners.append(runner)
    texts = await transcripts_at(await join("viewer"))
    room = rtc.Room()
    claims = TokenClaims(AGENT, VideoGrants(room_join=True, room=room_name), kind="agent")
    await room.connect(access.url, access.token(claims))
    ends = [
        Ends(
            theirs.DataStreamAudioOutput(
                room,
                destination_identity=identity,
                sample_rate=RATE_HZ,
                wait_remote_track=rtc.TrackKind.KIND_VIDEO,
                wait_playback_start=True,
            )
        )
        for identity in (FIRST, SECOND)
    ]
    session = AgentSession()
    session.output.audio = ends[0].output
    await session.start(
        Agent(instructions=""),
        room=room,
        room_options=room_io.RoomOptions(audio_input=False, text_input=False, audio_output=False, text_output=True),
        record=False,
    )
    recorder = RecorderIO(agent_session=session)
    recorder.record_input(Silence(label="silence"))
    session.output.audio = recorder.record_output(session.output.audio)
    recording = tmp_path / "talk.ogg"
    await recorder.start(output_path=recording)
    yield Speaking(session, *ends, recorder, recording, texts)
    await session.aclose()
    await recorder.aclose()
    await room.disconnect()
    for runner in runners:
        await runner.aclose()


def loud_s(path: Path) -> float:
    """Seconds of the agent's channel, the right one, that are not silent."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16p", layout="stereo", rate=RATE_HZ)
        right = [plane.to_ndarray()[1] for frame in container.decode(audio=0) for plane in resampler.resample(frame)]
    samples = np.abs(np.concatenate(right).astype(np.int32))
    block = RATE_HZ // 50
    return float((samples[: len(samples) // block * block].reshape(-1, block).max(axis=1) > 300).sum()) / 50


async def test_session_speaks_through_our_worker_and_the_next_one_after_the_swap(speaking: Speaking) -> None:
    chain = []
    output: io.AudioOutput | None = speaking.session.output.audio
    while output is not None:
        chain.append(type(output).__name__)
        output = output.next_in_chain
    assert chain == ["RecorderAudioOutput", "_SyncedAudioOutput", "_AudioSinkProxy", "DataStreamAudioOutput"]
    await speaking.say(1.0)
    speaking.swap()
    await speaking.say(1.0)
    for ends in (speaking.first, speaking.second):
        [end] = ends.events
        assert (end.interrupted, end.playback_position) == (False, pytest.approx(1.0, abs=0.02))
        assert ends.started == 1
    async with asyncio.timeout(LIMIT_S):
        while [text.strip() for text in speaking.texts] != [TEXT, TEXT]:
            await asyncio.sleep(0.05)
    await speaking.recorder.aclose()
    assert loud_s(speaking.recording) == pytest.approx(2.0, abs=0.4)


async def test_swap_in_mid_sentence_gives_the_rest_to_the_new_worker_and_nothing_hangs(speaking: Speaking) -> None:
    async def slowly() -> AsyncIterator[rtc.AudioFrame]:
        async for frame in frames(2.0):
            yield frame
            await asyncio.sleep(0.1)

    handle = speaking.session.say(TEXT, audio=slowly(), add_to_chat_ctx=False)
    await speaking.started(speaking.first)
    await asyncio.sleep(0.5)
    speaking.swap()
    await speaking.started(speaking.second)
    async with asyncio.timeout(LIMIT_S):
        await handle
    [end] = speaking.second.events
    assert not end.interrupted
    assert 0 < end.playback_position < 2.0
    await speaking.say(0.5)
    assert speaking.second.events[-1].playback_position == pytest.approx(0.5, abs=0.02)
    assert len(speaking.second.events) == 2


async def test_interrupt_right_after_the_swap_is_answered_by_the_new_worker(speaking: Speaking) -> None:
    speaking.swap()
    handle = speaking.session.say(TEXT, audio=frames(5.0), add_to_chat_ctx=False)
    await speaking.started(speaking.second)
    await asyncio.sleep(0.3)
    handle.interrupt()
    async with asyncio.timeout(LIMIT_S):
        await handle
    [end] = speaking.second.events
    assert end.interrupted
    assert 0 < end.playback_position < 5.0
    await speaking.say(0.5)
    assert [event.interrupted for event in speaking.second.events] == [True, False]
