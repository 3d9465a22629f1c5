"""Data channels over DTLS: the one door to aiortc, and the only user of its private surface.

aiortc's SCTP wants an aiortc DTLS transport; `_Wire` stands in for it with the five members it uses. aiortc is pinned
to one version, and tests/unit/core/roomserver/test_sctp.py fails loudly when that surface moves.
"""

import logging
import struct
from collections.abc import Callable
from typing import Any, Protocol

from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCSctpCapabilities, RTCSctpTransport

_log = logging.getLogger(__name__)

SCTP_PORT = 5000
MAX_MESSAGE_BYTES = 65_535
_MAX_CHANNELS = 16
_MAX_STREAMS = 64
_MAX_WINDOW_OVERRUN_BYTES = 256 << 10
"""An honest sender keeps to the receive window, give or take what was on its way."""
_MAX_HELD_CHUNKS = 4096

_CHUNK_HEADER = struct.Struct("!BBH")
_PARAMETER_HEADER = struct.Struct("!HH")
_COMMON_HEADER_BYTES = 12
_SACK = 3
_SACK_HEADER = struct.Struct("!LLHH")
_GAP = struct.Struct("!HH")
_FIRST_PARAMETER = {1: 16, 2: 16, 4: 0, 5: 0, 6: 0, 9: 0, 130: 0}
"""Kinds of chunks that hold parameters, and where in their body these begin (RFC 9260, RFC 6525)."""
_MAX_GAP = 8192


def is_sound(packet: bytes) -> bool:
    """Whether an SCTP packet can be handed to aiortc.

    There a parameter without length is an endless loop, and the gaps of a forged SACK take seconds to count. All else
    that is malformed it ignores or raises on.
    """
    position = _COMMON_HEADER_BYTES
    while position + _CHUNK_HEADER.size <= len(packet):
        kind, _, length = _CHUNK_HEADER.unpack_from(packet, position)
        if length < _CHUNK_HEADER.size or position + length > len(packet):
            return False
        body = packet[position + _CHUNK_HEADER.size : position + length]
        if kind == _SACK and not _has_sound_gaps(body):
            return False
        if kind in _FIRST_PARAMETER and not _has_sound_parameters(body[_FIRST_PARAMETER[kind] :]):
            return False
        position += length + -length % 4
    return True


def _has_sound_parameters(parameters: bytes) -> bool:
    position = 0
    while position + _PARAMETER_HEADER.size <= len(parameters):
        _, length = _PARAMETER_HEADER.unpack_from(parameters, position)
        if length < _PARAMETER_HEADER.size:
            return False
        position += length + -length % 4
    return True


def _has_sound_gaps(body: bytes) -> bool:
    if len(body) < _SACK_HEADER.size:
        return False
    *_, count, _ = _SACK_HEADER.unpack_from(body)
    gaps = body[_SACK_HEADER.size :][: _GAP.size * count]
    if len(gaps) < _GAP.size * count:
        return False
    previous_end = 0
    for start, end in _GAP.iter_unpack(gaps):
        if not previous_end < start <= end <= _MAX_GAP:
            return False
        previous_end = end
    return True


class DataReceiver(Protocol):
    """What SCTP registers with its DTLS transport (aiortc's protocol)."""

    async def _handle_data(self, data: bytes) -> None: ...


class _Wire:
    """The DTLS transport as aiortc's SCTP sees it."""

    def __init__(self, *, is_dtls_server: bool, send: Callable[[bytes], None]) -> None:
        self.state = "connected"
        self._role = "server" if is_dtls_server else "client"
        self._send = send
        self.receiver: DataReceiver | None = None

    def _register_data_receiver(self, receiver: DataReceiver) -> None:
        self.receiver = receiver

    def _unregister_data_receiver(self, receiver: DataReceiver) -> None:
        if self.receiver is receiver:
            self.receiver = None

    async def _send_data(self, data: bytes) -> None:
        self._send(data)


class DataChannels:
    """LiveKit's `_reliable` and `_lossy` channels of one transport; owned by that transport.

    `on_open` is called once both channels of ours are open, `on_message(data, reliable)` for what the client sends.
    `send` never blocks: what a receiver leaves unread is counted in `reliable_buffered` and `lossy_buffered` bytes.
    """

    def __init__(
        self,
        *,
        is_dtls_server: bool,
        send: Callable[[bytes], None],
        on_open: Callable[[], None],
        on_message: Callable[[bytes, bool], None],
    ) -> None:
        self._on_open = on_open
        self._on_message = on_message
        self._wire = _Wire(is_dtls_server=is_dtls_server, send=send)
        self._sctp: Any = RTCSctpTransport(self._wire, SCTP_PORT)  # type: ignore[arg-type]
        self._sctp.on("datachannel", self._client_opened)
        self._reliable: RTCDataChannel | None = None
        self._lossy: RTCDataChannel | None = None
        self._opened = 0
        self._client_channels = 0

    async def start(self, *, opens_channels: bool) -> None:
        """Open the association and, where the client expects them, the server's two channels."""
        await self._sctp.start(RTCSctpCapabilities(maxMessageSize=MAX_MESSAGE_BYTES), SCTP_PORT)
        if not opens_channels:
            return
        self._reliable = self._open("_reliable", ordered=True, max_retransmits=None)
        self._lossy = self._open("_lossy", ordered=False, max_retransmits=0)

    async def receive(self, data: bytes) -> None:
        """One SCTP packet from DTLS. A malformed one may raise anything; the transport then ends."""
        if not is_sound(data):
            raise ConnectionError("a malformed SCTP packet")
        if self._wire.receiver is not None:
            await self._wire.receiver._handle_data(data)
            self._require_bounds()

    def _require_bounds(self) -> None:
        """Hold the client to what aiortc announces and keeps account of, but does not enforce."""
        streams = self._sctp._inbound_streams
        if (
            self._sctp._advertised_rwnd < -_MAX_WINDOW_OVERRUN_BYTES
            or len(streams) > _MAX_STREAMS
            or sum(len(stream.reassembly) for stream in streams.values()) > _MAX_HELD_CHUNKS
        ):
            raise ConnectionError("the client sent past the receive window")

    @property
    def reliable_buffered(self) -> int:
        """Bytes of reliable data not yet handed to SCTP."""
        return self._reliable.bufferedAmount if self._reliable is not None else 0

    @property
    def lossy_buffered(self) -> int:
        """Bytes of lossy data not yet handed to SCTP."""
        return self._lossy.bufferedAmount if self._lossy is not None else 0

    def send(self, data: bytes, *, reliable: bool) -> None:
        """Queue one message; ignored while the channel is not open."""
        channel = self._reliable if reliable else self._lossy
        if channel is not None and channel.readyState == "open":
            channel.send(data)

    async def aclose(self) -> None:
        """Abort the association; no callback comes after this."""
        self._on_message = _ignore_message
        self._on_open = _ignore_open
        await self._sctp.stop()

    def _open(self, label: str, *, ordered: bool, max_retransmits: int | None) -> RTCDataChannel:
        channel = RTCDataChannel(
            self._sctp, RTCDataChannelParameters(label=label, ordered=ordered, maxRetransmits=max_retransmits)
        )
        channel.on("open", self._server_channel_opened)
        # LiveKit clients of the dual-connection mode may answer on the server's channel.
        channel.on("message", lambda data: self._received(data, reliable=ordered))
        return channel

    def _server_channel_opened(self) -> None:
        self._opened += 1
        if self._opened == 2:
            self._on_open()

    def _client_opened(self, channel: RTCDataChannel) -> None:
        self._client_channels += 1
        if self._client_channels > _MAX_CHANNELS:
            raise ConnectionError(f"the client opened more than {_MAX_CHANNELS} data channels")
        if channel.label in ("_reliable", "_lossy"):
            reliable = channel.label == "_reliable"
            channel.on("message", lambda data: self._received(data, reliable=reliable))
        else:
            _log.debug("data channel %r is not served", channel.label)

    def _received(self, data: bytes | str, *, reliable: bool) -> None:
        if isinstance(data, bytes):  # LiveKit sends protobuf only; text is nobody's
            self._on_message(data, reliable)


def _ignore_message(_data: bytes, _reliable: bool) -> None:
    """Stand-in once closed."""


def _ignore_open() -> None:
    """Stand-in once closed."""
