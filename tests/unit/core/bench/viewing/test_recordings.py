"""Recording on request: a file of its own each time, and what becomes of it is told."""

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.states import Severity
from avatar_core.bench.viewing.recordings import Recordings
from avatar_core.wire import viewer_commands, viewer_events
from tests.fakes.clock import ManualClock, settle


class Desk:
    """The recordings of a session that is not connected, and what its viewer is asked."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(100.0)
        self.session = BenchSession(Config(RoomChoice(RoomKind.EMBEDDED, "a test")), clock=self.clock)
        self.recordings = Recordings(folder, self.session.life.standing, self.clock)
        self.asked: list[viewer_commands.Record] = []
        self.viewer = SimpleNamespace(send=self.asked.append)

    async def switch(self, on: bool, state: str, *, length_s: float = 0.0, dropped: int = 0, why: str = "") -> tuple:
        asking = asyncio.ensure_future(self.recordings.switch(on, self.viewer))
        while not self.asked:
            await asyncio.sleep(0)
        path = self.asked.pop().path or "recording.mkv"
        self.recordings.take(viewer_events.RecordingState(state, path, length_s, dropped, why))
        return await asking


@pytest.fixture
async def desk(tmp_path: Path):
    made = Desk(tmp_path / "run")
    yield made
    await made.session.aclose()


async def test_each_recording_has_a_file_of_its_own_in_the_run_folder(desk: Desk) -> None:
    ok, text, _ = await desk.switch(True, "recording")
    assert (ok, text) == (True, "Recording to recording.mkv")
    assert desk.recordings.info is not None
    (desk.recordings.folder / "recording.mkv").touch()
    ok, text, values = await desk.switch(False, "stopped", length_s=42.0, dropped=3)
    assert (ok, text, values["recorded_s"]) == (True, "42 s saved, 3 frames dropped", 42.0)
    assert desk.recordings.info is None
    assert (await desk.switch(True, "recording"))[1] == "Recording to recording-2.mkv"


async def test_one_that_breaks_off_leaves_a_notice_with_what_is_saved(desk: Desk) -> None:
    await desk.switch(True, "recording")
    desk.recordings.take(viewer_events.RecordingState("failed", "/x/recording.mkv", 42.0, 0, "Is the disk full?"))
    notice = desk.session.life.standing.notices["recording"]
    assert (notice.title, notice.severity) == ("The recording stopped", Severity.FAIL)
    assert notice.body == "42 s are saved in /x/recording.mkv. Is the disk full?"
    assert desk.recordings.info is None


async def test_asked_twice_nothing_changes(desk: Desk) -> None:
    assert (await desk.recordings.switch(False, desk.viewer))[1] == "Nothing is recorded"
    await desk.switch(True, "recording")
    assert (await desk.recordings.switch(True, desk.viewer))[1] == "Recording already"
    await settle()
    assert desk.asked == []
