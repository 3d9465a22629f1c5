"""Remote procedure calls between participants: register methods, perform calls (PROTOCOLS 1.4)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from livekit import rtc

from avatar_core.clock import MonotonicClock
from avatar_core.errors import RoomError
from avatar_core.room.link import RoomLink
from avatar_core.room.routes import Routes
from avatar_core.room.wire_record import WireRecord

RpcErrorCode = rtc.RpcError.ErrorCode


class RpcError(RoomError):
    """A call that failed, or, raised by a handler, the answer that its caller gets.

    `code` is one of RpcErrorCode, or an application's own outside 1001 to 1999.
    """

    def __init__(self, code: int, message: str, data: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


@dataclass(frozen=True)
class RpcCall:
    """A call that came in. The caller gives up after `response_timeout_s`."""

    method: str
    caller: str
    payload: str
    response_timeout_s: float


RpcHandler = Callable[[RpcCall], Awaitable[str]]


class RpcEndpoint:
    """The methods one connection answers, and its calls to others."""

    def __init__(self, link: RoomLink, wire: WireRecord | None = None) -> None:
        self._link = link
        self._wire = wire or WireRecord(MonotonicClock())
        self._routes: Routes[RpcHandler] = Routes(what="RPC method")
        self._announced: set[str] = set()

    def register(self, method: str, handler: RpcHandler, *, caller: str | None = None) -> Callable[[], None]:
        """Answer calls of `method` with `handler`, those of `caller` alone where one is named.

        May be called before the room is joined, so that no early call is missed. Returns the call that ends it. Raises
        ValueError when the method already has a handler for that caller. A handler's RpcError reaches the caller as it
        is; any other exception as APPLICATION_ERROR, and is logged here.
        """
        remove = self._routes.add(method, caller, handler)
        if self._link.usable:
            self._announce(method)
        return remove

    async def perform(
        self,
        destination: str,
        method: str,
        payload: str = "",
        *,
        response_timeout_s: float | None = None,
        ack_timeout_s: float | None = None,
    ) -> str:
        """Call `method` of the participant `destination` and return its answer.

        None takes the SDK's limits: 15 s for the answer, 7 s for the acknowledgement (a missing participant shows only
        as the latter). Raises RpcError when the call fails, RoomLost when the room goes away meanwhile.
        """
        self._link.require_data_grant()
        call = self._link.room.local_participant.perform_rpc(
            destination_identity=destination,
            method=method,
            payload=payload,
            response_timeout=response_timeout_s,
            max_round_trip_latency=ack_timeout_s,
        )
        began_s, outcome = self._wire.now(), "ok"
        try:
            return await self._link.run(call, name=f"rpc {method}")
        except rtc.RpcError as failure:
            outcome = f"{failure.code} {failure.message}"
            raise RpcError(
                failure.code, f"RPC {method!r} to {destination!r} failed: {failure.message}", failure.data or ""
            ) from None
        except BaseException as failure:
            outcome = str(failure) or type(failure).__name__
            raise
        finally:
            size = len(payload.encode())
            self._wire.note("sent", "rpc", method, destination, size_bytes=size, outcome=outcome, since_s=began_s)

    def announce_all(self) -> None:
        """Tell the SDK of every method registered so far; called when the room is joined."""
        for method in self._routes.names():
            self._announce(method)

    def clear(self) -> None:
        """Forget every handler."""
        self._routes.clear()

    def _announce(self, method: str) -> None:
        # The SDK keeps one handler per method; which of ours answers is decided per call, so it never needs changing.
        if method not in self._announced:
            self._announced.add(method)
            self._link.room.local_participant.register_rpc_method(method, self._answer)

    async def _answer(self, invocation: rtc.RpcInvocationData) -> str:
        began_s, outcome = self._wire.now(), "ok"
        try:
            return await self._served(invocation)
        except rtc.RpcError as failure:
            outcome = f"{failure.code} {failure.message}"
            raise
        except BaseException as failure:
            outcome = str(failure) or type(failure).__name__
            raise
        finally:
            self._wire.note(
                "received",
                "rpc",
                invocation.method,
                invocation.caller_identity,
                size_bytes=len(invocation.payload.encode()),
                outcome=outcome,
                since_s=began_s,
            )

    async def _served(self, invocation: rtc.RpcInvocationData) -> str:
        handler = self._routes.find(invocation.method, invocation.caller_identity)
        if handler is None:
            raise rtc.RpcError(RpcErrorCode.UNSUPPORTED_METHOD, "Method not supported at destination")
        call = RpcCall(invocation.method, invocation.caller_identity, invocation.payload, invocation.response_timeout)
        try:
            return await handler(call)
        except RpcError as failure:
            raise rtc.RpcError(failure.code, failure.message, failure.data) from None
