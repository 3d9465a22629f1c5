import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from avatar_core.errors import BenchError, ConfigError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.agent_output import AgentOutput
from avatar_core.playback.recall import SwapPolicy
from avatar_core.playback.recorder import RATE_HZ, WRITE_INTERVAL_S, AudioRecorder
from tests.fakes.audio_output import HandDrivenOutput, RemoteOutput
from tests.fakes.clock import ManualClock, settle


def tone(seconds: float, level: int = 8_000) -> AudioFrame:
    return AudioFrame(np.full(round(seconds * RATE_HZ), level, dtype=np.int16), RATE_HZ)


def loud(path: Path, side: int) -> list[tuple[float, float]]:
    """Where one side is not silent: seconds from and to, gaps under 1 ms ignored."""
    with wave.open(str(path)) as file:
        stereo = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16).reshape(-1, 2)
    places = np.flatnonzero(stereo[:, side])
    runs = np.split(places, np.flatnonzero(np.diff(places) > RATE_HZ // 1_000) + 1) if len(places) else []
    return [(round(run[0] / RATE_HZ, 2), round((run[-1] + 1) / RATE_HZ, 2)) for run in runs]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "talk.wav"


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """/dev/full takes what is opened, and refuses what is written."""
    link = tmp_path / "full.wav"
    link.symlink_to("/dev/full")
    return link


@pytest.fixture
async def recorder(old: HandDrivenOutput, clock: ManualClock, path: Path) -> AsyncIterator[AudioRecorder]:
    recorder = AudioRecorder(old, path, clock=clock)
    yield recorder
    await recorder.aclose()


async def test_speech_lies_where_it_was_heard_and_ends_where_it_was_interrupted(
    recorder: AudioRecorder, old: HandDrivenOutput, clock: ManualClock, path: Path
) -> None:
    await recorder.capture_frame(tone(2.0))
    recorder.flush()
    clock.move(0.5)
    old.start()
    clock.move(0.7)
    old.finish(0.7, interrupted=True)
    clock.move(1.0)
    await recorder.aclose()
    assert loud(path, 1) == [(0.5, 1.2)]
    assert loud(path, 0) == []
    assert recorder.unrecorded_s == 0


async def test_user_is_on_the_left(recorder: AudioRecorder, clock: ManualClock, path: Path) -> None:
    recorder.write_user(tone(0.2), clock.now() + 0.3)
    recorder.write_user(tone(0.2), clock.now() + 0.52)
    recorder.write_user(tone(0.2), clock.now() + 2.0)
    await recorder.aclose()
    assert loud(path, 0) == [(0.3, 0.7), (2.0, 2.2)]


async def test_pause_is_in_the_recording(clock: ManualClock, path: Path) -> None:
    """P18 and DESIGN's pause: a recalled tail is heard later, as the same segment."""
    remote = RemoteOutput(clock)
    recorder = AudioRecorder(remote, path, clock=clock)
    await recorder.capture_frame(tone(1.0))
    recorder.flush()
    for _ in range(40):
        await clock.advance(0.01)
    recorder.pause()
    for _ in range(100):
        await clock.advance(0.01)
    recorder.resume()
    for _ in range(100):
        await clock.advance(0.01)
    await recorder.aclose()
    await remote.aclose()
    first, second = loud(path, 1)
    assert first == (pytest.approx(0.0, abs=0.03), pytest.approx(0.4, abs=0.03))
    assert second[0] == pytest.approx(1.4, abs=0.03)
    assert first[1] - first[0] + second[1] - second[0] == pytest.approx(1.0, abs=0.01)


async def test_carried_speech_is_recorded_once_and_whole(clock: ManualClock, path: Path) -> None:
    old, new = RemoteOutput(clock, "old"), RemoteOutput(clock, "new")
    output = AgentOutput(clock=clock)
    recorder = AudioRecorder(old, path, clock=clock)
    output.audio = recorder
    for step in range(20):
        await recorder.capture_frame(tone(0.1, level=1_000 + step))
    recorder.flush()
    for _ in range(80):
        await clock.advance(0.01)
    output.replace_audio_tail(new, policy=SwapPolicy.CARRY)
    for _ in range(200):
        await clock.advance(0.01)
    await output.aclose()
    await old.aclose()
    await new.aclose()
    runs = loud(path, 1)
    assert sum(end - start for start, end in runs) == pytest.approx(2.0, abs=0.03)
    with wave.open(str(path)) as file:
        right = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16).reshape(-1, 2)[:, 1]
    levels = right[right != 0]
    assert (np.diff(levels.astype(np.int32)) >= 0).all()


async def test_it_writes_while_it_goes_on_and_waits_for_what_is_not_settled(
    recorder: AudioRecorder, old: HandDrivenOutput, clock: ManualClock, path: Path
) -> None:
    await recorder.capture_frame(tone(9.0))
    old.start()
    for step in range(8):
        clock.move(1.0)
        old.on_playback_progressed(started_at=clock.now() - 1.0, offset=float(step), duration=1.0)
        await settle()
        if recorder._writing is not None:
            await recorder._writing
    assert recorder.written_s > WRITE_INTERVAL_S
    old.finish(8.0, interrupted=True)
    await recorder.aclose()
    assert loud(path, 1) == [(0.0, 8.0)]
    assert recorder.unrecorded_s == 0


async def test_path_that_cannot_be_written_is_told_at_once(old: HandDrivenOutput, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Choose another folder"):
        AudioRecorder(old, tmp_path / "missing" / "talk.ogg")


async def test_full_disk_is_told_and_speech_goes_on(old: HandDrivenOutput, clock: ManualClock, full_disk: Path) -> None:
    recorder = AudioRecorder(old, full_disk, clock=clock)
    failures: list[BenchError] = []
    recorder.failed.connect(failures.append)
    for _ in range(4):
        recorder.write_user(tone(3.0, level=99), clock.now())
        clock.move(3.0)
        await settle()
        if recorder._writing is not None:
            await recorder._writing
    await recorder.capture_frame(tone(0.1))
    await recorder.aclose()
    assert ["disk full" in str(failure) for failure in failures] == [True]
    assert old.captured_s == pytest.approx(0.1)


async def test_ogg_is_written_too(old: HandDrivenOutput, clock: ManualClock, tmp_path: Path) -> None:
    recorder = AudioRecorder(old, tmp_path / "talk.ogg", clock=clock)
    failures: list[BenchError] = []
    recorder.failed.connect(failures.append)
    await recorder.capture_frame(tone(0.5))
    old.start()
    clock.move(0.5)
    old.finish(0.5)
    await recorder.aclose()
    await recorder.aclose()
    assert (tmp_path / "talk.ogg").read_bytes()[:4] == b"OggS"
    assert failures == []
