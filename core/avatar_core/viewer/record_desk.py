"""Recording as the viewer does it: begun with the first frame that fits, ended on request or when it fails."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.media.frames import AudioFrame, VideoFrame
from avatar_core.viewer.recording import Recording
from avatar_core.wire import viewer_events

_PICTURE_WAIT_S = 2.0
"""So long it waits for a picture; then there is none, and the sound is recorded alone."""

Tell = Callable[[object], None]


class RecordDesk:
    """Owned by the viewer, which gives it every frame that is shown or heard. States are told by RecordingState."""

    def __init__(self, tell: Tell, clock: Clock) -> None:
        self._tell = tell
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._path: Path | None = None
        self._asked_s = 0.0
        self._recording: Recording | None = None

    def start(self, path: Path) -> None:
        """Record to `path` from the next picture on; ignored while it records."""
        if self._path is None:
            self._path, self._asked_s = path, self._clock.now()

    async def stop(self) -> None:
        """Finish the file and tell; harmless where nothing is recorded."""
        recording, path = self._recording, self._path
        self._recording = self._path = None
        if recording is not None:
            length_s = self._clock.now() - recording.began_s
            await asyncio.to_thread(recording.close)
            self._tell(viewer_events.RecordingState("stopped", str(path), length_s, recording.dropped, ""))
        elif path is not None:
            self._tell(
                viewer_events.RecordingState("failed", str(path), 0.0, 0, "Nothing was seen or heard to record.")
            )

    def picture(self, frame: VideoFrame, received_s: float) -> None:
        """A picture was shown."""
        if self._path is not None and self._recording is None:
            self._begin(self._path, received_s, frame)
        if self._recording is not None:
            self._recording.add(frame, received_s)

    def sound(self, frame: AudioFrame, start_s: float) -> None:
        """Sound was heard from `start_s` on."""
        waited = self._path is not None and self._clock.now() - self._asked_s >= _PICTURE_WAIT_S
        if self._path is not None and self._recording is None and waited:
            self._begin(self._path, start_s, None)
        if self._recording is not None:
            self._recording.add(frame, start_s)

    def _begin(self, path: Path, began_s: float, first: VideoFrame | None) -> None:
        try:
            self._recording = Recording(path, began_s, first, self._on_failed)
        except BenchError as error:
            self._path = None
            self._tell(viewer_events.RecordingState("failed", str(path), 0.0, 0, str(error)))
            return
        self._tell(viewer_events.RecordingState("recording", str(path), 0.0, 0, ""))

    def _on_failed(self, why: str) -> None:
        self._loop.call_soon_threadsafe(self._give_up, why)

    def _give_up(self, why: str) -> None:
        recording, path = self._recording, self._path
        self._recording = self._path = None
        if recording is not None:
            length_s = self._clock.now() - recording.began_s
            self._tell(viewer_events.RecordingState("failed", str(path), length_s, recording.dropped, why))
