"""A file as the output of a synchronizer: what an avatar says and shows, at the times at which it would leave."""

from avatar_core.clock import Clock
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.muxer import Muxer


class FileSinks:
    """AudioSink and VideoSink in one, over a Muxer that is given, not owned. Times count from the first frame.

    Sound is queued as an output would: it lies where the last one ended, or now where that has passed.
    """

    def __init__(self, muxer: Muxer, clock: Clock) -> None:
        self._muxer = muxer
        self._clock = clock
        self._began_s: float | None = None
        self._ends_s = 0.0
        self._queue: list[tuple[float, AudioFrame]] = []

    @property
    def audio(self) -> "_FileAudio":
        """The output for sound."""
        return _FileAudio(self)

    @property
    def video(self) -> "_FileVideo":
        """The output for pictures."""
        return _FileVideo(self)

    def capture_audio(self, frame: AudioFrame) -> None:
        """Queue sound; it is written once it would have left."""
        now_s = self._now()
        self._write_until(now_s)
        starts_s = max(now_s, self._ends_s)
        self._ends_s = starts_s + frame.duration_s
        self._queue.append((starts_s, frame))

    def capture_video(self, frame: VideoFrame) -> None:
        """Write a picture, now."""
        now_s = self._now()
        self._write_until(now_s)
        self._muxer.write_video(frame, now_s)

    def clear_queue(self) -> None:
        """What would not have left is not written."""
        now_s = self._now()
        self._write_until(now_s)
        for starts_s, frame in self._queue:
            kept = round((now_s - starts_s) * frame.sample_rate_hz)
            if kept > 0:
                self._muxer.write_audio(AudioFrame(frame.samples[:kept], frame.sample_rate_hz), starts_s)
        self._queue.clear()
        self._ends_s = now_s

    def finish(self) -> None:
        """Write what is queued."""
        self._write_until(self._ends_s)

    def _now(self) -> float:
        self._began_s = self._clock.now() if self._began_s is None else self._began_s
        return self._clock.now() - self._began_s

    def _write_until(self, now_s: float) -> None:
        while self._queue and self._queue[0][0] + self._queue[0][1].duration_s <= now_s + 1e-9:
            starts_s, frame = self._queue.pop(0)
            self._muxer.write_audio(frame, starts_s)


class _FileAudio:
    def __init__(self, file: FileSinks) -> None:
        self._file = file

    async def capture(self, frame: AudioFrame) -> None:
        self._file.capture_audio(frame)

    def clear_queue(self) -> None:
        self._file.clear_queue()


class _FileVideo:
    def __init__(self, file: FileSinks) -> None:
        self._file = file

    def capture(self, frame: VideoFrame) -> None:
        self._file.capture_video(frame)
