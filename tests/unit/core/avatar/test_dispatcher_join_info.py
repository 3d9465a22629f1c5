"""What the dispatcher says to VideoSDK's agents: by their body, with the options in the query (PROTOCOLS V2)."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from avatar_core.avatar.dispatcher import DispatcherConfig, build_app
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token
from avatar_core.wire.dispatch import LaunchRequest, WorkerStatus

TOKEN = mint_token(
    TokenClaims(
        "avatar-1", VideoGrants(room_join=True, room="room"), attributes={"lk.publish_on_behalf": "bench-agent"}
    ),
    api_key="key",
    api_secret="s" * 32,
    ttl_s=60,
)
INFO = {"room_name": "room", "token": TOKEN, "participant_id": "avatar-1", "signaling_base_url": "ws://host:7880"}


class Pool:
    """Launches nothing, and remembers what it was to launch."""

    def __init__(self) -> None:
        self.launched: list[tuple[LaunchRequest, str]] = []

    async def launch(self, request: LaunchRequest, wire: str) -> WorkerStatus:
        self.launched.append((request, wire))
        return WorkerStatus("worker-1", request.room_name, "starting", 1)


class Asked:
    """The dispatcher's side, and one question to it."""

    def __init__(self, url: str, pool: Pool) -> None:
        self.url, self.pool = url, pool

    async def post(self, body: object, query: str = "") -> tuple[int, dict]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.url}/videosdk{query}", json=body) as answer,
        ):
            return answer.status, await answer.json()


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    pool = Pool()
    runner = web.AppRunner(build_app(pool, DispatcherConfig(), ("talking-head", "sync-pattern")), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield Asked(f"http://127.0.0.1:{runner.addresses[0][1]}", pool)
    await runner.cleanup()


async def test_join_info_starts_a_worker_of_that_wire_with_the_options_of_the_query(asked: Asked) -> None:
    status, answer = await asked.post(INFO, "?generator=sync-pattern&fps=25&width=640")
    assert (status, answer["worker_id"]) == (200, "worker-1")
    [(request, wire)] = asked.pool.launched
    assert wire == "videosdk"
    assert (request.room_name, request.url, request.token) == ("room", "ws://host:7880", TOKEN)
    assert request.options == {"generator": "sync-pattern", "fps": 25, "width": 640, "wire": "videosdk"}


@pytest.mark.parametrize(
    ("changes", "query", "said"),
    [
        ({"signaling_base_url": None}, "", "signaling_base_url must name the LiveKit server"),
        ({"participant_id": "somebody"}, "", "the token names 'avatar-1'"),
        ({"token": "none"}, "", "not a JSON web token"),
        ({"room_name": ""}, "", "room_name"),
        ({}, "?generator=none", "no generator is called 'none'"),
        ({}, "?fps=fast", "fps"),
    ],
)
async def test_what_starts_no_worker_is_refused_with_the_reason(
    asked: Asked, changes: dict, query: str, said: str
) -> None:
    status, answer = await asked.post(INFO | changes, query)
    assert status == 400
    assert said in answer["detail"]
    assert TOKEN not in answer["detail"]
    assert asked.pool.launched == []


async def test_participant_need_not_be_named(asked: Asked) -> None:
    status, _ = await asked.post(INFO | {"participant_id": None})
    assert status == 200
