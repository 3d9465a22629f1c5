"""The analyst process: measures speech, health and faces out of files, in turn, at low priority, where no clock waits.

Orders on stdin, answers on stdout; it ends with its owner, once what it measures is done, or at SIGTERM, at once.
"""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from avatar_core.errors import WireError
from avatar_core.metrics.health import measure_health
from avatar_core.metrics.leak import leak_ms
from avatar_core.metrics.lip_sync.follower import FaceFollower
from avatar_core.metrics.observations import Sound
from avatar_core.metrics.receiver_buffer import ReceiverBuffer
from avatar_core.metrics.sound_health import audible_stretches
from avatar_core.metrics.speech import Utterance
from avatar_core.metrics.utterance import Course, Measured, Memory, measure_utterance
from avatar_core.owner import OwnerPipe, log_to_owner
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.viewer.observation_file import load_observation
from avatar_core.wire import analysis
from avatar_core.wire.analysis import ANALYST_COMMANDS, ANALYST_EVENTS

_log = logging.getLogger(__name__)

_FACES_KEPT = 2
_LEAST_CUT_S = 0.8
"""What was cut is recognized where so much of it was to be heard, if it was; what was not, however short it is."""

Order = analysis.Analyze | analysis.AnalyzeHealth | analysis.AnalyzeFace


class Analyst:
    """Remembers of each participant what its utterances left for the next, and the faces that are followed."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}
        self._faces: dict[str, FaceFollower] = {}

    def answer(self, order: Order) -> analysis.Analyzed | analysis.FaceAnalyzed:
        """Whatever is asked for."""
        match order:
            case analysis.Analyze():
                return self.analyze(order)
            case analysis.AnalyzeHealth():
                return self.analyze_health(order)
            case analysis.AnalyzeFace():
                return self.analyze_face(order)

    def analyze(self, order: analysis.Analyze) -> analysis.Analyzed:
        """Measure one utterance; takes a fraction of its length. A file that can't be read is told in `why`."""
        try:
            observation = load_observation(Path(order.observation))
            reference = load_observation(Path(order.reference)).sound
            elsewhere = load_observation(Path(order.elsewhere)).sound if order.elsewhere is not None else None
        except WireError as error:
            return analysis.Analyzed(order.request_id, {}, False, 0.0, 0.0, str(error))
        if reference is None:
            return analysis.Analyzed(order.request_id, {}, False, 0.0, 0.0, "nothing was said")
        course = Course(
            order.sent_s,
            order.started_s,
            order.finished_s,
            order.position_s,
            order.interrupted,
            order.begins_s,
            order.goes_on,
            order.until_s,
        )
        memory = self._memories.setdefault(order.identity, Memory())
        measured, utterance = measure_utterance(observation, reference, course, memory)
        if elsewhere is not None:
            wrong_ms = leak_ms(reference, elsewhere, order.sent_s, elsewhere.end_s, None)
            measured["swap_wrong_avatar_ms"] = (wrong_ms,)
        if utterance is None:
            enough, why = _enough(reference, course), "it was not recognized"
            return analysis.Analyzed(order.request_id, _rounded(measured), False, 0.0, 0.0, why, enough)
        _log_flaws(order.identity, utterance)
        measured = ReceiverBuffer(order.stays).taken_off(measured, utterance)
        return analysis.Analyzed(
            order.request_id, _rounded(measured), True, utterance.first_sound_s, utterance.end_s, ""
        )

    def analyze_health(self, order: analysis.AnalyzeHealth) -> analysis.Analyzed:
        """Measure what needs no reference. A file that can't be read is told in `why`."""
        try:
            observation = load_observation(Path(order.observation))
        except WireError as error:
            return analysis.Analyzed(order.request_id, {}, False, 0.0, 0.0, str(error))
        memory = self._memories.setdefault(order.identity, Memory())
        measured = measure_health(observation, order.since_s, order.until_s, memory)
        return analysis.Analyzed(order.request_id, _rounded(measured), False, 0.0, 0.0, "")

    def analyze_face(self, order: analysis.AnalyzeFace) -> analysis.FaceAnalyzed:
        """Follow a face further; takes about 0.2 s. A file that can't be read is told in `why`."""
        try:
            observation = load_observation(Path(order.observation))
        except WireError as error:
            return analysis.FaceAnalyzed(order.request_id, None, 0.0, 0.0, 0.0, str(error))
        # The one asked for last stands last.
        follower = self._faces.pop(order.identity) if order.identity in self._faces else FaceFollower()
        self._faces[order.identity] = follower
        while len(self._faces) > _FACES_KEPT:
            del self._faces[next(iter(self._faces))]
        follower.watch(observation)
        found = follower.answer()
        why = found.refusal.value if found.refusal is not None else ""
        return analysis.FaceAnalyzed(
            order.request_id, found.offset_ms, found.since_s, found.dated_s, min(1.0, found.confidence), why
        )


def _enough(reference: Sound, course: Course) -> bool:
    """Whether so much was to be heard that it would have been recognized."""
    due_s = course.position_s if course.interrupted and course.position_s is not None else reference.duration_s
    audible_s = sum(until_s - since_s for since_s, until_s in audible_stretches(reference.between(0.0, due_s)))
    return audible_s >= _LEAST_CUT_S if course.interrupted else audible_s > 0


def _log_flaws(identity: str, utterance: Utterance) -> None:
    """Where they lie says what made them; the figures say only how many there are."""
    clicks_s = [at_s - utterance.first_sound_s for at_s in utterance.clicks_s]
    gaps_s = [at_s - utterance.first_sound_s for at_s, _ in utterance.gaps]
    for what, places_s in (("clicks", clicks_s), ("gaps", gaps_s)):
        if places_s:
            places, length_s = ", ".join(f"{at_s:.3f}" for at_s in places_s), utterance.end_s - utterance.first_sound_s
            _log.info("%s: %s at %s s of %.3f s that were heard", identity, what, places, length_s)


def _rounded(measured: Measured) -> Measured:
    return {name: tuple(round(value, 4) for value in found) for name, found in measured.items()}


class _Stopped(BaseException):
    """The process is to end: raised in the midst of what is being measured, nobody waits for that any more."""


class _Termination:
    """SIGTERM and SIGINT: they end the loop's waiting, or what is being measured, which keeps the loop from hearing."""

    def __init__(self, stop: asyncio.Event) -> None:
        self.measuring = False
        self.asked = False
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self.asked = True
        self._loop.call_soon_threadsafe(self._stop.set)
        if self.measuring:
            self.measuring = False
            raise _Stopped


async def _run() -> None:
    pipe, analyst, stop = await OwnerPipe.open(), Analyst(), asyncio.Event()
    termination = _Termination(stop)

    async def obey() -> None:
        async for line in pipe.lines():
            try:
                order = ANALYST_COMMANDS.decode(line)
                termination.measuring = True
                if termination.asked:
                    # The loop does not hear it while orders lie ready.
                    break
                answer = analyst.answer(order)
                termination.measuring = False
                pipe.send(ANALYST_EVENTS.encode(answer))
            except WireError as error:
                _log.error("%s", error)
            except _Stopped:
                break
        stop.set()

    obeying = spawn(obey(), name="analyst orders")
    await stop.wait()
    await cancel_and_wait(obeying)
    pipe.close()


if __name__ == "__main__":
    log_to_owner()
    sys.exit(asyncio.run(_run()))
