"""The analyst process: measures utterances out of files, one after another, at low priority, where no clock waits.

Analyze on stdin, Analyzed on stdout; it ends with its owner or at SIGTERM.
"""

import asyncio
import logging
import os
import sys
from pathlib import Path

from avatar_core.errors import WireError
from avatar_core.metrics.leak import leak_ms
from avatar_core.metrics.utterance import Course, Memory, measure_utterance
from avatar_core.owner import OwnerPipe, log_to_owner, on_termination
from avatar_core.tasks import cancel_and_wait, spawn
from avatar_core.viewer.observation_file import load_observation
from avatar_core.wire import messages
from avatar_core.wire.messages import ANALYST_COMMANDS, ANALYST_EVENTS

_log = logging.getLogger(__name__)

_NICENESS = 10
"""The viewer dates what it sees meanwhile; an answer may take a second longer."""


class Analyst:
    """Remembers of each participant what its utterances left for the next."""

    def __init__(self) -> None:
        self._memories: dict[str, Memory] = {}

    def analyze(self, order: messages.Analyze) -> messages.Analyzed:
        """Measure one utterance; takes a fraction of its length. A file that can't be read is told in `why`."""
        try:
            observation = load_observation(Path(order.observation))
            reference = load_observation(Path(order.reference)).sound
            elsewhere = load_observation(Path(order.elsewhere)).sound if order.elsewhere is not None else None
        except WireError as error:
            return messages.Analyzed(order.request_id, {}, False, 0.0, 0.0, str(error))
        if reference is None:
            return messages.Analyzed(order.request_id, {}, False, 0.0, 0.0, "nothing was said")
        course = Course(order.sent_s, order.started_s, order.finished_s, order.position_s, order.interrupted)
        memory = self._memories.setdefault(order.identity, Memory())
        measured, utterance = measure_utterance(observation, reference, course, memory)
        if elsewhere is not None:
            wrong_ms = leak_ms(reference, elsewhere, order.sent_s, elsewhere.end_s, None)
            measured["swap_wrong_avatar_ms"] = (wrong_ms,)
        values = {name: tuple(round(value, 4) for value in found) for name, found in measured.items()}
        if utterance is None:
            return messages.Analyzed(order.request_id, values, False, 0.0, 0.0, "it was not recognized")
        return messages.Analyzed(order.request_id, values, True, utterance.first_sound_s, utterance.end_s, "")


async def _run() -> None:
    pipe, analyst, stop = await OwnerPipe.open(), Analyst(), asyncio.Event()
    on_termination(stop.set)

    async def obey() -> None:
        async for line in pipe.lines():
            try:
                order = ANALYST_COMMANDS.decode(line)
                pipe.send(ANALYST_EVENTS.encode(analyst.analyze(order)))
            except WireError as error:
                _log.error("%s", error)
        stop.set()

    obeying = spawn(obey(), name="analyst orders")
    await stop.wait()
    await cancel_and_wait(obeying)
    pipe.close()


if __name__ == "__main__":
    log_to_owner()
    os.nice(_NICENESS)
    sys.exit(asyncio.run(_run()))
