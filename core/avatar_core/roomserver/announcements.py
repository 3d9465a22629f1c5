"""Who is told of a participant, and when: at once, or, where it publishes nothing, with others of its kind.

LiveKit's own server gathers the quiet ones and tells of them every three seconds (pkg/rtc/room.go,
subscriberUpdateInterval), while their data and calls arrive before. That is off by default here, so that nobody waits;
it is offered so that whoever must live with it can be tried.
"""

import asyncio
from collections.abc import Callable, Iterable

from livekit.protocol import models, rtc

from avatar_core.roomserver.participant import Participant


class Announcements:
    """Owned by a room, `listeners` are those in it. Gathers for `quiet_update_s`; 0 tells of everybody at once."""

    def __init__(self, listeners: Callable[[], Iterable[Participant]], quiet_update_s: float) -> None:
        self._listeners = listeners
        self._quiet_update_s = quiet_update_s
        self._gathered: dict[str, Participant] = {}
        self._timer: asyncio.TimerHandle | None = None

    def announce(self, participant: Participant) -> None:
        """Tell how `participant` is now; itself always at once, and all of one that publishes or has left."""
        if not self._quiet_update_s or participant.info.is_publisher or not participant.is_active:
            self._gathered.pop(participant.identity, None)
            self._tell(self._listeners(), [participant])
            return
        self._tell([participant], [participant])
        self._gathered[participant.identity] = participant
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._quiet_update_s, self._tell_gathered)

    def close(self) -> None:
        """Tell nobody any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tell_gathered(self) -> None:
        self._timer = None
        gathered, self._gathered = self._gathered, {}
        self._tell(self._listeners(), list(gathered.values()))

    def _tell(self, listeners: Iterable[Participant], of: list[Participant]) -> None:
        for listener in listeners:
            known: list[models.ParticipantInfo] = [one.info for one in of if one is listener or not one.is_hidden]
            if known:
                listener.channel.send(update=rtc.ParticipantUpdate(participants=known))
