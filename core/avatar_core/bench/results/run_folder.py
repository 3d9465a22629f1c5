"""The folder of one run: events, statistics and log while it goes on, samples and result at its end."""

import csv
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, Any

from avatar_core.bench.contract import Session, SessionEvent, WebRtcStatistics
from avatar_core.bench.figures.figures import Sample
from avatar_core.errors import ConfigError
from avatar_core.room.wire_record import WireEvent

_CORE = "avatar_core"
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class RunFolder:
    """Made before the run; follows one session until `close`. Secrets reach neither events nor log.

    The log has warnings of the whole process, and what avatar_core says from INFO on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._events: IO[str] = (path / "events.jsonl").open("w", encoding="utf-8", buffering=1)
            self._statistics: IO[str] = (path / "getstats.jsonl").open("w", encoding="utf-8", buffering=1)
            self._log = logging.FileHandler(path / "log", mode="w", encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"The run folder {path} can't be written: {error.strerror}. Choose another --out."
            ) from error
        self._log.setFormatter(logging.Formatter(_LOG_FORMAT))
        self._log.setLevel(logging.INFO)
        self._disconnect: Callable[[], None] | None = None
        self._level_before: int | None = None

    def follow(self, session: Session) -> None:
        """Write every event of `session`, what goes over its wire, and the program's log, from now on."""
        ends = (
            session.event.connect(self._write_event),
            session.wire.connect(self._write_wire),
            session.statistics.connect(self._write_statistics),
        )

        def disconnect() -> None:
            for end in ends:
                end()

        self._disconnect = disconnect
        logging.getLogger().addHandler(self._log)
        core = logging.getLogger(_CORE)
        self._level_before = core.level
        core.setLevel(logging.INFO)

    def write_result(self, result: Mapping[str, Any]) -> Path:
        """Write result.json; returns where."""
        path = self.path / "result.json"
        path.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        return path

    def write_samples(self, samples: Iterable[Sample]) -> None:
        """Write samples.csv: every value of every metric, also those that can't be trusted."""
        with (self.path / "samples.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(Sample._fields)
            for sample in samples:
                table.writerow((f"{sample.time_s:.6f}", sample.metric, f"{sample.value:.6g}", sample.trusted))

    def close(self) -> None:
        """Stop following; harmless twice."""
        if self._disconnect is not None:
            self._disconnect()
            self._disconnect = None
        logging.getLogger().removeHandler(self._log)
        if self._level_before is not None:
            logging.getLogger(_CORE).setLevel(self._level_before)
            self._level_before = None
        self._log.close()
        self._events.close()
        self._statistics.close()

    def _write_event(self, event: SessionEvent) -> None:
        line = {
            "time_s": round(event.time_s, 6),
            "kind": event.kind,
            "text": event.text,
            "severity": event.severity.value,
            "provider_id": event.provider_id,
            "segment_id": event.segment_id,
        }
        self._write_line(line)

    def _write_wire(self, event: WireEvent) -> None:
        line = {
            "time_s": round(event.at_s, 6),
            "kind": "Wire",
            "what": event.kind,
            "direction": event.direction,
            "name": event.name,
            "peer": event.peer,
            "bytes": event.size_bytes,
            "outcome": event.outcome,
            "took_ms": "" if event.took_ms is None else event.took_ms,
        }
        self._write_line(line)

    def _write_statistics(self, read: WebRtcStatistics) -> None:
        line = {"time_s": round(read.time_s, 6), "side": read.side, "of": read.of, "stats": list(read.entries)}
        self._statistics.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _write_line(self, line: Mapping[str, Any]) -> None:
        self._events.write(json.dumps({key: value for key, value in line.items() if value != ""}) + "\n")


def default_run_folder(run_id: str) -> Path:
    """Where a run goes without --out: runs/<run id> in the current folder."""
    return Path("runs") / run_id
