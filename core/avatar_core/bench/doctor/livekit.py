"""LIVEKIT_* and the server it names, and `livekit-server` on PATH. Tokens stay here: no message holds one."""

import re
import shutil
from dataclasses import dataclass

import aiohttp

from avatar_core.bench.doctor.probe import one_line
from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import KEY_NAME, SECRET_NAME, URL_NAME, Credentials, RoomKind
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token

ANSWER_TIMEOUT_S = 10.0

_SERVER_COMMAND = "livekit-server"
_SERVER_FIX = "Install it from https://docs.livekit.io/home/self-hosting/local/ to use it as the room."
_TOKEN_TTL_S = 60.0
_ANSWER_BYTES = 4096
# LiveKit's server quotes the token that it refuses; what was read may end in the middle of one.
_TOKEN = re.compile(r"eyJ[\w.-]*")
_SCHEMES = {"ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Answer:
    """What a server said to a join token, or why nothing came: `status` is its HTTP status, None for no answer."""

    status: int | None
    text: str


def check_server_command(path: str, room: RoomKind) -> Check:
    """The check `livekit_server`: whether the folders of `path` hold one. It is needed for `--room server` alone."""
    found = shutil.which(_SERVER_COMMAND, path=path)
    if found is not None:
        return Check("livekit_server", State.OK, found)
    if room is RoomKind.SERVER:
        return Check("livekit_server", State.FAIL, f"{_SERVER_COMMAND} is not on PATH, and is the room", _SERVER_FIX)
    return Check("livekit_server", State.OK, f"{_SERVER_COMMAND} is not on PATH; not needed", _SERVER_FIX)


async def check_livekit(config: Config) -> Check:
    """The check `livekit`: which room is taken, and, where it is a URL, whether that server lets us in."""
    room = config.room
    if room.kind is not RoomKind.URL or config.credentials is None:
        found = f"the room is {room.kind} ({room.reason})"
        return Check("livekit", State.OK, f"{found}; {KEY_NAME}, {SECRET_NAME} set" if config.credentials else found)
    answer = await ask_server(room.url, config.credentials)
    return judge_answer(answer, host=room.host, reason=room.reason)


async def ask_server(url: str, credentials: Credentials, *, timeout_s: float = ANSWER_TIMEOUT_S) -> Answer:
    """Ask the server at `url` (ws, wss, http or https) whether a token of ours could join; it joins nothing."""
    claims = TokenClaims("avatar-testbench-doctor", VideoGrants(room_join=True, room="avatar-testbench-doctor"))
    token = mint_token(claims, api_key=credentials.api_key, api_secret=credentials.api_secret, ttl_s=_TOKEN_TTL_S)
    scheme, _, rest = url.partition("://")
    validate_url = f"{_SCHEMES.get(scheme.lower(), scheme)}://{rest.rstrip('/')}/rtc/validate"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout_s)) as session,
            # A redirect could carry the token elsewhere.
            session.get(validate_url, headers={"Authorization": f"Bearer {token}"}, allow_redirects=False) as response,
        ):
            text = (await response.content.read(_ANSWER_BYTES)).decode(errors="replace")
            return Answer(response.status, one_line(_TOKEN.sub("(token)", text)))
    except aiohttp.ClientConnectorError as error:
        return Answer(None, one_line(error.strerror or str(error)))
    except (aiohttp.ClientError, TimeoutError) as error:
        return Answer(None, one_line(str(error) or "no answer in time"))


def judge_answer(answer: Answer, *, host: str, reason: str) -> Check:
    """From what the server at `host` said."""
    if answer.status == 200:
        found = f"{host} answers and takes {KEY_NAME} and {SECRET_NAME} ({reason})"
        return Check("livekit", State.OK, found)
    if answer.status is None:
        fix = f"Check {URL_NAME} and that the server runs, or unset {URL_NAME} to take the embedded room."
        return Check("livekit", State.FAIL, f"{host} does not answer: {answer.text} ({reason})", fix)
    said = f"{host} answers {answer.status}: {answer.text or 'no reason given'} ({reason})"
    if answer.status in (401, 403):
        return Check("livekit", State.FAIL, said, f"Set the {KEY_NAME} and {SECRET_NAME} that belong to {host}.")
    return Check("livekit", State.FAIL, said, f"Check that {URL_NAME} is a LiveKit server's address.")
