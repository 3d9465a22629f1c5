"""When a face is read, and what is made of the answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.face_reading import CALIBRATED, EVERY_S, METRIC, FaceReading
from avatar_core.bench.settings.thresholds import load_trust_limits
from avatar_core.bench.snapshot import LedgerBalance, MetricRow
from avatar_core.errors import BenchError
from avatar_core.metrics.lip_sync.bias import Biases
from avatar_core.tasks import TaskGroup
from avatar_core.wire.analysis import FaceAnalyzed
from avatar_core.wire.viewer_events import OffsetMeasured, SoundChanged
from tests.fakes.clock import ManualClock

LIMITS = load_trust_limits()
READ = FaceAnalyzed(1, 24.0, 990.0, 1_000.0, 0.6, "")
REFUSED = FaceAnalyzed(2, None, 990.0, 1_000.0, 0.0, "too little speech")


class Reading:
    """A face reading whose analyst answers what it is told to; `asked` has who and since when."""

    def __init__(self, tasks: TaskGroup) -> None:
        self.clock = ManualClock()
        self.figures = Figures(self.clock, LIMITS)
        self.answers: list[FaceAnalyzed | BenchError] = []
        self.asked: list[tuple[str, float]] = []
        self.avatar: str | None = "ada"
        self.said: tuple[str, str] | None = ("acme", "burst")
        self.faces = FaceReading(
            self.figures,
            self.clock,
            tasks,
            avatar=lambda: self.avatar,
            analyzed=self._analyzed,
            biases=Biases({("acme", "burst"): 28.0}),
            said=lambda: self.said,
        )

    async def _analyzed(self, identity: str, since_s: float) -> FaceAnalyzed:
        self.asked.append((identity, since_s))
        answer = self.answers.pop(0)
        if isinstance(answer, BenchError):
            raise answer
        return answer

    def hear(self, audible: bool = True) -> None:
        self.faces.take(SoundChanged("ada", audible, self.clock.now()))

    def row_of(self, metric: str) -> MetricRow:
        return next(row for row in self.figures.rows(LedgerBalance()) if row.name == metric)

    @property
    def row(self) -> MetricRow:
        return self.row_of(METRIC)


@asynccontextmanager
async def reading(*answers: FaceAnalyzed | BenchError) -> AsyncIterator[Reading]:
    tasks = TaskGroup()
    made = Reading(tasks)
    made.answers = list(answers)
    yield made
    await tasks.aclose()


async def test_a_sound_that_is_told_while_the_session_closes_begins_nothing() -> None:
    tasks = TaskGroup()
    face = Reading(tasks)
    await tasks.aclose()
    face.hear()
    await face.clock.advance(EVERY_S)
    assert (len(tasks), face.asked) == (0, [])


async def test_a_face_is_read_every_few_seconds_while_it_is_heard() -> None:
    async with reading(READ, READ) as face:
        await face.clock.advance(EVERY_S)
        assert face.asked == []
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        await face.clock.advance(EVERY_S)
        assert (face.row.n, face.row.value) == (2, 24.0)
        (_, first_s), (_, second_s) = face.asked
        assert first_s < second_s < face.clock.now()


async def test_a_known_bias_is_taken_off_in_a_figure_of_its_own_and_the_raw_one_stays() -> None:
    async with reading(READ) as face:
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        assert (face.row.value, face.row_of(CALIBRATED).value) == (24.0, -4.0)
        assert "raw +24 ms, calibrated bias +28 ms" in face.row_of(CALIBRATED).note


async def test_what_rests_on_two_utterances_has_no_bias() -> None:
    long = FaceAnalyzed(1, 24.0, 0.0, 1_000.0, 0.6, "")
    async with reading(long, long) as face:
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        face.said = ("acme", "monologue")
        await face.clock.advance(EVERY_S)
        assert (face.row.n, face.row_of(CALIBRATED).n) == (2, 1)


async def test_the_figure_says_that_it_is_relative_and_how_sure_it_is() -> None:
    async with reading(READ) as face:
        face.said = ("acme", "monologue")
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        assert "relative only" in face.row.note and "confidence 0.60" in face.row.note


async def test_a_refusal_leaves_no_value_but_its_reason() -> None:
    async with reading(READ, REFUSED) as face:
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        await face.clock.advance(EVERY_S)
        assert (face.row.n, face.row.value, face.row.note) == (1, None, "refused: too little speech")


async def test_a_face_that_was_silent_all_the_while_is_not_read() -> None:
    async with reading(READ) as face:
        face.hear()
        face.hear(audible=False)
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        await face.clock.advance(EVERY_S)
        assert len(face.asked) == 1


async def test_whoever_shows_the_pattern_is_measured_by_it() -> None:
    async with reading() as face:
        face.faces.take(OffsetMeasured(1.0, 3.0))
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        assert face.asked == [] and "sync pattern" in face.row.note


async def test_a_reading_that_fails_is_told_and_the_next_one_counts() -> None:
    async with reading(BenchError("the viewer did not answer"), READ) as face:
        face.hear()
        await face.clock.advance(0)
        await face.clock.advance(EVERY_S)
        assert face.row.note == "not read: the viewer did not answer"
        await face.clock.advance(EVERY_S)
        assert face.row.n == 1
