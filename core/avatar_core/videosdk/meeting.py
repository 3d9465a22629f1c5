"""A meeting by VideoSDK's surface, as far as the avatar protocol uses it, and one end's use of it."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from avatar_core.errors import RoomError, WireError
from avatar_core.wire.videosdk import Audio, Message, Reliability, SoundMark, decode, encode, reliability

_log = logging.getLogger(__name__)


class MeetingListener(Protocol):
    """What a meeting tells: VideoSDK's MeetingEventHandler fits, and whatever has this method."""

    def handle_event(self, action: str, data: Any) -> None:
        """`action` "data" comes with `payload`, `from` and `reliability` of one message."""
        ...


class Meeting(Protocol):
    """VideoSDK's Meeting, RoomMeeting, and the fake one of the tests."""

    @property
    def id(self) -> str:
        """Its name."""
        ...

    async def send(self, payload: bytes | str, options: dict[str, str] | None = None) -> object:
        """Send to everybody else, by the channel `options["reliability"]`; raises what it likes."""
        ...

    def add_event_listener(self, event_listener: Any) -> None:
        """Tell `event_listener` from now on."""
        ...

    def remove_event_listener(self, event_listener: Any) -> None:
        """No more."""
        ...


class MeetingEnd:
    """Sends the protocol's messages, and hears those of one participant, `peer`, and of nobody else (PROTOCOLS V17).

    Without a `peer` that is whoever first speaks. What others send is counted in `refused`, what can't be read in
    `unreadable`. A meeting is attached when it is there, and exchanged by attaching another.
    """

    def __init__(self, on_message: Callable[[Message], None], *, peer: str | None = None) -> None:
        self.peer = peer
        self.refused = 0
        self.unreadable = 0
        self._on_message = on_message
        self._meeting: Meeting | None = None
        # One for each channel: an interrupt waits for no sound, and messages of one channel keep their order.
        self._sending: dict[Reliability, asyncio.Lock] = {"RELIABLE": asyncio.Lock(), "UNRELIABLE": asyncio.Lock()}

    @property
    def attached(self) -> bool:
        """Whether there is a meeting."""
        return self._meeting is not None

    def attach(self, meeting: Meeting) -> None:
        """Use `meeting` from now on, instead of any other."""
        self.detach()
        self._meeting = meeting
        meeting.add_event_listener(self)

    def detach(self) -> None:
        """Hear and send no more; harmless twice."""
        meeting, self._meeting = self._meeting, None
        if meeting is not None:
            try:
                meeting.remove_event_listener(self)
            except ValueError:
                # VideoSDK's meeting drops all listeners when it is left.
                _log.debug("meeting %s knew this listener no more", meeting.id)

    async def send(self, message: Message) -> None:
        """Send behind what goes by the same channel; RoomError where that fails. A failure mutes nothing (V9)."""
        if self._meeting is None:
            raise RoomError("VideoSDK message: no meeting is joined. Give one by set_meeting.")
        channel = reliability(message)
        async with self._sending[channel]:
            try:
                await self._meeting.send(encode(message), {"reliability": channel})
            except Exception as failure:
                # Code of others, which raises what it likes.
                name = type(message).__name__
                raise RoomError(f"The meeting {self._meeting.id} took no {name}: {failure}") from failure

    def handle_event(self, action: str, data: Mapping[str, Any]) -> None:
        """VideoSDK's call for each event of a meeting."""
        if action != "data":
            return
        sender = str(data.get("from", ""))
        if self.peer is not None and sender != self.peer:
            self.refused += 1
            return
        try:
            message = decode(data["payload"], data["reliability"])
        except WireError as failure:
            self.unreadable += 1
            _log.debug("a message of %r is ignored: %s", sender, failure)
            return
        if self.peer is None and isinstance(message, Audio | SoundMark):
            self.peer = sender
        self._on_message(message)
