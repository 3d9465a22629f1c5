"""Where a synchronizer's media goes: what it asks of an audio and of a video output. PublishedAudio and -Video fit."""

from typing import Protocol

from avatar_core.media.frames import AudioFrame, VideoFrame


class AudioSink(Protocol):
    """An output with a queue of its own that plays in real time."""

    async def capture(self, frame: AudioFrame) -> None:
        """Queue sound."""
        ...

    def clear_queue(self) -> None:
        """Drop what has not left."""
        ...


class VideoSink(Protocol):
    """An output that shows a picture when it is given."""

    def capture(self, frame: VideoFrame) -> None:
        """Show a picture."""
        ...
