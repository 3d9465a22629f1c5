"""Handing one frame to an output in a way that can be called off, as from an output that never becomes ready (PX4)."""

import asyncio
import enum
import logging

from avatar_core.errors import BenchError
from avatar_core.media.frames import AudioFrame
from avatar_core.playback.leg import Leg

_log = logging.getLogger(__name__)


class Handed(enum.Enum):
    """What became of a hand-over."""

    GIVEN = enum.auto()
    """The output has the frame."""
    CUT = enum.auto()
    """It was called off, the output does not have the frame."""
    SLIPPED = enum.auto()
    """It was called off in the very moment in which the output took the frame."""


class HandOver:
    """At most one hand-over at a time; `cut` calls it off without touching the task that waits in it.

    An output must honour cancellation of `capture_frame`: one that does not cannot be replaced while it blocks.
    """

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None
        self._cut = False

    async def give(self, leg: Leg, frame: AudioFrame) -> Handed:
        """Hand `frame` to the leg's output.

        What the output raises is raised here, unless the hand-over was cut: then it no longer concerns anybody.
        """
        self._cut = False
        try:
            # A timeout without a time is the standard means to cancel a part of a task from outside.
            async with asyncio.timeout(None) as self._scope:
                await leg.sink.capture_frame(frame, segment=leg.ref)
        except (TimeoutError, BenchError) as failure:
            if not self._cut:
                raise
            _log.debug("hand-over of segment %s to %s was cut: %r", leg.ref.id, leg.sink.label, failure)
            return Handed.CUT
        finally:
            self._scope = None
        return Handed.SLIPPED if self._cut else Handed.GIVEN

    def cut(self) -> None:
        """Call off the hand-over in progress; nothing without one."""
        if self._scope is not None:
            self._cut = True
            self._scope.reschedule(asyncio.get_running_loop().time())
            self._scope = None
