"""Our output chain and that of the real livekit-agents, each the leaf of the other: every segment is answered once."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice import io
from livekit.agents.voice.avatar import AudioSegmentEnd, QueueAudioOutput

from avatar_core.errors import PlaybackError
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.meter import LevelMeter
from avatar_core.playback.proxy import AudioSinkProxy
from avatar_core.playback.recall import SwapPolicy
from avatar_core.providers.livekit_chain import CLEAR_TIMEOUT_S, LiveKitOutput, LiveKitOutputLeaf
from avatar_core.tasks import cancel_and_wait, spawn
from tests.fakes.audio_output import RATE_HZ, FinishLog, HandDrivenOutput, RemoteOutput, say, speech
from tests.fakes.clock import ManualClock, settle


class TheirReader:
    """Reads their QueueAudioOutput as an avatar of theirs would: plays in the clock's time, answers each clear."""

    def __init__(self, queue: QueueAudioOutput, clock: ManualClock) -> None:
        self.queue = queue
        self.heard: list[int] = []
        self._clock = clock
        self._played_s = 0.0
        self._playing = False
        self._clears = 0
        queue.on("clear_buffer", self._on_clear)
        self.task = spawn(self._run(), name="their reader")

    async def _run(self) -> None:
        async for item in self.queue:
            if isinstance(item, AudioSegmentEnd):
                self._finish(interrupted=False)
                continue
            self._playing, clears = True, self._clears
            await self._clock.sleep_until(self._clock.now() + item.duration)
            if clears == self._clears:
                self._played_s += item.duration
                self.heard.extend(np.frombuffer(item.data, dtype=np.int16).tolist())

    def _on_clear(self) -> None:
        self._clears += 1
        self._finish(interrupted=True)

    def _finish(self, *, interrupted: bool) -> None:
        played_s, playing, self._played_s, self._playing = self._played_s, self._playing, 0.0, False
        if playing:
            self.queue.notify_playback_finished(played_s, interrupted)


class TheirWrapper(io.AudioOutput):
    """The least that may stand above a leaf in their chain; theirs puts a proxy of its own in between."""

    def __init__(self, below: io.AudioOutput) -> None:
        super().__init__(label="wrapper", capabilities=io.AudioOutputCapabilities(pause=True), next_in_chain=below)
        self.finished: list[tuple[float, bool]] = []
        self.started = 0
        self.on("playback_finished", lambda event: self.finished.append((event.playback_position, event.interrupted)))
        self.on("playback_started", self._count)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        assert self.next_in_chain is not None
        await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        assert self.next_in_chain is not None
        self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        assert self.next_in_chain is not None
        self.next_in_chain.clear_buffer()

    def _count(self, _: io.PlaybackStartedEvent) -> None:
        self.started += 1


def their_frame(seconds: float) -> rtc.AudioFrame:
    frame = speech(seconds)
    return rtc.AudioFrame(frame.to_bytes(), RATE_HZ, 1, frame.samples_per_channel)


async def play(clock: ManualClock, seconds: float) -> None:
    for _ in range(round(seconds / 0.01)):
        await clock.advance(0.01)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def theirs(clock: ManualClock) -> AsyncIterator[TheirReader]:
    reader = TheirReader(QueueAudioOutput(), clock)
    yield reader
    await cancel_and_wait(reader.task)


@pytest.fixture
async def leaf(theirs: TheirReader, clock: ManualClock) -> AsyncIterator[LiveKitOutputLeaf]:
    leaf = LiveKitOutputLeaf(theirs.queue, exact_position=True, clock=clock)
    yield leaf
    await leaf.aclose()
    await leaf.aclose()


@pytest.fixture
async def chain(leaf: LiveKitOutputLeaf, clock: ManualClock) -> AsyncIterator[AgentOutput]:
    output = AgentOutput(clock=clock)
    output.audio = LevelMeter(leaf, clock=clock)
    yield output
    await output.aclose()


def head(chain: AgentOutput) -> LevelMeter:
    assert isinstance(chain.audio, LevelMeter)
    return chain.audio


async def test_their_output_plays_what_our_chain_says(
    chain: AgentOutput, theirs: TheirReader, clock: ManualClock
) -> None:
    log = FinishLog(head(chain))
    await say(head(chain), 0.3)
    await say(head(chain), 0.2)
    await play(clock, 0.6)
    assert log.answers == [(0.3, False), (0.2, False)]
    assert len(theirs.heard) == round(0.5 * RATE_HZ)


async def test_interrupt_reaches_their_output_and_is_answered_once(
    chain: AgentOutput, theirs: TheirReader, clock: ManualClock
) -> None:
    log = FinishLog(head(chain))
    for step in range(10):
        await head(chain).capture_frame(speech(0.1, start_s=step / 10))
    await play(clock, 0.45)
    head(chain).flush()
    head(chain).clear_buffer()
    await play(clock, 0.1)
    assert log.answers == [(0.4, True)]
    await say(head(chain), 0.2)
    await play(clock, 0.3)
    assert log.answers == [(0.4, True), (0.2, False)]


async def test_silence_of_their_output_after_an_interrupt_is_answered_here(clock: ManualClock) -> None:
    """B24 and B31: theirs drops the end of a segment with a clear and has no timeout of its own."""
    deaf = QueueAudioOutput()
    leaf = LiveKitOutputLeaf(deaf, clock=clock)
    log = FinishLog(leaf)
    await say(leaf, 0.5)
    leaf.clear_buffer()
    await play(clock, CLEAR_TIMEOUT_S + 0.1)
    assert [interrupted for _, interrupted in log.answers] == [True]
    await leaf.aclose()


@pytest.mark.parametrize(("policy", "heard_s"), [(SwapPolicy.CARRY, 1.0), (SwapPolicy.FINISH, 0.4)])
async def test_swap_from_theirs_to_ours_in_mid_utterance(
    chain: AgentOutput, theirs: TheirReader, clock: ManualClock, policy: SwapPolicy, heard_s: float
) -> None:
    ours = RemoteOutput(clock, "ours")
    log = FinishLog(head(chain))
    for step in range(10):
        await head(chain).capture_frame(speech(0.1, start_s=step / 10))
    head(chain).flush()
    await play(clock, 0.45)
    chain.replace_audio_tail(ours, policy=policy)
    await play(clock, 1.0)
    heard = theirs.heard + ours.heard
    assert len(heard) == pytest.approx(heard_s * RATE_HZ)
    assert heard == sorted(set(heard))
    assert len(log.events) == 1
    await ours.aclose()


async def test_swap_from_ours_to_theirs_carries_the_rest(
    leaf: LiveKitOutputLeaf, theirs: TheirReader, clock: ManualClock
) -> None:
    ours = RemoteOutput(clock, "ours")
    proxy = AudioSinkProxy(ours, clock=clock)
    log = FinishLog(proxy)
    await say(proxy, 1.0)
    await play(clock, 0.4)
    proxy.set_next_in_chain(leaf, policy=SwapPolicy.CARRY)
    await play(clock, 1.0)
    heard = ours.heard + theirs.heard
    assert heard == sorted(set(heard))
    assert len(heard) == RATE_HZ
    assert log.answers == [(1.0, False)]
    await proxy.aclose()
    await ours.aclose()


async def test_output_of_theirs_that_refuses_is_told_and_leaves_nothing_open(clock: ManualClock) -> None:
    class Refusing(QueueAudioOutput):
        async def capture_frame(self, frame: rtc.AudioFrame) -> None:
            raise RuntimeError("the participant has left")

    leaf = LiveKitOutputLeaf(Refusing(), clock=clock)
    log = FinishLog(leaf)
    with pytest.raises(PlaybackError, match="the participant has left"):
        await leaf.capture_frame(speech(0.1))
    assert log.answers == [(0.0, True)]
    await leaf.aclose()


async def test_start_and_progress_are_told_in_our_clocks_time(leaf: LiveKitOutputLeaf, theirs: TheirReader) -> None:
    started: list[float] = []
    heard: list[tuple[float, float]] = []
    leaf.playback_started.connect(lambda event: started.append(event.created_at))
    leaf.playback_progressed.connect(lambda event: heard.append((event.offset, event.duration)))
    before_s = leaf._clock.now()
    await leaf.capture_frame(speech(1.0))
    theirs.queue.on_playback_progressed(started_at=0.0, offset=0.2, duration=0.3)
    assert started == [pytest.approx(before_s, abs=1.0)]
    assert heard == [(0.2, 0.3)]


async def test_our_chain_plays_what_theirs_says(clock: ManualClock) -> None:
    remote = RemoteOutput(clock)
    ours = LiveKitOutput(AudioSinkProxy(remote, clock=clock), clock=clock)
    top = TheirWrapper(ours)
    for seconds in (0.3, 0.2):
        await top.capture_frame(their_frame(seconds))
        top.flush()
    await play(clock, 0.6)
    assert [(round(position_s, 3), interrupted) for position_s, interrupted in top.finished] == [
        (0.3, False),
        (0.2, False),
    ]
    assert top.started == 2
    assert len(remote.heard) == round(0.5 * RATE_HZ)
    await asyncio.wait_for(top.wait_for_playout(), 1)
    await ours.aclose()
    await ours._chain.aclose()
    await remote.aclose()


async def test_interrupt_of_theirs_is_answered_by_our_chain(clock: ManualClock) -> None:
    remote = RemoteOutput(clock)
    ours = LiveKitOutput(AudioSinkProxy(remote, clock=clock), clock=clock)
    top = TheirWrapper(ours)
    await top.capture_frame(their_frame(1.0))
    await play(clock, 0.4)
    top.flush()
    top.clear_buffer()
    await play(clock, 0.1)
    assert top.finished == [(pytest.approx(0.4, abs=0.02), True)]
    await ours.aclose()
    await ours._chain.aclose()
    await remote.aclose()


async def test_their_swap_between_two_of_our_chains(clock: ManualClock) -> None:
    """Seed 000 as they have it: their `replace_audio_tail`, below a wrapper of theirs, in mid-utterance."""
    remotes = [RemoteOutput(clock, label) for label in ("first", "second")]
    chains = [LiveKitOutput(AudioSinkProxy(remote, clock=clock), clock=clock) for remote in remotes]
    top = TheirWrapper(chains[0])
    output = io.AgentOutput(lambda: None, lambda: None, lambda: None)
    output.audio = top
    await top.capture_frame(their_frame(0.5))
    await play(clock, 0.2)
    output.replace_audio_tail(chains[1])
    await top.capture_frame(their_frame(0.5))
    top.flush()
    await play(clock, 1.0)
    assert len(top.finished) == 1
    assert len(remotes[1].heard) == round(0.5 * RATE_HZ)
    for ours, remote in zip(chains, remotes, strict=True):
        await ours.aclose()
        await ours._chain.aclose()
        await remote.aclose()


async def test_our_chain_that_refuses_leaves_nothing_open_in_theirs(clock: ManualClock) -> None:
    sink = HandDrivenOutput(clock=clock)
    proxy = AudioSinkProxy(sink, clock=clock)
    ours = LiveKitOutput(proxy, clock=clock)
    await proxy.aclose()
    with pytest.raises(PlaybackError, match="closed"):
        await ours.capture_frame(their_frame(0.1))
    event = await asyncio.wait_for(ours.wait_for_playout(), 1)
    assert (event.playback_position, event.interrupted) == (0.0, True)
    await ours.aclose()
    await settle()
