"""A VideoSDK meeting in memory, with the measured habits of its data channels (PROTOCOLS V5 to V8).

It needs nothing but the standard library: the interoperability run loads it beside videosdk-agents itself.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MAX_PAYLOAD_BYTES = 15 * 1024
MAX_BUFFERED_BYTES = 65_535
CHANNELS = ("RELIABLE", "UNRELIABLE")


@dataclass
class FakeMeetingRoom:
    """Who takes part, and what is on its way.

    Each message arrives a turn of the loop later; with `order` any of those on their way may be the next, whichever
    channel it is on. Messages of the channel RELIABLE for which `loses` holds ran out of their five retransmissions;
    those of UNRELIABLE never do. While `held`, nothing arrives.
    """

    order: random.Random | None = None
    loses: Callable[[bytes | str], bool] = lambda _: False
    held: bool = False
    members: dict[str, "FakeMeeting"] = field(default_factory=dict)
    lost: int = 0
    _on_their_way: list[tuple["FakeMeeting", bytes | str, str]] = field(default_factory=list)

    def join(self, participant_id: str) -> "FakeMeeting":
        """A participant's own view of the meeting, joined."""
        meeting = FakeMeeting(self, participant_id)
        for other in self.members.values():
            other.tell("participant-joined", participant_id)
        self.members[participant_id] = meeting
        return meeting

    def release(self) -> None:
        """Let what was held arrive."""
        self.held = False
        for _ in self._on_their_way:
            asyncio.get_running_loop().call_soon(self._deliver)

    def take(self, sender: "FakeMeeting", payload: bytes | str, channel: str) -> None:
        """Something was sent."""
        self._on_their_way.append((sender, payload, channel))
        if not self.held:
            asyncio.get_running_loop().call_soon(self._deliver)

    def _deliver(self) -> None:
        if self.held or not self._on_their_way:
            return
        index = self.order.randrange(len(self._on_their_way)) if self.order is not None else 0
        sender, payload, channel = self._on_their_way.pop(index)
        sender.sent(payload, channel)
        if channel == "RELIABLE" and self.loses(payload):
            self.lost += 1
            return
        for member in tuple(self.members.values()):
            if member is not sender:
                data = {"payload": _handed_over(payload), "from": sender.local_id, "reliability": channel}
                member.tell("data", data | {"timestamp": 0})


class FakeMeeting:
    """VideoSDK's Meeting, as one participant has it. `tracks` are those that it publishes."""

    def __init__(self, room: FakeMeetingRoom, participant_id: str) -> None:
        self.local_id = participant_id
        self.tracks: list[Any] = []
        self.failure: Exception | None = None
        self._room = room
        self._listeners: list[Any] = []
        self._buffered = dict.fromkeys(CHANNELS, 0)
        self._low = asyncio.Event()

    @property
    def id(self) -> str:
        return "fake-meeting"

    async def send(self, payload: bytes | str, options: dict[str, str] | None = None) -> bool:
        if not isinstance(payload, bytes | str):
            raise TypeError(f"Invalid payload type current type is: {type(payload).__name__}")
        size = _size(payload)
        if size > MAX_PAYLOAD_BYTES:
            raise ValueError(f"Payload too large: {size} bytes. Max allowed is {MAX_PAYLOAD_BYTES} bytes")
        if self.failure is not None:
            raise self.failure
        if self.local_id not in self._room.members:
            raise ConnectionError("Cannot send message, Network is not available.")
        channel = (options or {}).get("reliability", "RELIABLE")
        while self._buffered[channel] > MAX_BUFFERED_BYTES:
            self._low.clear()
            await self._low.wait()
        self._buffered[channel] += size
        self._room.take(self, payload, channel)
        return True

    def sent(self, payload: bytes | str, channel: str) -> None:
        """One message has left the buffer."""
        self._buffered[channel] -= _size(payload)
        self._low.set()

    def add_event_listener(self, event_listener: Any) -> None:
        self._listeners.append(event_listener)

    def remove_event_listener(self, event_listener: Any) -> None:
        self._listeners.remove(event_listener)

    def add_custom_audio_track(self, track: Any) -> None:
        self.tracks.append(track)

    def add_custom_video_track(self, track: Any, meta_data: object = None, allow_multiple: bool = False) -> None:
        self.tracks.append(track)

    def leave(self) -> None:
        self._room.members.pop(self.local_id, None)
        for other in self._room.members.values():
            other.tell("participant-left", self.local_id)

    def tell(self, action: str, data: object) -> None:
        for listener in tuple(self._listeners):
            listener.handle_event(action, data)


def _size(payload: bytes | str) -> int:
    return len(payload.encode() if isinstance(payload, str) else payload)


def _handed_over(payload: bytes | str) -> bytes | str:
    """V8: the SDK hands over as text whatever is valid UTF-8."""
    try:
        return payload.decode() if isinstance(payload, bytes) else payload
    except UnicodeDecodeError:
        return payload
