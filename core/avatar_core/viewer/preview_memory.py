"""Preview frames between two processes: three slots in a memory-mapped file, the newest wins, nobody waits.

The writer never touches the slot it published last nor the one being read, so with three there is always a free one.
The file is unlinked by whoever attaches: from then on not even a killed process leaves anything behind.
"""

import mmap
import struct
import tempfile
from dataclasses import dataclass
from pathlib import Path

SLOTS = 3
_NOBODY = 255
_BLOCK = struct.Struct("<QBB6x")
"""Sequence published last (0: none yet), its slot, the slot being read."""
_SLOT = struct.Struct("<QIIIId")
"""Sequence, width, height, stride, reserved, time in seconds."""
_SLOT_HEADER_BYTES = 64
_BLOCK_BYTES = 64
_LATEST_OFFSET = 8
_READING_OFFSET = 9


@dataclass(frozen=True, slots=True, eq=False)
class MappedFrame:
    """One picture in the memory itself: BGRA rows of `stride` bytes."""

    sequence: int
    width_px: int
    height_px: int
    stride: int
    time_s: float
    pixels: memoryview


def memory_folder() -> Path:
    """Where the file lies: in memory where the system has such a place."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() else Path(tempfile.gettempdir())


class PreviewWriter:
    """Owned by the viewer: makes the file and fills it."""

    def __init__(self, slot_bytes: int) -> None:
        self.slot_bytes = slot_bytes
        size = _BLOCK_BYTES + SLOTS * (_SLOT_HEADER_BYTES + slot_bytes)
        with tempfile.NamedTemporaryFile(prefix="avatar-preview-", dir=memory_folder(), delete=False) as file:
            self.path = Path(file.name)
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._view = memoryview(self._map)
        _BLOCK.pack_into(self._view, 0, 0, _NOBODY, _NOBODY)
        self._sequence = 0
        self._latest = _NOBODY

    def slot(self) -> tuple[int, memoryview]:
        """A free slot and its pixels, to be filled and then published."""
        reading = self._view[_READING_OFFSET]
        free = next(index for index in range(SLOTS) if index not in (self._latest, reading))
        start = _slot_offset(free, self.slot_bytes) + _SLOT_HEADER_BYTES
        return free, self._view[start : start + self.slot_bytes]

    def publish(self, slot: int, *, width_px: int, height_px: int, stride: int, time_s: float) -> int:
        """Make `slot` the newest frame; returns its sequence."""
        self._sequence += 1
        _SLOT.pack_into(
            self._view, _slot_offset(slot, self.slot_bytes), self._sequence, width_px, height_px, stride, 0, time_s
        )
        self._latest = slot
        # The reader's byte is its own: it is not written here.
        struct.pack_into("<QB", self._view, 0, self._sequence, slot)
        return self._sequence

    def close(self) -> None:
        """Let go of the memory and of the file, should nobody have attached; harmless twice."""
        self._view.release()
        self._map.close()
        self.path.unlink(missing_ok=True)


class MappedPreview:
    """The reading end of one block. The frame returned last stays whole until the next call or `release`."""

    def __init__(self, path: str, slot_bytes: int) -> None:
        file_path = Path(path)
        size = _BLOCK_BYTES + SLOTS * (_SLOT_HEADER_BYTES + slot_bytes)
        with file_path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        file_path.unlink(missing_ok=True)
        self._view = memoryview(self._map)
        self._slot_bytes = slot_bytes

    def latest(self, after_sequence: int) -> MappedFrame | None:
        """The newest frame, or None where its sequence is not above `after_sequence`."""
        while True:
            sequence, slot, _ = _BLOCK.unpack_from(self._view, 0)
            if slot == _NOBODY or sequence <= after_sequence:
                return None
            self._view[_READING_OFFSET] = slot
            if (
                self._view[_LATEST_OFFSET] == slot
            ):  # still the newest, so the writer has seen the claim before it next chooses
                break
        offset = _slot_offset(slot, self._slot_bytes)
        # Now that the slot is ours its own sequence holds; the block's may be of the publication under way.
        frame_sequence, width_px, height_px, stride, _, time_s = _SLOT.unpack_from(self._view, offset)
        if frame_sequence <= after_sequence:
            return None
        start = offset + _SLOT_HEADER_BYTES
        pixels = self._view[start : start + stride * height_px]
        return MappedFrame(frame_sequence, width_px, height_px, stride, time_s, pixels)

    def release(self) -> None:
        """Give up the frame returned last; harmless twice."""
        self._view[_READING_OFFSET] = _NOBODY

    def close(self) -> None:
        """Let go of the memory. A consumer that still holds `pixels` keeps the mapping alive until it lets go."""
        self._view.release()
        try:
            self._map.close()
        except BufferError:
            # A picture is on screen still; the mapping ends with it.
            return


def _slot_offset(slot: int, slot_bytes: int) -> int:
    return _BLOCK_BYTES + slot * (_SLOT_HEADER_BYTES + slot_bytes)
