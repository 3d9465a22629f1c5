"""Reading an avatar's reports (`wire.livekit.AvatarReport`): from the right sender, newest first, the rest counted."""

import logging
from collections.abc import Collection, Iterator

from avatar_core.errors import WireError
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.values import DataPacket
from avatar_core.wire.livekit import TOPIC_BENCH_REPORT, AvatarReport, decode_report

_log = logging.getLogger(__name__)


class ReportReader:
    """Reports of the participant `sender`. Packets may be lost or overtake each other: an older one is not returned."""

    def __init__(self, sender: str) -> None:
        self.bad = 0
        """Reports that could not be read."""
        self._sender = sender
        self._last_sequence = -1
        self._played_s: dict[SegmentRef, float] = {}

    def read(self, packet: DataPacket) -> AvatarReport | None:
        """The report that `packet` brings, None where it brings none, nothing new, or what can't be read."""
        if packet.topic != TOPIC_BENCH_REPORT or packet.sender != self._sender:
            return None
        try:
            report = decode_report(packet.payload)
        except WireError as failure:
            self.bad += 1
            _log.debug("a report of %r: %s", self._sender, failure)
            return None
        if report.sequence <= self._last_sequence:
            return None
        self._last_sequence = report.sequence
        return report

    @property
    def any_came(self) -> bool:
        """Whether the sender, since it came, has shown that it knows what is ours alone on the wire."""
        return self._last_sequence >= 0

    def begin_anew(self) -> None:
        """The sender left: whoever comes under its name counts from the beginning."""
        self._last_sequence = -1

    def progress(
        self, report: AvatarReport, pending: Collection[SegmentRef]
    ) -> Iterator[tuple[SegmentRef, float, float]]:
        """What `report` has played of each of the `pending` segments since the one before: from where, how much; s."""
        self._played_s = {ref: played_s for ref, played_s in self._played_s.items() if ref in pending}
        for segment in report.segments:
            ref = SegmentRef(segment.segment_id, segment.generation)
            known_s = self._played_s.get(ref, 0.0)
            if ref in pending and segment.played_s > known_s:
                self._played_s[ref] = segment.played_s
                yield ref, known_s, segment.played_s - known_s
