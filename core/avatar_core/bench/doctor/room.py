"""The embedded room: started as a child, asked, and stopped again. Joining it with the SDK is not tried here."""

import secrets

from avatar_core.bench.doctor.livekit import Answer, ask_server
from avatar_core.bench.doctor.probe import one_line
from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.room_choice import Credentials, RoomKind
from avatar_core.errors import RoomServerError
from avatar_core.room.server import start_embedded_room

_FIX = "Run: avatar-testbench room. It starts the same server here, where its whole log is seen."


async def check_room(wanted: RoomKind) -> Check:
    """The check `room`; a lack fails where the embedded room is the `wanted` one, else it is a warning."""
    credentials = Credentials(f"doctor-{secrets.token_hex(4)}", secrets.token_urlsafe(32))
    try:
        server = await start_embedded_room(
            api_key=credentials.api_key, api_secret=credentials.api_secret, why="the doctor tries it"
        )
        try:
            answer = await ask_server(server.room.url, credentials)
        finally:
            await server.aclose()
    except RoomServerError as error:
        return judge_room(str(error), wanted)
    return judge_room(refusal(answer), wanted)


def refusal(answer: Answer) -> str:
    """Why the started room let nobody in, from its `answer`; empty where it does."""
    if answer.status == 200:
        return ""
    said = "nothing" if answer.status is None else str(answer.status)
    return f"the embedded room starts but answers {said}: {answer.text}"


def judge_room(trouble: str, wanted: RoomKind) -> Check:
    """From what went wrong, empty where nothing did."""
    if not trouble:
        return Check("room", State.OK, "the embedded room starts, answers and stops")
    state = State.FAIL if wanted is RoomKind.EMBEDDED else State.WARN
    return Check("room", state, one_line(trouble), _FIX)
