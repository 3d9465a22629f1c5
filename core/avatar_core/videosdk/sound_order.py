"""Sound that came in any order, put back in its own by the marks that were sent with it (PROTOCOLS V6). Pure."""

from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Final, TypeAlias

from avatar_core.wire.videosdk import SoundMark, fingerprint

MAX_UNMATCHED: Final = 1024
"""Marks without their sound, and as many messages of sound without their mark: minutes of speech."""

Placed: TypeAlias = tuple[SoundMark, bytes]


class SoundOrder:
    """What has been sent since the last of `interrupts` interrupts, by the place of each message.

    Marks and sound come in any order, and find each other by size and CRC-32: of two that are alike it is all the same
    which is which. `late_bytes` counts sound from before the interrupts, and what never found a mark.
    """

    def __init__(self) -> None:
        self.interrupts = 0
        self.position = 0
        """The bytes that were taken, or given up."""
        self.late_bytes = 0
        self._marks: dict[tuple[int, int], list[SoundMark]] = defaultdict(list)
        self._marks_in_order: deque[SoundMark] = deque()
        self._sound: deque[tuple[tuple[int, int], bytes]] = deque()
        self._pieces: dict[int, Placed] = {}
        self._ends: dict[int, SoundMark] = {}

    @property
    def waits(self) -> bool:
        """Whether something is there, and what comes before it is not."""
        return bool(self._pieces or self._ends)

    def begin_anew(self, interrupts: int) -> None:
        """Forget what was said before that many interrupts; sound without a mark may be newer, and is kept."""
        self.late_bytes += sum(len(pcm) for _, pcm in self._pieces.values())
        self._pieces.clear()
        self._ends.clear()
        self.interrupts, self.position = interrupts, 0

    def mark(self, mark: SoundMark) -> None:
        """A mark came, of sound or of an end."""
        if mark.size == 0:
            if mark.interrupts == self.interrupts and mark.offset >= self.position:
                self._ends[mark.offset] = mark
            return
        key = (mark.size, mark.crc32)
        for sound in self._sound:
            if sound[0] == key:
                self._sound.remove(sound)
                self._place(mark, sound[1])
                return
        self._marks[key].append(mark)
        self._marks_in_order.append(mark)
        if len(self._marks_in_order) > MAX_UNMATCHED:
            self._forget(self._marks_in_order[0])

    def sound(self, pcm: bytes) -> None:
        """Sound came."""
        key = fingerprint(pcm)
        if (marks := self._marks.get(key)) is not None:
            # A mark whose sound was lost must not take away that of a newer one.
            mark = min(marks, key=lambda one: (-one.interrupts, one.offset < self.position, one.offset))
            self._forget(mark)
            self._place(mark, pcm)
            return
        self._sound.append((key, pcm))
        if len(self._sound) > MAX_UNMATCHED:
            self.late_bytes += len(self._sound.popleft()[1])

    def take(self) -> Iterator[Placed]:
        """All that is next by its place: sound with its mark, and ends, which have none."""
        while True:
            if (end := self._ends.pop(self.position, None)) is not None:
                yield end, b""
            elif (piece := self._pieces.pop(self.position, None)) is not None:
                self.position += len(piece[1])
                yield piece
            else:
                return

    def give_up(self) -> int:
        """Wait no more for what is missing before the next that is there; the bytes of it."""
        for offset in [offset for offset in self._pieces if offset < self.position]:
            self.late_bytes += len(self._pieces.pop(offset)[1])
        self._ends = {offset: end for offset, end in self._ends.items() if offset >= self.position}
        missing = min([*self._pieces, *self._ends], default=self.position) - self.position
        self.position += missing
        return missing

    def _place(self, mark: SoundMark, pcm: bytes) -> None:
        if mark.interrupts == self.interrupts and mark.offset >= self.position:
            self._pieces[mark.offset] = mark, pcm
        else:
            self.late_bytes += len(pcm)

    def _forget(self, mark: SoundMark) -> None:
        key = (mark.size, mark.crc32)
        self._marks[key].remove(mark)
        self._marks_in_order.remove(mark)
        if not self._marks[key]:
            del self._marks[key]
