"""Frames from a stream of bytes that may be cut anywhere."""

from avatar_core.media.frames import AudioFrame


class PcmBytes:
    """Interleaved s16le of one format; what is no whole sample waits for the rest of it."""

    def __init__(self, sample_rate_hz: int, channels: int) -> None:
        if sample_rate_hz <= 0 or channels < 1:
            raise ValueError(f"{sample_rate_hz} Hz with {channels} channels is no audio format")
        self._sample_rate_hz = sample_rate_hz
        self._channels = channels
        self._rest = b""

    def join(self, pcm: bytes | bytearray | memoryview) -> AudioFrame:
        """The whole samples there are now, perhaps none."""
        joined = self._rest + bytes(pcm)
        whole = len(joined) - len(joined) % (2 * self._channels)
        self._rest = joined[whole:]
        return AudioFrame.from_bytes(joined[:whole], self._sample_rate_hz, self._channels)

    def clear(self) -> None:
        """Forget the part of a sample that waits."""
        self._rest = b""
