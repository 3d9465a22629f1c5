"""The owner's end of a relay: start it by the right interpreter, hear what it tells, end it."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import avatar_core
from avatar_core.child import ChildProcess
from avatar_core.errors import BenchError, ProviderStartError, ProviderTimeout, WireError
from avatar_core.signal import Signal
from avatar_core.tasks import TaskGroup, spawn
from avatar_core.videosdk.relay.visit import JOIN_S
from avatar_core.wire.relay import RELAY_EVENTS, RELAY_ORDERS, JoinBoth, MeetingJoined, PeerCame, Relayed, RelayEnded

_log = logging.getLogger(__name__)

_MODULE: Final = "avatar_core.videosdk.relay"
_GRACE_S: Final = 1.5
_WORDS_S: Final = 1.0
"""From a relay's end to the end of what it has said."""


class RelayChild:
    """One relay process. `relayed` tells of the delay within it, once a second for each track."""

    def __init__(self, child: ChildProcess) -> None:
        self.relayed: Signal[Relayed] = Signal("relayed")
        self._child = child
        self._tasks = TaskGroup()
        self._joined = asyncio.Event()
        self._came = asyncio.Event()
        self._ended: RelayEnded | None = None
        self._reading = self._tasks.spawn(self._read(), name=f"{child.name} events")

    @classmethod
    async def start(cls, order: JoinBoth, *, python: str = "") -> "RelayChild":
        """Start one; returns once it is in the meeting.

        By `python`, an interpreter with VideoSDK's SDK, or by ours where none is named. Raises ProviderStartError with
        what was refused.
        """
        try:
            child = await ChildProcess.start_command(
                relay_command(python or sys.executable), name="VideoSDK relay", grace_s=_GRACE_S
            )
        except BenchError as failure:
            raise ProviderStartError(str(failure)) from failure
        relay = cls(child)
        try:
            child.send_line(RELAY_ORDERS.encode(order))
            await relay._until(relay._joined, JOIN_S + _WORDS_S, f"was not in the meeting {order.meeting.meeting_id}")
        except BaseException:
            await relay.aclose()
            raise
        return relay

    async def peer_came(self, who: str, timeout_s: float) -> None:
        """Return once the meeting's peer is stood for in the room; ProviderTimeout, or ProviderStartError."""
        await self._until(self._came, timeout_s, f"did not meet {who}")

    async def why_ended(self) -> str:
        """How it came to its end, in words for the user; empty while it runs."""
        if self._child.running and self._ended is None:
            return ""
        if self._ended is None:
            await asyncio.wait((self._reading,), timeout=_WORDS_S)
        if self._ended is None:
            return f"the relay's process died: {await self._child.how_it_ended()}"
        return f"the relay has ended, {self._ended.reason.replace('_', ' ')}: {self._ended.detail}"

    async def aclose(self) -> None:
        """Make it leave both; harmless twice."""
        await self._child.aclose()
        await self._tasks.aclose()

    async def _until(self, event: asyncio.Event, timeout_s: float, failing: str) -> None:
        waiting = spawn(event.wait(), name="relay awaited")
        try:
            await asyncio.wait(
                (waiting, self._child.ended, self._reading), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if event.is_set():
            return
        if self._child.running and not self._reading.done():
            raise ProviderTimeout(f"The VideoSDK relay {failing} within {timeout_s:g} s.")
        await asyncio.wait((self._child.ended,), timeout=_WORDS_S)
        if self._ended is not None:
            raise ProviderStartError(self._ended.detail)
        raise ProviderStartError(f"The VideoSDK relay ended at its start: {await self.why_ended()}")

    async def _read(self) -> None:
        async for line in self._child.lines():
            try:
                event = RELAY_EVENTS.decode(line)
            except WireError as failure:
                _log.warning("a line of the %s is ignored: %s", self._child.name, failure)
                continue
            match event:
                case MeetingJoined():
                    self._joined.set()
                case PeerCame():
                    self._came.set()
                case Relayed():
                    self.relayed.emit(event)
                case RelayEnded():
                    self._ended = event
                    _log.info("%s: %s", self._child.name, event)


def relay_command(python: str) -> Sequence[str]:
    """Run the relay by `python`, which need not know us: our folder is the last it looks into, behind its own packages.

    In front, our PyAV would stand in the way of VideoSDK's.
    """
    ours = str(Path(avatar_core.__file__).parents[1])
    code = f"import runpy, sys; sys.path.append({ours!r}); runpy.run_module({_MODULE!r}, run_name='__main__')"
    return (python, "-P", "-c", code)
