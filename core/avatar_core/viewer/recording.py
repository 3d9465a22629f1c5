"""The viewer's recording: what is shown and heard, with the times it was received, written by a thread of its own."""

import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from av.video.reformatter import VideoReformatter

from avatar_core.errors import BenchError
from avatar_core.media.av_frames import from_av_video, to_av_video
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.media.muxer import AudioTrack, Muxer, VideoTrack
from avatar_core.viewer.picture import fitted_size

_QUEUED = 800
_PICTURES_QUEUED = 100
"""Frames that wait for the disk or the encoder; past it they are dropped and counted, pictures long before sound."""
_BOX = (640, 360)
"""Larger pictures are recorded at this size: enough for every figure, and cheap beside what has to be on time."""
_NICENESS = 10
_SCATTER_S = 0.02
"""The times of sound scatter by less; it is not cut or torn apart for that, which would be heard."""
_HELD_S = 0.3
"""So much sound tells whether what comes late is behind a hole, or was only taken late, of which the times recover."""


class Recording:
    """Made with the first picture, whose shape the file keeps; ended by `close`, which waits for the last frame.

    Times in the file count from `began_s` (monotonic). Sound is PCM as heard, pictures are VP8; one of another size is
    fitted in. `failed` is told from the thread, once, with the reason, where the file can't be written any further.
    """

    def __init__(self, path: Path, began_s: float, first: VideoFrame | None, failed: Callable[[str], None]) -> None:
        self.path = path
        self.began_s = began_s
        self.dropped = 0
        self._failed = failed
        self._sound_until_s = 0.0
        self._held: list[AudioFrame] = []
        self._held_from_s = 0.0
        self._reformatter = VideoReformatter()
        self._size = fitted_size(first, *_BOX) if first is not None else None
        video = VideoTrack(*self._size) if self._size is not None else None
        self._muxer = Muxer(path, audio=AudioTrack(lossless=True), video=video)
        self._queue: queue.Queue[tuple[AudioFrame | VideoFrame, float] | None] = queue.Queue(maxsize=_QUEUED)
        self._thread = threading.Thread(target=self._write_on, name="recording", daemon=True)
        self._thread.start()

    def add(self, frame: AudioFrame | VideoFrame, at_s: float) -> None:
        """A frame that was received at `at_s`; never waits. One from before the beginning is left out."""
        if at_s < self.began_s or (isinstance(frame, VideoFrame) and self._size is None):
            return
        if isinstance(frame, VideoFrame) and self._queue.qsize() >= _PICTURES_QUEUED:
            self.dropped += 1
            return
        try:
            self._queue.put_nowait((frame, at_s - self.began_s))
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what waits and finish the file. Blocking; harmless twice."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _write_on(self) -> None:
        if sys.platform == "linux":
            # Of this thread alone: what dates sound and pictures goes first.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        broken = ""
        while (item := self._queue.get()) is not None:
            if broken:
                continue
            try:
                self._write(*item)
            except BenchError as error:
                broken = str(error)
                self._failed(broken)
        try:
            if not broken:
                self._write_held()
            self._muxer.close()
        except BenchError as error:
            if not broken:
                self._failed(str(error))

    def _write(self, frame: AudioFrame | VideoFrame, at_s: float) -> None:
        if isinstance(frame, VideoFrame):
            self._muxer.write_video(self._fitted(frame), at_s)
            return
        self._held.append(frame)
        held_s = sum(one.duration_s for one in self._held)
        # Nothing is dated too early, so the newest frame tells best when the first one was heard.
        self._held_from_s = at_s + frame.duration_s - held_s
        if self._held_from_s < self._sound_until_s + _SCATTER_S or held_s >= _HELD_S:
            self._write_held()

    def _write_held(self) -> None:
        at_s = self._held_from_s
        if abs(at_s - self._sound_until_s) < _SCATTER_S:
            at_s = self._sound_until_s
        for frame in self._held:
            self._muxer.write_audio(frame, at_s)
            at_s += frame.duration_s
        self._sound_until_s = at_s
        self._held.clear()

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        assert self._size is not None
        if (frame.width, frame.height) == self._size:
            return frame
        picture = to_av_video(frame)
        if fitted_size(frame, *self._size) != self._size:
            return from_av_video(picture, *self._size)
        # One scaler for all: to make one for each picture holds up every thread of the process.
        scaled = self._reformatter.reformat(picture, *self._size, "yuv420p", threads=1).to_ndarray()
        return VideoFrame(scaled.reshape(-1).astype(np.uint8, copy=False), *self._size, 0.0)
