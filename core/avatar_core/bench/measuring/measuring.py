"""What is measured of an utterance once it is over: the viewer writes what it got, the analyst compares it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import combinations

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.analyst_child import AnalystChild
from avatar_core.bench.measuring.face_reading import FaceReading
from avatar_core.bench.measuring.observations import Observing
from avatar_core.bench.measuring.offset_course import OffsetCourse
from avatar_core.bench.speech.spoken import Spoken, SpokenKeeper
from avatar_core.bench.stage.stage import Stage
from avatar_core.bench.standing import Standing
from avatar_core.bench.states import Severity
from avatar_core.bench.viewing.hearing import Hearing
from avatar_core.clock import Clock
from avatar_core.errors import BenchError
from avatar_core.metrics.lip_sync.bias import Biases
from avatar_core.metrics.observations import Sound
from avatar_core.metrics.sound_health import heard_at_once_ms
from avatar_core.metrics.utterance import Measured
from avatar_core.playback.contract import AudioOutput
from avatar_core.tasks import TaskGroup
from avatar_core.viewer.observation_file import save_sound
from avatar_core.wire import analysis, viewer_events

_log = logging.getLogger(__name__)

_LATE_SOUND_S = 1.0
"""After its end is told an utterance may still be heard: what comes later is late."""
_BEFORE_S = 6.0
"""Of the time before an utterance, what its pictures tell of the face at rest."""
_GONE_AFTER_S = 5.0
_VOICES_KEPT = 8
_AVATAR_PREFIX = "avatar-"


class Measuring:
    """Owned by the session. Every utterance is measured in a task of its own, in the order in which they ended."""

    def __init__(
        self,
        figures: Figures,
        standing: Standing,
        clock: Clock,
        tasks: TaskGroup,
        *,
        hearing: Hearing,
        on_stage: Callable[[], tuple[Stage, str] | None],
        biases: Biases,
        said: Callable[[], tuple[str, str] | None],
    ) -> None:
        self.analyst = AnalystChild()
        self._figures = figures
        self._standing = standing
        self._clock = clock
        self._tasks = tasks
        # Where, and which avatar; None while there is none.
        self._on_stage = on_stage
        self._hearing = hearing
        # Who speaks by which output, the newest last: what is said now should not be heard from those before.
        self._voices: deque[tuple[AudioOutput, str]] = deque(maxlen=_VOICES_KEPT)
        self._keeper: SpokenKeeper | None = None
        self._observing = Observing()
        self._faces = FaceReading(
            figures,
            clock,
            tasks,
            avatar=self._avatar,
            analyzed=self._face_analyzed,
            biases=biases,
            said=said,
        )
        self._offsets = OffsetCourse(figures)
        self._stays: deque[tuple[float, float]] = deque(maxlen=analysis.MAX_STAYS)
        self._in_turn = asyncio.Lock()
        self._pending = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def take(self, message: object) -> None:
        """Keep what matters of one of the viewer's events."""
        self._faces.take(message)
        self._offsets.take(message)
        match message:
            case viewer_events.Observed():
                self._observing.take(message)
            case viewer_events.Samples(series="buffer_audio_ms"):
                self._stays.extend(message.points)

    def listen(self, output: AudioOutput) -> AudioOutput:
        """A link above `output` that keeps what is said, so that it can be measured once it is over."""
        self._keeper = SpokenKeeper(output, clock=self._clock)
        self._keeper.over.connect(self._on_over)
        return self._keeper

    def handed_over(self, identity: str, output: AudioOutput) -> None:
        """This avatar speaks from now on, by `output`."""
        self._voices.append((output, identity))

    def said_silence_s(self, old: AudioOutput, new: AudioOutput) -> float | None:
        """What was silent as it was said where one handed over to the other; None where nothing went on."""
        return self._keeper.crossings.silence_s(old, new) if self._keeper is not None else None

    def swapped(self) -> None:
        """A swap is done: the old avatar has five seconds to be gone."""
        self._pending += 1
        self._idle.clear()
        self._tasks.spawn(self._count_avatars(self._clock.now()), name="avatars left")

    async def wait_idle(self, timeout_s: float) -> bool:
        """Wait until everything that is over is measured; False where that takes longer."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def aclose(self) -> None:
        """End the analyst and forget the files; harmless twice."""
        await self.analyst.aclose()
        await self._observing.aclose()

    def _on_over(self, spoken: Spoken) -> None:
        on_stage = self._on_stage()
        if spoken.sound is None:
            _log.info("%s from %.1f s is not compared: %s", spoken.id, spoken.course.begins_s, spoken.why)
        elif on_stage is not None:
            self._pending += 1
            self._idle.clear()
            self._tasks.spawn(self._measure(spoken, spoken.sound, on_stage[0]), name=f"measuring {spoken.id}")

    def _voice(self, spoken: Spoken) -> tuple[str, str | None]:
        """From whom it was heard, and who spoke before; BenchError where that can't be asked for any more."""
        voices = tuple(self._voices)
        at = next((index for index, (output, _) in enumerate(voices) if output is spoken.sink), None)
        if at is None:
            raise BenchError("who said it is forgotten")
        identity = voices[at][1]
        if any(other == identity and output is not spoken.sink for output, other in voices[at + 1 :]):
            raise BenchError("another avatar has taken the name of the one that said it")
        before = next((other for _, other in reversed(voices[:at]) if other != identity), None)
        return identity, before

    async def _count_avatars(self, swapped_s: float) -> None:
        try:
            await self._clock.sleep_until(swapped_s + _GONE_AFTER_S)
            if (stage := self._on_stage()) is not None:
                people = stage[0].connection.participants
                avatars = [one for one in people if one == stage[1] or one.startswith(_AVATAR_PREFIX)]
                self._figures.measure("avatars_left", float(len(avatars)), since_s=swapped_s)
        finally:
            self._settle()

    async def _measure(self, spoken: Spoken, sound: Sound, stage: Stage) -> None:
        try:
            finished_s = spoken.course.finished_s or self._clock.now()
            await self._clock.sleep_until(finished_s + _LATE_SOUND_S)
            async with self._in_turn:
                self._take_results(spoken, await self._analyzed(spoken, sound, stage))
        except BenchError as error:
            self._standing.announce("Measure", f"{spoken.id} was not measured: {error}", Severity.WARN)
        finally:
            self._settle()

    def _settle(self) -> None:
        self._pending -= 1
        if not self._pending:
            self._idle.set()

    async def _analyzed(self, spoken: Spoken, sound: Sound, stage: Stage) -> analysis.Analyzed:
        observing, course = self._observing, spoken.course
        identity, before = self._voice(spoken)
        reference, observation, elsewhere = map(observing.path, ("said", "observed", "elsewhere"))
        try:
            await asyncio.to_thread(save_sound, reference, sound)
            why = await observing.observe(stage.viewer, identity, course.sent_s - _BEFORE_S, observation)
            if why:
                raise BenchError(why)
            # The avatar before is soon forgotten; nothing is told of it then.
            is_there = before is not None and not await observing.observe(
                stage.viewer, before, course.sent_s, elsewhere
            )
            return await self.analyst.analyze(
                analysis.Analyze(
                    observing.next_id(),
                    identity,
                    str(reference),
                    str(observation),
                    str(elsewhere) if is_there else None,
                    course.sent_s,
                    course.started_s,
                    course.finished_s,
                    course.position_s,
                    course.interrupted,
                    course.begins_s,
                    course.goes_on,
                    self._keeper.rest_sent_s(spoken) if self._keeper is not None else None,
                    # At a break another avatar may begin, whose sound has a buffer of its own.
                    () if spoken.at_break else tuple(self._stays),
                )
            )
        except OSError as error:
            raise BenchError(f"{error.strerror}: {reference.parent}") from error
        finally:
            await observing.remove(reference, observation, elsewhere)

    def _avatar(self) -> str | None:
        on_stage = self._on_stage()
        return on_stage[1] if on_stage is not None else None

    async def _face_analyzed(self, identity: str, since_s: float) -> analysis.FaceAnalyzed:
        on_stage = self._on_stage()
        if on_stage is None:
            raise BenchError("the avatar left")
        return await self._observing.faces(on_stage[0].viewer, self.analyst, identity, since_s)

    def _take_results(self, spoken: Spoken, analyzed: analysis.Analyzed) -> None:
        since_s, until_s = spoken.course.sent_s, (spoken.course.finished_s or self._clock.now()) + _LATE_SOUND_S
        measured = analyzed.values
        for name, values in measured.items():
            for value in values:
                self._figures.measure(name, value, since_s=since_s, until_s=until_s)
        if not analyzed.recognized and not (spoken.expected and analyzed.enough):
            return
        self._figures.measure("unheard_count", float(not analyzed.recognized), since_s=since_s, until_s=until_s)
        if not spoken.course.begins_s:
            unstarted = analyzed.recognized and spoken.course.started_s is None
            self._figures.measure("unstarted_count", float(unstarted), since_s=since_s, until_s=until_s)
        if not spoken.at_break:
            # While one avatar takes over from another both may be heard: that is the swap's overlap.
            heard = self._hearing.stretches(since_s, until_s).values()
            double_ms = sum(heard_at_once_ms(one, other) for one, other in combinations(heard, 2))
            self._figures.measure("double_audio_ms", double_ms, since_s=since_s, until_s=until_s)
        if not analyzed.recognized:
            text = f"{spoken.id} was not recognized in what was heard"
            self._standing.announce("Heard", text, Severity.WARN, segment_id=spoken.id)
            return
        self._offsets.measure((analyzed.first_sound_s, analyzed.end_s), since_s=since_s, until_s=until_s)
        self._standing.announce("Heard", _in_words(spoken, analyzed, measured), segment_id=spoken.id)


def _in_words(spoken: Spoken, analyzed: analysis.Analyzed, measured: Measured) -> str:
    """When it was heard, and how far what was told of that is from it."""
    begins_s = spoken.course.begins_s
    parts = [f"{spoken.id} for {analyzed.end_s - analyzed.first_sound_s:.2f} s"]
    if begins_s:
        parts[0] = f"{spoken.id} from {begins_s:.1f} s on, for {analyzed.end_s - analyzed.first_sound_s:.2f} s"
    for latency_ms in measured.get("utterance_latency_ms", ()):
        parts.append(f"from {latency_ms:.0f} ms after it was sent")
    for what in ("started", "finished"):
        for error_ms in measured.get(f"{what}_error_ms", ()):
            parts.append(f"{what} told {abs(error_ms):.0f} ms {'late' if error_ms >= 0 else 'early'}")
    return ", ".join(parts)
