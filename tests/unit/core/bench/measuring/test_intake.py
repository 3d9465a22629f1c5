"""What a session makes of the viewer's reports; it is never connected, the reports are the test's."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from avatar_core.bench.session.bench_session import BenchSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomChoice, RoomKind
from avatar_core.bench.snapshot import Levels, MetricRow
from avatar_core.bench.states import SeriesName, Severity
from avatar_core.wire import process_messages, viewer_events
from avatar_core.wire.livekit import AvatarReport, PictureReport, SegmentReport
from tests.fakes.clock import ManualClock

LIVE = SimpleNamespace(
    identity="avatar-wave-1", traits=SimpleNamespace(has_face=True, id="audio-wave", name="Audio wave"), join_s=0.8
)


class Told:
    """A session and what it is told."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.session = BenchSession(Config(RoomChoice(RoomKind.EMBEDDED, "a test")), clock=self.clock)
        self.said: list[tuple[str, str, Severity]] = []
        self.session.event.connect(lambda event: self.said.append((event.kind, event.text, event.severity)))
        self.session.life.view.live(LIVE)

    def tell(self, message: object) -> None:
        self.session.life.intake.viewer_said(message)

    def row(self, name: str) -> MetricRow:
        return next(row for row in self.session.snapshot().metrics if row.name == name)

    def second(self, *, late_ms: float = 1.0, stolen: float = 0.0) -> None:
        self.clock.move(1.0)
        self.tell(process_messages.ProcessLoad(0.1, 0.2, late_ms, late_ms, self.clock.now(), machine_stolen=stolen))

    def video(self, identity: str, fps: float) -> None:
        self.tell(viewer_events.VideoStats(identity, 640, 360, fps, 1e6, 3, self.clock.now()))


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    made = Told()
    yield made
    await made.session.aclose()


async def test_the_rate_of_the_avatar_that_is_shown_is_a_figure_and_no_others(told: Told) -> None:
    told.video(LIVE.identity, 25.0)
    told.video("avatar-wave-2", 5.0)
    assert (told.row("fps").n, told.row("fps").max) == (1, 25.0)


async def test_offsets_are_curve_and_figure(told: Told) -> None:
    told.tell(viewer_events.OffsetMeasured(99.5, -12.0))
    told.tell(viewer_events.OffsetMeasured(99.9, 8.0))
    assert told.session.series(SeriesName.AV_OFFSET_MS, 0.0).value.tolist() == [-12.0, 8.0]
    assert (told.row("av_offset_ms").n, told.row("av_offset_ms").max) == (2, -12.0)


async def test_the_viewers_buffer_is_the_audio_delay(told: Told) -> None:
    told.tell(viewer_events.Samples("buffer_audio_ms", ((99.9, 60.0),)))
    assert told.row("audio_delay_ms").value == 60.0
    assert told.session.series(SeriesName.BUFFER_AUDIO_MS, 0.0).value.tolist() == [60.0]


async def test_a_freeze_that_reaches_back_into_untrusted_time_is_no_figure(told: Told) -> None:
    told.second(late_ms=50.0)
    for _ in range(4):
        told.second()
    assert told.session.snapshot().trust.trusted
    told.video(LIVE.identity, 25.0)
    told.tell(viewer_events.Samples("freeze_s", ((told.clock.now(), 4.5),)))
    told.tell(viewer_events.Samples("freeze_s", ((told.clock.now(), 0.6),)))
    assert (told.row("freeze_s").n, told.row("freeze_count").value) == (1, 1.0)


async def test_levels_are_shown_while_something_is_heard(told: Told) -> None:
    told.tell(viewer_events.Levels(LIVE.identity, -6.0, -12.0, 100.0))
    assert told.session.levels() == Levels(-12.0, -6.0)
    told.tell(viewer_events.Levels(LIVE.identity, -120.0, -120.0, 100.0))
    assert told.session.levels() == Levels()


async def test_levels_do_not_outlive_the_avatar(told: Told) -> None:
    told.tell(viewer_events.Levels(LIVE.identity, -6.0, -12.0, 100.0))
    told.session.life.view.gone(room=False)
    assert told.session.levels() == Levels()


async def test_doubt_raises_a_notice_that_goes_with_it(told: Told) -> None:
    told.second(late_ms=50.0)
    (notice,) = told.session.snapshot().notices
    assert (notice.id, notice.severity) == ("not_trusted", Severity.BROKEN)
    assert notice.body.startswith("Viewer clock 50 ms late")
    for _ in range(4):
        told.second()
    assert told.session.snapshot().notices == ()
    assert told.said[-1] == ("Trust", "Figures are trusted again", Severity.OK)
    assert [span.reason for span in told.session.timeline(0.0).untrusted] == ["viewer clock 50 ms late"]


async def test_the_notice_says_what_helps_also_where_closing_programs_does_not(told: Told) -> None:
    told.second(late_ms=50.0, stolen=0.05)
    assert "Close other programs, or have smaller avatars" in told.session.snapshot().notices[0].body
    for _ in range(4):
        told.second()
    told.second(late_ms=50.0, stolen=0.32)
    body = told.session.snapshot().notices[0].body
    assert "host gave 32 % of its cores to others: use a quieter one, or have smaller avatars" in body
    assert "Close" not in body


async def test_a_lack_of_a_speaker_is_told_once(told: Told) -> None:
    for _ in range(3):
        told.tell(viewer_events.MonitorState("no_device", "", "No speaker found."))
    assert told.said == [("Monitor", "No speaker found.", Severity.WARN)]
    monitor = told.session.snapshot().monitor
    assert (monitor.available, monitor.why) == (False, "No speaker found.")


async def test_muting_is_remembered_without_a_speaker(told: Told) -> None:
    await told.session.set_monitor_muted(True)
    told.tell(viewer_events.MonitorState("no_device", "", "No speaker found."))
    assert told.session.snapshot().monitor.muted


async def test_the_workers_own_offset_is_one_figure_a_report(told: Told) -> None:
    segments = tuple(SegmentReport(f"s{n}", 0, 0.5, 1.0) for n in range(3))
    pictures = (PictureReport(40, 3.0), PictureReport(41, 9.0), PictureReport(42, 2.0))
    told.session.life.intake.avatar_reported(AvatarReport(1, 100.0, segments, pictures))
    told.session.life.intake.avatar_reported(AvatarReport(2, 100.1, segments))
    assert (told.row("av_offset_source_ms").n, told.row("av_offset_source_ms").value) == (1, 3.0)


async def test_a_failure_of_the_viewer_is_told_with_its_place(told: Told) -> None:
    told.tell(process_messages.ProcessFailure("The viewer failed.", "viewer levels", "", True, 100.0))
    assert told.said == [("Viewer", "The viewer failed. viewer levels", Severity.FAIL)]


async def test_unknown_actions_of_notices_are_refused(told: Told) -> None:
    result = await told.session.act_on_notice("worker_died", "dance")
    assert (result.ok, result.text) == (False, "There is no action 'dance'")


async def test_the_source_of_an_avatar_that_does_not_tell_is_estimated_from_the_viewers_own_delays(told: Told) -> None:
    told.tell(viewer_events.OffsetMeasured(99.0, -30.0))
    assert told.row("av_offset_source_ms").n == 0
    told.tell(viewer_events.WayRead(99.1, -45.0))
    told.tell(viewer_events.OffsetMeasured(99.5, -30.0))
    row = told.row("av_offset_source_ms")
    assert (row.n, row.value, row.estimated) == (1, 15.0, True)


async def test_a_zero_does_not_move_with_the_viewers_buffers_where_no_report_tells_the_way(told: Told) -> None:
    zero = told.session.life.figures.zero
    for second in range(20):
        at_s, stay_ms = 100.0 + second, 30.0 + 4 * second
        told.session.life.intake.avatar_reported(AvatarReport(second, at_s, (), (PictureReport(second, 0.0),)))
        told.tell(viewer_events.WayRead(at_s, 10.0 - stay_ms))
        told.tell(viewer_events.OffsetMeasured(at_s + 0.1, 15.0 - stay_ms))
    assert zero.zero_ms == pytest.approx(5.0, abs=2.0)
    assert zero.most_moved_ms < 2.0


async def test_the_zero_is_told_against_the_very_picture_that_flashed(told: Told) -> None:
    zero = told.session.life.figures.zero
    for second in range(20):
        at_s, late_ms = 100.0 + second, float(second % 3)
        told.tell(viewer_events.OffsetMeasured(at_s, late_ms - 15.0, 30 * second))
        pictures = tuple(PictureReport(30 * second + n, late_ms if n == 0 else 40.0) for n in range(3))
        told.session.life.intake.avatar_reported(AvatarReport(second, at_s, (), pictures))
        told.tell(viewer_events.WayRead(at_s + 0.5, -5.0, 0.0))
    settled = [one.zero_ms for one in zero.differences]
    assert settled == pytest.approx([-15.0] * len(settled))
    assert len(settled) > 5


async def test_what_waits_at_the_worker_and_the_viewer_is_a_figure_of_each_second(told: Told) -> None:
    for number in range(24):
        segments = (SegmentReport("s1", 0, 0.5 if number == 4 else 0.1, 0.0), SegmentReport("s2", 0, 0.2, 0.0))
        told.session.life.intake.avatar_reported(AvatarReport(number, told.clock.now(), segments))
        told.clock.move(0.1)
    told.tell(viewer_events.Samples("viewer_waiting_frames", ((told.clock.now(), 8.0),)))
    told.tell(viewer_events.Samples("viewer_dropped_frames", ((told.clock.now(), 3.0),)))
    figures = told.session.life.figures
    assert figures.values("worker_buffered_s") == pytest.approx([0.7, 0.3])
    assert (figures.values("viewer_waiting_frames"), figures.values("viewer_dropped_frames")) == ([8.0], [3.0])
