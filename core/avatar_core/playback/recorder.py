"""The recorder: a conversation as it was heard, in stereo, whatever became of the outputs below. Threads write it."""

import asyncio
import contextlib
import logging
from pathlib import Path

import numpy as np

from avatar_core.clock import Clock, MonotonicClock
from avatar_core.errors import BenchError
from avatar_core.media.frames import AudioFrame, Samples
from avatar_core.media.muxer import AudioTrack, Muxer
from avatar_core.media.resampler import Resampler
from avatar_core.playback.contract import (
    AudioOutput,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)
from avatar_core.playback.heard_speech import HeardSpeech, Placed
from avatar_core.playback.segment import Segment, SegmentRef
from avatar_core.playback.stereo_timeline import Side, StereoTimeline
from avatar_core.playback.wrapper import AudioOutputWrapper
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup, spawn

_log = logging.getLogger(__name__)

RATE_HZ = 48_000
WRITE_INTERVAL_S = 2.5
_SETTLED_AFTER_S = 1.0
"""What was heard is known by then, progress being told several times a second."""
_LONGEST_WAIT_S = 120.0
"""A segment whose output tells no progress is placed when it finishes; longer than this nothing waits for it."""
_KEPT_S = 300.0


class AudioRecorder(AudioOutputWrapper):
    """A wrapper that writes `path` (.ogg or .wav): left what the user said (`write_user`), right what was heard.

    Speech lies where it was heard, by the starts, progress and ends that come up the chain: cut where it was
    interrupted, with the pauses, across swaps. Memory: at most 300 s of each pending segment that were not heard yet
    and 120 s of stereo (29 and 23 MB). `failed` tells that the file can't be written any further; speech goes on.
    Made inside a running loop; `aclose` finishes the file.
    """

    def __init__(
        self, next_in_chain: AudioOutput, path: Path, *, label: str = "AudioRecorder", clock: Clock | None = None
    ) -> None:
        super().__init__(next_in_chain, label=label, clock=clock)
        self.failed = Signal[BenchError](f"{label}.failed")
        self._clock = clock or MonotonicClock()
        # Before any task: a path that can't be written is the caller's to know at once.
        self._muxer: Muxer | None = Muxer(path, audio=AudioTrack(RATE_HZ, channels=2))
        self._began_s = self._clock.now()
        self._timeline = StereoTimeline()
        self._speech: dict[SegmentRef, HeardSpeech] = {}
        self._capturing: SegmentRef | None = None
        self._user = Resampler(RATE_HZ, 1)
        self._user_next_s: float | None = None
        self._unkept_s = 0.0
        self._tasks = TaskGroup()
        # The write in progress: it is never called off, since a file is written by one thread at a time.
        self._writing: asyncio.Task[None] | None = None
        self._tasks.spawn(self._write_on(), name=f"{label} writes")

    @property
    def written_s(self) -> float:
        """Seconds of the conversation that were given to the file."""
        return self._timeline.taken / RATE_HZ

    @property
    def unrecorded_s(self) -> float:
        """Seconds that were heard and are not in the file: told too late, or more than is kept."""
        return self._unkept_s + self._timeline.late / RATE_HZ

    async def capture_frame(self, frame: AudioFrame, *, segment: SegmentRef | None = None) -> None:
        """Pass the frame on first: one that was not captured is not recorded."""
        await super().capture_frame(frame, segment=segment)
        if self._capturing is not None and (speech := self._speech.get(self._capturing)) is not None:
            speech.push(frame)

    def write_user(self, frame: AudioFrame, heard_at_s: float) -> None:
        """What the user said, received at `heard_at_s`; frames that follow closely are joined without a gap."""
        if self._user_next_s is None or abs(heard_at_s - self._user_next_s) > 0.1:
            self._user.reset()
            self._user_next_s = heard_at_s
        samples = self._user.push(frame)[:, 0]
        self._timeline.place(Side.USER, self._sample(self._user_next_s), samples)
        self._user_next_s += len(samples) / RATE_HZ

    def on_segment_opened(self, segment: Segment) -> None:
        """Its frames are kept until they are heard."""
        self._capturing = segment.ref
        self._speech[segment.ref] = HeardSpeech(RATE_HZ, limit_s=_KEPT_S)
        super().on_segment_opened(segment)

    def on_playback_started(self, event: PlaybackStartedEvent) -> None:
        """It is heard from here on."""
        if (speech := self._speech.get(event.segment.ref)) is not None:
            speech.started(event.created_at)
        super().on_playback_started(event)

    def on_playback_progressed(self, event: PlaybackProgressedEvent) -> None:
        """A stretch of it was heard."""
        if (speech := self._speech.get(event.segment.ref)) is not None:
            self._place(speech.progressed(event.offset, event.duration, event.started_at))
        super().on_playback_progressed(event)

    def on_playback_finished(self, event: PlaybackFinishedEvent) -> None:
        """The rest of it was heard, or will never be."""
        if event.segment is not None and (speech := self._speech.pop(event.segment.ref, None)) is not None:
            self._place(speech.finished(event.playback_position, self._clock.now()))
            self._unkept_s += speech.unkept_s
        super().on_playback_finished(event)

    async def aclose(self) -> None:
        """Close the links below, write what is left and finish the file; harmless twice."""
        await super().aclose()
        await self._tasks.aclose()
        await self._write(max(self._timeline.end, self._sample(self._clock.now())), close=True)

    def _place(self, heard: list[Placed]) -> None:
        for placed in heard:
            self._timeline.place(Side.AGENT, self._sample(placed.start_s), placed.samples)

    def _sample(self, at_s: float) -> int:
        return max(0, round((at_s - self._began_s) * RATE_HZ))

    def _settled_s(self) -> float:
        """Up to when it is known what was heard."""
        now_s = self._clock.now()
        waited_for = [s.placed_until_s for s in self._speech.values() if s.placed_until_s is not None]
        return max(now_s - _LONGEST_WAIT_S, min([now_s - _SETTLED_AFTER_S, *waited_for]))

    async def _write_on(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.now() + WRITE_INTERVAL_S)
            await self._write(self._sample(self._settled_s()))

    async def _write(self, until: int, *, close: bool = False) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing])
        if self._muxer is None:
            return
        muxer, start, stereo = self._muxer, self._timeline.taken, self._timeline.take(until)
        if close:
            self._muxer = None
        self._writing = spawn(self._append(muxer, stereo, start, close), name=f"{self.label} appends")
        await asyncio.shield(self._writing)

    async def _append(self, muxer: Muxer, stereo: Samples, start: int, close: bool) -> None:
        try:
            await asyncio.to_thread(_append, muxer, stereo, start, close)
        except BenchError as error:
            self._muxer = None
            _log.warning("%s: %s", self.label, error)
            self.failed.emit(error)


def _append(muxer: Muxer, stereo: Samples, start: int, close: bool) -> None:
    try:
        if len(stereo):
            muxer.write_audio(AudioFrame(np.ascontiguousarray(stereo), RATE_HZ), start / RATE_HZ)
        if close:
            muxer.close()
    except BenchError:
        # What was written so far may still be read; that it can't be finished either is no news.
        with contextlib.suppress(BenchError):
            muxer.close()
        raise
