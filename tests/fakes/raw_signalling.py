"""A client that speaks a room server's signalling by hand: what no SDK would send can be sent with it."""

import asyncio
import base64
import contextlib
import gzip
import re
from types import TracebackType

import aiohttp
from livekit.protocol import models, rtc

from tests.patience import LIMIT_S

CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", re.IGNORECASE)

OFFER = """v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic: WMS
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:uFrg
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=ice-ufrag:uFrg
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 {fingerprint}
a=setup:actpass
a=mid:1
a=sendonly
a=rtcp-mux
a=msid:- cid-1
a=rtpmap:111 opus/48000/2
a=ssrc:12345 cname:x
""".replace("\n", "\r\n").format(fingerprint=":".join(["AB"] * 32))
"""An offer as a publisher in the dual mode makes it: data channels and one audio track."""


def offer(sdp: str = OFFER, number: int = 1) -> rtc.SignalRequest:
    return rtc.SignalRequest(offer=rtc.SessionDescription(type="offer", sdp=sdp, id=number))


def add_track(cid: str = "cid-1", name: str = "voice") -> rtc.SignalRequest:
    return rtc.SignalRequest(
        add_track=rtc.AddTrackRequest(
            cid=cid, name=name, type=models.TrackType.AUDIO, source=models.TrackSource.MICROPHONE
        )
    )


def join_request(inner: bytes, *, compressed: bool = True) -> str:
    """The query value of a single-connection join."""
    wrapped = rtc.WrappedJoinRequest(
        compression=rtc.WrappedJoinRequest.Compression.GZIP if compressed else rtc.WrappedJoinRequest.Compression.NONE,
        join_request=gzip.compress(inner) if compressed else inner,
    )
    return base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()


class RawSignalling:
    """One WebSocket to a room server. `candidate` is where it takes media, known once it has offered (dual mode)."""

    def __init__(self, url: str, token: str, *, path: str = "/rtc", query: dict[str, str] | None = None) -> None:
        self._url = url + path
        self._headers = {"Authorization": f"Bearer {token}"}
        self._query = query or {"protocol": "17", "auto_subscribe": "1", "sdk": "python", "version": "1.1.21"}
        self._session = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.candidate: tuple[str, int] | None = None

    async def __aenter__(self) -> "RawSignalling":
        try:
            self._socket = await self._session.ws_connect(self._url, headers=self._headers, params=self._query)
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        assert self._socket is not None
        return self._socket

    async def send(self, request: rtc.SignalRequest | bytes) -> None:
        """Send a request, or bytes that are none; sending into a closed connection is no error here."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):
            await self.socket.send_bytes(data)

    async def receive(self, kind: str, *, timeout_s: float = LIMIT_S) -> rtc.SignalResponse:
        """The next response of that kind; others are passed over. ConnectionError when the server hangs up first."""
        async with asyncio.timeout(timeout_s):
            async for message in self.socket:
                if message.type is not aiohttp.WSMsgType.BINARY:
                    continue
                response = rtc.SignalResponse.FromString(message.data)
                if response.WhichOneof("message") == "offer":
                    found = CANDIDATE.search(response.offer.sdp)
                    self.candidate = (found[1], int(found[2])) if found else self.candidate
                if response.WhichOneof("message") == kind:
                    return response
        raise ConnectionError(f"the server hung up (close code {self.socket.close_code})")

    async def closed(self, *, timeout_s: float = LIMIT_S) -> None:
        """Return once the server has hung up."""
        async with asyncio.timeout(timeout_s):
            async for _ in self.socket:
                pass
