import json
import logging
from pathlib import Path

import pytest

from avatar_core.bench.contract import SessionEvent, WebRtcStatistics
from avatar_core.bench.fake.session import FakeSession
from avatar_core.bench.figures.figures import Sample
from avatar_core.bench.results.run_folder import RunFolder, default_run_folder
from avatar_core.bench.states import Severity
from avatar_core.errors import ConfigError
from avatar_core.room.wire_record import WireEvent


def events_in(path: Path) -> list[dict]:
    return [json.loads(line) for line in (path / "events.jsonl").read_text("utf-8").splitlines()]


async def test_events_are_written_as_they_come(tmp_path: Path) -> None:
    session, folder = FakeSession(), RunFolder(tmp_path / "run")
    folder.follow(session)
    session.event.emit(SessionEvent(12.5, "Swap", "1 to 2", Severity.OK, provider_id="wave"))
    expected = {"time_s": 12.5, "kind": "Swap", "text": "1 to 2", "severity": "ok", "provider_id": "wave"}
    assert events_in(folder.path) == [expected]
    folder.close()
    session.event.emit(SessionEvent(13.0, "Swap", "late"))
    assert events_in(folder.path) == [expected]
    folder.close()


async def test_what_goes_over_the_wire_is_written_too_without_its_content(tmp_path: Path) -> None:
    session, folder = FakeSession(), RunFolder(tmp_path / "run")
    folder.follow(session)
    session.wire.emit(WireEvent(12.5, "sent", "rpc", "lk.clear_buffer", "avatar-1", 0, "ok", 4.2))
    folder.close()
    assert events_in(folder.path) == [
        {
            "time_s": 12.5,
            "kind": "Wire",
            "what": "rpc",
            "direction": "sent",
            "name": "lk.clear_buffer",
            "peer": "avatar-1",
            "bytes": 0,
            "outcome": "ok",
            "took_ms": 4.2,
        }
    ]


async def test_statistics_of_both_sides_are_written_as_they_are(tmp_path: Path) -> None:
    session, folder = FakeSession(), RunFolder(tmp_path / "run")
    folder.follow(session)
    session.statistics.emit(WebRtcStatistics(12.5, "viewer", "audio of avatar-1", [{"inbound_rtp": {"x": 1}}]))
    session.statistics.emit(WebRtcStatistics(12.6, "agent", "publisher", []))
    folder.close()
    lines = (folder.path / "getstats.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"time_s": 12.5, "side": "viewer", "of": "audio of avatar-1", "stats": [{"inbound_rtp": {"x": 1}}]},
        {"time_s": 12.6, "side": "agent", "of": "publisher", "stats": []},
    ]


async def test_samples_are_a_table_with_whether_each_can_be_trusted(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "run")
    folder.write_samples([Sample(1.5, "ack_ms", 12.25, True), Sample(2.0, "fps", 29.5, False)])
    folder.close()
    assert (folder.path / "samples.csv").read_text("utf-8").splitlines() == [
        "time_s,metric,value,trusted",
        "1.500000,ack_ms,12.25,True",
        "2.000000,fps,29.5,False",
    ]


async def test_the_log_has_our_information_and_everybodys_warnings(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.follow(FakeSession())
    logging.getLogger("avatar_core.child").info("viewer: hello")
    logging.getLogger("somebody").info("chatter")
    logging.getLogger("somebody").warning("beware")
    folder.close()
    text = (tmp_path / "log").read_text("utf-8")
    assert "INFO avatar_core.child viewer: hello" in text
    assert "WARNING somebody beware" in text
    assert "chatter" not in text


async def test_closing_leaves_logging_as_it_was(tmp_path: Path) -> None:
    core, root = logging.getLogger("avatar_core"), logging.getLogger()
    before = core.level, list(root.handlers)
    folder = RunFolder(tmp_path)
    folder.follow(FakeSession())
    assert core.isEnabledFor(logging.INFO)
    folder.close()
    assert (core.level, list(root.handlers)) == before


def test_the_result_is_written_as_json(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    path = folder.write_result({"verdict": "pass"})
    assert json.loads(path.read_text("utf-8")) == {"verdict": "pass"}
    with pytest.raises(ValueError, match="JSON compliant"):
        folder.write_result({"value": float("nan")})
    folder.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigError, match=r"taken.*Choose another --out"):
        RunFolder(tmp_path / "taken")


def test_without_a_choice_a_run_has_a_folder_of_its_name() -> None:
    assert default_run_folder("run-7") == Path("runs/run-7")
