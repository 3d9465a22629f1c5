"""Against a small real HTTP server: the dispatcher's side of PROTOCOLS 1.2, as told by the test."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from avatar_core.errors import ProviderStartError
from avatar_core.providers.contract import Avatar, ProviderTraits, Seat
from avatar_core.providers.dispatched import DispatchedProvider

TRAITS = ProviderTraits("wave", "Wave", "built-in", 24_000)
SEAT = Seat("ws://127.0.0.1:7880", "room", "avatar-wave-1", "bench-agent", "secret.token.text")


class Dispatcher:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.launched: list[dict] = []
        self.ended: list[str] = []
        self.answer: Callable[[], Awaitable[web.StreamResponse]] = self.success
        self.workers: list[dict] = []
        self.worker_id: str | None = "worker-1"

    async def success(self) -> web.StreamResponse:
        body = {"status": "success", "message": "started"}
        return web.json_response(body | ({"worker_id": self.worker_id} if self.worker_id else {}))

    async def launch(self, request: web.Request) -> web.StreamResponse:
        self.launched.append(await request.json())
        return await self.answer()

    async def list(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"workers": self.workers})

    async def end(self, request: web.Request) -> web.StreamResponse:
        self.ended.append(request.match_info["worker_id"])
        return web.json_response({})

    def worker(self, worker_id: str, reason: str) -> dict:
        return {"worker_id": worker_id, "room_name": "room", "state": "ended", "pid": 1, "reason": reason}


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    served = Dispatcher()
    app = web.Application()
    app.add_routes(
        [
            web.post("/launch", served.launch),
            web.get("/workers", served.list),
            web.delete("/workers/{worker_id}", served.end),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


async def start(dispatcher: Dispatcher, options: dict | None = None) -> Avatar:
    return await DispatchedProvider(TRAITS, lambda: dispatcher.url, options).start(SEAT)


async def test_a_launch_hands_on_the_seat_and_the_options(dispatcher: Dispatcher) -> None:
    await start(dispatcher, {"generator": "audio-wave", "fps": 25.0})
    assert dispatcher.launched == [
        {
            "room_name": "room",
            "url": "ws://127.0.0.1:7880",
            "token": "secret.token.text",
            "options": {"generator": "audio-wave", "fps": 25.0},
        }
    ]


async def test_a_refusal_says_why_in_the_dispatchers_words(dispatcher: Dispatcher) -> None:
    async def refuse() -> web.StreamResponse:
        return web.json_response({"detail": "8 workers run already"}, status=503)

    dispatcher.answer = refuse
    with pytest.raises(ProviderStartError, match="Wave was not started: 8 workers run already"):
        await start(dispatcher)


@pytest.mark.parametrize(("status", "body"), [(200, "<html>"), (500, "<html>"), (200, "{}"), (200, "[]")])
async def test_what_cannot_be_read_is_refused_without_the_token(dispatcher: Dispatcher, status: int, body: str) -> None:
    async def babble() -> web.StreamResponse:
        return web.Response(status=status, text=body)

    dispatcher.answer = babble
    with pytest.raises(ProviderStartError, match=r"can't be read|was not started") as refused:
        await start(dispatcher)
    assert SEAT.token not in str(refused.value)


async def test_a_dispatcher_that_is_not_there_is_named(dispatcher: Dispatcher) -> None:
    provider = DispatchedProvider(TRAITS, lambda: "http://127.0.0.1:9")
    with pytest.raises(ProviderStartError, match=r"127\.0\.0\.1:9/launch can't be reached"):
        await provider.start(SEAT)


async def test_why_a_worker_ended_is_the_dispatchers_word(dispatcher: Dispatcher) -> None:
    avatar = await start(dispatcher)
    assert await avatar.why_ended() == ""
    dispatcher.workers = [dispatcher.worker("worker-9", "another"), dispatcher.worker("worker-1", "killed by SIGKILL")]
    assert await avatar.why_ended() == "killed by SIGKILL"


async def test_a_long_list_of_workers_is_read_to_its_end(dispatcher: Dispatcher) -> None:
    avatar = await start(dispatcher)
    dispatcher.workers = [dispatcher.worker(f"worker-{number}", "x" * 500) for number in range(90, 0, -1)]
    assert len(json.dumps(dispatcher.workers)) > 40_000
    assert await avatar.why_ended() == "x" * 500


async def test_a_dispatcher_that_went_away_knows_no_reason_and_ends_nothing(dispatcher: Dispatcher) -> None:
    avatar = await start(dispatcher)
    avatar._base_url = "http://127.0.0.1:9"
    assert await avatar.why_ended() == ""
    await avatar.aclose()


async def test_an_avatar_is_ended_once_by_its_name(dispatcher: Dispatcher) -> None:
    avatar = await start(dispatcher)
    await avatar.aclose()
    await avatar.aclose()
    assert dispatcher.ended == ["worker-1"]


async def test_a_worker_without_a_name_is_left_to_its_room(dispatcher: Dispatcher) -> None:
    dispatcher.worker_id = None
    avatar = await start(dispatcher)
    await avatar.aclose()
    assert dispatcher.ended == []


async def test_whoever_was_cancelled_while_ending_it_may_end_it_again(dispatcher: Dispatcher) -> None:
    avatar = await start(dispatcher)
    ending = asyncio.get_running_loop().create_task(avatar.aclose())
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    await avatar.aclose()
    assert dispatcher.ended[-1:] == ["worker-1"]
