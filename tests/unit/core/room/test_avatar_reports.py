"""Which of an avatar's reports are believed."""

import pytest

from avatar_core.room.avatar_reports import ReportReader
from avatar_core.room.values import DataPacket
from avatar_core.wire.livekit import TOPIC_BENCH_REPORT, AvatarReport, encode_report


def packet(sequence: int, *, sender: str = "avatar", topic: str = TOPIC_BENCH_REPORT) -> DataPacket:
    return DataPacket(encode_report(AvatarReport(sequence, 1.0, ())), topic, sender, reliable=False)


def test_older_report_that_comes_late_is_not_returned() -> None:
    reader = ReportReader("avatar")
    sequences = [report.sequence for n in (0, 2, 1, 2, 3) if (report := reader.read(packet(n))) is not None]
    assert sequences == [0, 2, 3]


def test_new_participant_of_the_same_name_counts_anew() -> None:
    reader = ReportReader("avatar")
    assert reader.read(packet(7)) is not None
    reader.begin_anew()
    assert reader.read(packet(0)) is not None


@pytest.mark.parametrize("foreign", [packet(0, sender="stranger"), packet(0, topic="chat")])
def test_others_are_left_alone(foreign: DataPacket) -> None:
    reader = ReportReader("avatar")
    assert reader.read(foreign) is None
    assert reader.bad == 0


def test_unreadable_report_is_counted() -> None:
    reader = ReportReader("avatar")
    assert reader.read(DataPacket(b"{", TOPIC_BENCH_REPORT, "avatar", reliable=False)) is None
    assert reader.bad == 1
