"""Transport-wide congestion control: what arrived when, told to the sender so that it can find its bitrate.

The format is draft-holmer-rmcat-transport-wide-cc-extensions-01. Reading the sequence number from a packet is `rtp`'s.
"""

import struct
from collections.abc import Iterator, Sequence

from avatar_core.roomserver.rtcp import build_congestion_feedback
from avatar_core.roomserver.rtp import extend_sequence

WINDOW = 1024
"""Numbers a packet may lie behind the newest and still be late; also the largest gap that counts as lost."""
CAPACITY = 4096
"""Arrivals held at most; far more than come between two feedbacks."""

_TICKS_PER_SECOND = 4000
_TICKS_PER_REFERENCE = 256
"""Arrival times are told in 250 us, the reference time they start from in 64 ms."""
_MAX_STATUSES = 512
"""Statuses in one packet: with two bytes for each it still stays below a common MTU."""

_NOT_RECEIVED, _SMALL_DELTA, _LARGE_DELTA = range(3)

_PREFIX = struct.Struct("!HHI")
_CHUNK = struct.Struct("!H")
_LARGE = struct.Struct("!h")
_DELTA_RANGE = range(-0x8000, 0x8000)


class FeedbackRecorder:
    """Records the arrivals on one publisher's transport and builds the feedback about them.

    `media_ssrc` may be any stream of that publisher, but must be one it still sends: libwebrtc ignores feedback that
    names a stream it does not know. It can be set at any time.
    """

    def __init__(self, sender_ssrc: int, media_ssrc: int) -> None:
        self.media_ssrc = media_ssrc
        self.dropped = 0
        """Arrivals forgotten untold because no feedback was taken for too long."""
        self._sender_ssrc = sender_ssrc
        # Told arrivals stay for a while: a late packet makes the next feedback begin with it, before what was told.
        self._arrivals: dict[int, int] = {}
        self._untold = 0
        self._begin = 0
        self._highest: int | None = None
        self._feedback_count = 0

    def record(self, transport_sequence: int, arrival_s: float) -> None:
        """Note that the packet with this 16 bit transport-wide sequence number arrived; its first arrival counts."""
        if self._highest is None:
            number = self._begin = self._highest = transport_sequence
        else:
            number = extend_sequence(transport_sequence, self._highest)
            if number < self._highest - WINDOW:
                # Too far behind to be late: the sender's numbers began anew.
                number += 0x10000
        if number in self._arrivals:
            return
        if len(self._arrivals) >= CAPACITY:
            self.dropped += self._untold
            self._arrivals.clear()
            self._untold = 0
            self._begin = number
        self._arrivals[number] = round(arrival_s * _TICKS_PER_SECOND)
        self._untold += 1
        if number > self._highest:
            self._highest = number
        elif number < self._begin:
            self._begin = number

    def take_feedback(self) -> list[bytes]:
        """Build the RTCP packets about what arrived since the last call; none if nothing did.

        One packet as a rule. Several if there were many arrivals, if two neighbours lie further apart than 8.19 s, or
        if the numbers jumped; what a jump of more than WINDOW left out is not called lost.
        """
        if self._highest is None or not self._untold:
            return []
        spans: list[tuple[int, list[int]]] = []
        previous = self._begin - 1
        for number in sorted(number for number in self._arrivals if number >= self._begin):
            jumped = number - previous > WINDOW
            if not spans or jumped or not self._continues(spans[-1][0], previous, number):
                spans.append((number if jumped else previous + 1, [number]))
            else:
                spans[-1][1].append(number)
            previous = number
        packets = [self._build(first, arrived) for first, arrived in spans]

        oldest = self._highest - WINDOW
        self._arrivals = {number: ticks for number, ticks in self._arrivals.items() if number >= oldest}
        self._untold = 0
        self._begin = self._highest + 1
        return packets

    def _continues(self, first: int, previous: int, number: int) -> bool:
        """Whether `number` fits the feedback packet that began with `first` and so far ends with `previous`."""
        delta = self._arrivals[number] - self._arrivals[previous]
        return number - first < _MAX_STATUSES and delta in _DELTA_RANGE

    def _build(self, first: int, arrived: Sequence[int]) -> bytes:
        reference = self._arrivals[arrived[0]] // _TICKS_PER_REFERENCE
        symbols = [_NOT_RECEIVED] * (arrived[-1] - first + 1)
        deltas = bytearray()
        last_ticks = reference * _TICKS_PER_REFERENCE
        for number in arrived:
            ticks = self._arrivals[number]
            delta = ticks - last_ticks
            last_ticks = ticks
            if 0 <= delta <= 0xFF:
                symbols[number - first] = _SMALL_DELTA
                deltas.append(delta)
            else:
                symbols[number - first] = _LARGE_DELTA
                deltas += _LARGE.pack(delta)
        prefix = _PREFIX.pack(first & 0xFFFF, len(symbols), (reference & 0xFFFFFF) << 8 | self._feedback_count)
        self._feedback_count = (self._feedback_count + 1) & 0xFF
        chunks = b"".join(map(_CHUNK.pack, _status_chunks(symbols)))
        return build_congestion_feedback(self._sender_ssrc, self.media_ssrc, prefix + chunks + deltas)


def _status_chunks(symbols: Sequence[int]) -> Iterator[int]:
    """Yield 16 bit chunks for the statuses: a run, a vector of 14 one-bit, or a vector of 7 two-bit symbols.

    A run has 13 bits for its length, which WINDOW and _MAX_STATUSES keep any run below.
    """
    position = 0
    while position < len(symbols):
        run = _run_length(symbols, position)
        window = symbols[position : position + 14]
        if run >= len(window):
            yield symbols[position] << 13 | run
            position += run
        elif _LARGE_DELTA not in window:
            yield 0x8000 | _pack_vector(window, width=1, size=14)
            position += 14
        elif run >= 7:
            yield symbols[position] << 13 | run
            position += run
        else:
            yield 0xC000 | _pack_vector(window[:7], width=2, size=7)
            position += 7


def _run_length(symbols: Sequence[int], position: int) -> int:
    end = position + 1
    while end < len(symbols) and symbols[end] == symbols[position]:
        end += 1
    return end - position


def _pack_vector(symbols: Sequence[int], *, width: int, size: int) -> int:
    """Pack symbols from the highest bit on; the last chunk's missing ones are zeros that the status count cuts off."""
    packed = 0
    for symbol in symbols:
        packed = packed << width | symbol
    return packed << width * (size - len(symbols))
