"""Asking a dispatcher for an avatar (PROTOCOLS V2): one POST, bounded in time, tried again where that may help."""

import asyncio
import json
import logging
from dataclasses import asdict
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.avatar_auth import AvatarJoinInfo

_log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
ATTEMPTS = 3
_PAUSE_S = 0.3
_MAX_DETAIL_BYTES = 4_000


async def launch_avatar(url: str, info: AvatarJoinInfo, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Post `info` to `url`, as it is, and return the body of the answer, which may be anything.

    What does not answer, and any 5xx, is asked ATTEMPTS times in all; 3xx and 4xx are final. Raises
    ProviderStartError, in which neither the token nor a query of the URL stands.
    """
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            _log.info("the dispatcher is asked again: %s", why)
            await asyncio.sleep(_PAUSE_S * attempt)
        try:
            status, body = await _post(url, info, timeout_s)
        except (TimeoutError, aiohttp.ClientError, ValueError) as failure:
            why = f"it can't be reached ({str(failure) or f'no answer in {timeout_s:g} s'})"
            continue
        if 200 <= status < 300:
            return body
        why = f"it answered {status} {_detail(body)}".rstrip()
        if status < 500:
            break
    raise ProviderStartError(f"The avatar was not started by the dispatcher at {_shown(url)}: {why}.")


async def _post(url: str, info: AvatarJoinInfo, timeout_s: float) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
        session.post(url, json=asdict(info), allow_redirects=False) as answer,
    ):
        return answer.status, await answer.content.read(_MAX_DETAIL_BYTES)


def _detail(body: bytes) -> str:
    """The reason in an answer: `detail` of a JSON object, else the beginning of the text."""
    text = body.decode(errors="replace")
    try:
        raw = json.loads(text)
    except ValueError:
        return text[:200]
    return str(raw["detail"])[:200] if isinstance(raw, dict) and "detail" in raw else text[:200]


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
