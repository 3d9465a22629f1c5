"""Cutting a byte stream, which comes in pieces of any length, into audio frames of one length. Pure."""

from avatar_core.media.frames import AudioFrame
from avatar_core.wire.livekit import BYTES_PER_SAMPLE, AudioStreamHeader


class Reframer:
    """PCM of one stream as frames of `frame_ms`; the last one may be shorter. Holds less than one frame."""

    def __init__(self, header: AudioStreamHeader, frame_ms: int) -> None:
        self._rate_hz = header.sample_rate
        self._channels = header.num_channels
        self._sample_bytes = BYTES_PER_SAMPLE * header.num_channels
        self._frame_bytes = max(1, header.sample_rate * frame_ms // 1000) * self._sample_bytes
        self._held = bytearray()

    def push(self, chunk: bytes) -> list[AudioFrame]:
        """The frames that `chunk` completes."""
        self._held += chunk
        end = len(self._held) - len(self._held) % self._frame_bytes
        whole = bytes(self._held[:end])
        del self._held[:end]
        return [self._frame(whole[start : start + self._frame_bytes]) for start in range(0, end, self._frame_bytes)]

    def rest(self) -> AudioFrame | None:
        """What is left at the end of the stream; a sample that was cut is lost."""
        end = len(self._held) - len(self._held) % self._sample_bytes
        whole = bytes(self._held[:end])
        self._held.clear()
        return self._frame(whole) if whole else None

    def _frame(self, pcm: bytes) -> AudioFrame:
        return AudioFrame.from_bytes(pcm, self._rate_hz, self._channels)
