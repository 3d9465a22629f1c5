"""A LiveKit room as a meeting: VideoSDK's messages as data packets, between participants of the room."""

import logging
from collections.abc import Sequence
from typing import Any, Final

from avatar_core.room.connection import RoomConnection
from avatar_core.room.values import DataPacket
from avatar_core.videosdk.meeting import MeetingListener
from avatar_core.wire.videosdk import MAX_MESSAGE_BYTES

_log = logging.getLogger(__name__)

_TOPIC: Final = "videosdk"
_KINDS: Final = ("text", "bytes")
_CHANNELS: Final = ("RELIABLE", "UNRELIABLE")


class RoomMeeting:
    """VideoSDK's Meeting over a room connection, which is given, not owned.

    All goes by the room's reliable channel, in order; with `lossy_audio` the channel UNRELIABLE is the room's lossy
    one, as little ordered as VideoSDK's. It goes to `destinations`, or to everybody, as in a meeting.
    """

    def __init__(
        self, connection: RoomConnection, *, destinations: Sequence[str] = (), lossy_audio: bool = False
    ) -> None:
        self._connection = connection
        self._destinations = tuple(destinations)
        self._lossy_audio = lossy_audio
        self._listeners: list[MeetingListener] = []
        self._disconnect = connection.events.data_received.connect(self._on_packet)

    @property
    def id(self) -> str:
        """The room's name."""
        return self._connection.room_name

    async def send(self, payload: bytes | str, options: dict[str, str] | None = None) -> bool:
        """Send one message. ValueError above 15 KiB (PROTOCOLS V5), TypeError for what is neither bytes nor text."""
        if not isinstance(payload, bytes | str):
            raise TypeError(f"a message is bytes or text, not {type(payload).__name__}")
        raw = payload.encode() if isinstance(payload, str) else payload
        if len(raw) > MAX_MESSAGE_BYTES:
            raise ValueError(f"a message of {len(raw)} bytes is too large: {MAX_MESSAGE_BYTES} at most")
        channel = (options or {}).get("reliability", "RELIABLE")
        kind = "text" if isinstance(payload, str) else "bytes"
        await self._connection.send_data(
            raw,
            topic=f"{_TOPIC}.{channel}.{kind}",
            reliable=not (self._lossy_audio and channel == "UNRELIABLE"),
            destinations=self._destinations,
        )
        return True

    def add_event_listener(self, event_listener: MeetingListener) -> None:
        """Tell `event_listener` from now on."""
        self._listeners.append(event_listener)

    def remove_event_listener(self, event_listener: MeetingListener) -> None:
        """No more; ValueError for one that is not there."""
        self._listeners.remove(event_listener)

    def close(self) -> None:
        """Hear no more; the connection is its owner's. Harmless twice."""
        self._disconnect()
        self._listeners.clear()

    def _on_packet(self, packet: DataPacket) -> None:
        family, _, rest = packet.topic.partition(".")
        channel, _, kind = rest.partition(".")
        if family != _TOPIC or channel not in _CHANNELS or kind not in _KINDS:
            return
        try:
            payload: bytes | str = packet.payload.decode() if kind == "text" else packet.payload
        except UnicodeDecodeError:
            _log.debug("a text of %r is none", packet.sender)
            return
        data: dict[str, Any] = {"payload": payload, "from": packet.sender, "reliability": channel}
        for listener in tuple(self._listeners):
            listener.handle_event("data", data)
