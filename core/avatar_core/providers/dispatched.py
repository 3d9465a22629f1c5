"""Avatars launched through an HTTP dispatcher (PROTOCOLS 1.2): ours on loopback, or anybody's that speaks the same."""

import logging
import os
import signal
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import aiohttp

from avatar_core.errors import ProviderError, ProviderStartError, WireError
from avatar_core.playback.contract import AudioOutput
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.room.connection import RoomConnection
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.dispatch import (
    MAX_BODY_BYTES,
    LaunchRequest,
    WorkerStatus,
    decode_launch_answer,
    decode_refusal,
    decode_worker_list,
    encode_body,
)

_log = logging.getLogger(__name__)

_LAUNCH_TIMEOUT_S = 10.0
_QUESTION_TIMEOUT_S = 2.0


class DispatchedProvider:
    """Posts to the dispatcher at `base_url()`, asked for at each start, as `options` are: its port is known then."""

    def __init__(
        self, traits: ProviderTraits, base_url: Callable[[], str], options: Mapping[str, JsonScalar] | None = None
    ) -> None:
        self._traits = traits
        self._base_url = base_url
        self._options = options or {}

    @property
    def traits(self) -> ProviderTraits:
        """What it is."""
        return self._traits

    async def start(self, seat: Seat) -> Avatar:
        """Launch a worker; raises ProviderStartError."""
        base_url = self._base_url()
        request = LaunchRequest(seat.room_name, seat.url, seat.token, dict(self._options))
        status, body = await _ask("POST", f"{base_url}/launch", _LAUNCH_TIMEOUT_S, encode_body(request))
        try:
            if status != 200:
                raise ProviderStartError(f"{self._traits.name} was not started: {decode_refusal(body).detail}")
            answer = decode_launch_answer(body)
        except WireError as error:
            raise ProviderStartError(
                f"The dispatcher at {base_url} answered {status} with what can't be read: {error}."
            ) from error
        return DispatchedAvatar(base_url, answer.worker_id)


class DispatchedAvatar:
    """One launched worker. A dispatcher that names no worker can't be asked to end it: it ends with its room."""

    def __init__(self, base_url: str, worker_id: str | None) -> None:
        self._base_url = base_url
        self._worker_id = worker_id

    async def open_output(self, connection: RoomConnection) -> AudioOutput | None:
        """It takes speech by LiveKit's data stream."""
        return None

    async def why_ended(self) -> str:
        """The dispatcher's word for the worker's end; empty where it has none."""
        worker = await self._status()
        return worker.reason if worker is not None else ""

    async def kill(self) -> None:
        """Kill the worker's process; raises ProviderError where it runs elsewhere, or no longer."""
        worker = await self._status()
        if worker is None or worker.exit_code is not None or not _is_here(self._base_url):
            raise ProviderError("The avatar has no process on this machine that could be killed.")
        os.kill(worker.pid, signal.SIGKILL)

    async def _status(self) -> WorkerStatus | None:
        if self._worker_id is None:
            return None
        try:
            status, body = await _ask("GET", f"{self._base_url}/workers", _QUESTION_TIMEOUT_S)
            workers = decode_worker_list(body).workers if status == 200 else ()
        except (ProviderStartError, WireError) as error:
            _log.info("how a worker stands is not known: %s", error)
            return None
        return next((worker for worker in workers if worker.worker_id == self._worker_id), None)

    async def aclose(self) -> None:
        """End the worker, where the dispatcher knows it by name."""
        if self._worker_id is None:
            return
        try:
            await _ask("DELETE", f"{self._base_url}/workers/{self._worker_id}", _QUESTION_TIMEOUT_S)
        except ProviderStartError as error:
            _log.warning("a worker could not be ended: %s", error)
        # Not before: whoever was cancelled while asking may ask again.
        self._worker_id = None


def _is_here(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("127.0.0.1", "localhost", "::1")


async def _ask(method: str, url: str, timeout_s: float, body: bytes | None = None) -> tuple[int, bytes]:
    """One bounded HTTP exchange; raises ProviderStartError where there was no answer."""
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, url, data=body, headers={"Content-Type": "application/json"}) as response,
        ):
            return response.status, await _read(response.content)
    except (TimeoutError, aiohttp.ClientError) as error:
        reason = str(error) or f"no answer in {timeout_s:.0f} s"
        raise ProviderStartError(f"The dispatcher at {url} can't be reached: {reason}. Check that it runs.") from error


async def _read(content: aiohttp.StreamReader) -> bytes:
    """A body to its end, or one byte more than may be: `read(n)` alone stops at the first piece that came."""
    body = b""
    while len(body) <= MAX_BODY_BYTES and (piece := await content.read(MAX_BODY_BYTES + 1 - len(body))):
        body += piece
    return body
