"""How one received stream is doing: the statistics of a receiver report, and the gaps to ask for again.

Pure bookkeeping by sequence numbers; the packets themselves are read in `rtp` and the reports built in `rtcp`.
"""

from dataclasses import dataclass

from avatar_core.roomserver.rtcp import ReportBlock
from avatar_core.roomserver.rtp import extend_sequence, sequence_distance

MAX_DROPOUT = 3000
"""Packets a stream may jump forward and still count as the same stream that lost some (RFC 3550, A.1)."""
MAX_MISORDER = 1024
"""Packets one may lie behind and still be late. RFC 3550 has 100, but here a repair is a plain retransmission on the
same SSRC (ROOMSERVER 4.5), and at video rates a repair of one second ago lies several hundred packets behind."""
MAX_GAP = 500
"""Packets missing in a row, or lying behind the newest, above which asking again would not mend the picture."""

_MIN_LOST = -0x800000
_MAX_LOST = 0x7FFFFF


class ReceptionStats:
    """The figures of one received SSRC for its receiver reports (RFC 3550, A.1, A.3 and A.8).

    Without A.1's probation of new sources: SRTP has proved each packet to be the publisher's.
    """

    def __init__(self, ssrc: int, clock_rate_hz: int) -> None:
        self._ssrc = ssrc
        self._clock_rate_hz = clock_rate_hz
        self._received = 0
        # Extended sequence numbers. A stream that has not begun expects nothing: highest - first + 1 is zero.
        self._first = 1
        self._highest = 0
        self._restart_candidate: int | None = None
        self._jitter = 0.0
        self._last_timestamp = 0
        self._last_arrival_s = 0.0
        self._expected_before = 0
        self._received_before = 0
        self._sender_report: tuple[int, float] | None = None

    def record(self, sequence_number: int, timestamp: int, arrival_s: float) -> None:
        """Count one packet; `timestamp` is its RTP time.

        Of a jump that is neither loss nor reordering the first packet is left out. If its successor follows, the stream
        has begun anew and is counted from there.
        """
        if not self._received:
            self._begin(sequence_number, timestamp, arrival_s)
            return
        number = extend_sequence(sequence_number, self._highest)
        ahead = number - self._highest
        if not -MAX_MISORDER <= ahead <= MAX_DROPOUT:
            if sequence_number == self._restart_candidate:
                self._begin(sequence_number, timestamp, arrival_s)
            else:
                self._restart_candidate = (sequence_number + 1) & 0xFFFF
            return
        self._received += 1
        # A late packet says nothing about the jitter: most are repairs, which come a round trip later by design.
        if ahead > 0:
            self._highest = number
            self._update_jitter(timestamp, arrival_s)

    def sender_report(self, ntp_timestamp: int, arrival_s: float) -> None:
        """Note a sender report of this stream, which lets the sender measure the round trip by the next block."""
        self._sender_report = (ntp_timestamp, arrival_s)

    def report_block(self, now_s: float) -> ReportBlock:
        """Return the report block about the stream; begins a new interval for the fraction lost."""
        expected = self._highest - self._first + 1
        expected_since = expected - self._expected_before
        lost_since = expected_since - (self._received - self._received_before)
        self._expected_before = expected
        self._received_before = self._received
        last_sender_report = delay = 0
        if self._sender_report is not None:
            ntp_timestamp, arrival_s = self._sender_report
            last_sender_report = ntp_timestamp >> 16 & 0xFFFFFFFF
            delay = min(round((now_s - arrival_s) * 0x10000), 0xFFFFFFFF)
        return ReportBlock(
            ssrc=self._ssrc,
            # Repairs of an earlier interval can make the loss negative, and then nothing was lost.
            fraction_lost=(lost_since << 8) // expected_since if lost_since > 0 else 0,
            cumulative_lost=max(_MIN_LOST, min(expected - self._received, _MAX_LOST)),
            highest_sequence=self._highest & 0xFFFFFFFF,
            jitter=min(int(self._jitter), 0xFFFFFFFF),
            last_sender_report=last_sender_report,
            delay_since_sender_report=delay,
        )

    def _begin(self, sequence_number: int, timestamp: int, arrival_s: float) -> None:
        self._received = 1
        self._first = self._highest = sequence_number
        self._restart_candidate = None
        self._jitter = 0.0
        self._last_timestamp = timestamp
        self._last_arrival_s = arrival_s
        self._expected_before = 0
        self._received_before = 0

    def _update_jitter(self, timestamp: int, arrival_s: float) -> None:
        sent_apart = ((timestamp - self._last_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        arrived_apart = (arrival_s - self._last_arrival_s) * self._clock_rate_hz
        self._jitter += (abs(arrived_apart - sent_apart) - self._jitter) / 16
        self._last_timestamp = timestamp
        self._last_arrival_s = arrival_s


@dataclass(slots=True)
class _Request:
    """How often a missing packet was asked for, and when to ask again; None until a clock was seen."""

    asked: int = 1
    again_s: float | None = None


class GapDetector:
    """Finds the packets missing from a video stream and says when to ask for each.

    It holds only numbers within MAX_GAP of the newest: older ones, and those asked for `max_requests` times, are given
    up. A jump by more than MAX_GAP, either way, is a new beginning and not a gap.
    """

    def __init__(self, *, interval_s: float = 0.05, max_requests: int = 10) -> None:
        self.given_up = 0
        """Packets that were missing and are no longer asked for."""
        self._interval_s = interval_s
        self._max_requests = max_requests
        self._highest: int | None = None
        # In sending order: a number is entered once, when the first packet behind it comes.
        self._missing: dict[int, _Request] = {}

    def record(self, sequence_number: int) -> tuple[int, ...]:
        """Note a packet; return the sequence numbers it shows to be missing, oldest first, to ask for at once."""
        if self._highest is None:
            self._highest = sequence_number
            return ()
        ahead = sequence_distance(self._highest, sequence_number)
        if ahead == 1 and not self._missing:
            self._highest = sequence_number
            return ()
        if -MAX_GAP <= ahead <= 0:
            self._missing.pop(sequence_number, None)
            return ()
        missing: tuple[int, ...] = ()
        if 0 < ahead <= MAX_GAP:
            missing = tuple((self._highest + step) & 0xFFFF for step in range(1, ahead))
            self._missing.update((number, _Request()) for number in missing)
            self._give_up_before(sequence_number - MAX_GAP)
        else:
            self.given_up += len(self._missing)
            self._missing.clear()
        self._highest = sequence_number
        return missing

    def due(self, now_s: float) -> tuple[int, ...]:
        """Return the sequence numbers to ask for again now, oldest first.

        `record` knows no time, so a request's interval begins with the first call after it.
        """
        due = []
        exhausted = []
        for number, request in self._missing.items():
            if request.again_s is None:
                request.again_s = now_s + self._interval_s
            elif now_s >= request.again_s:
                if request.asked == self._max_requests:
                    exhausted.append(number)
                else:
                    request.asked += 1
                    request.again_s = now_s + self._interval_s
                    due.append(number)
        for number in exhausted:
            del self._missing[number]
        self.given_up += len(exhausted)
        return tuple(due)

    def _give_up_before(self, oldest: int) -> None:
        """Forget what is missing before this number, which may lie beyond the wrap."""
        while self._missing:
            number = next(iter(self._missing))
            if sequence_distance(oldest & 0xFFFF, number) >= 0:
                return
            del self._missing[number]
            self.given_up += 1
