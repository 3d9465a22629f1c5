"""Asking a dispatcher for an avatar, against a small real HTTP server (PROTOCOLS V2)."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.avatar import AvatarAudioOut, AvatarAuthCredentials, AvatarJoinInfo
from avatar_core.videosdk.launch import ATTEMPTS, launch_avatar

INFO = AvatarJoinInfo("room", "secret.token.text", "avatar_1")


class Dispatcher:
    """Answers with `statuses`, one each, the last one for ever."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[str, dict]] = []
        self.statuses = [200]
        self.body = "anything"
        self.answers = asyncio.Event()
        self.answers.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path_qs, await request.json()))
        await self.answers.wait()
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.Response(status=status, text=self.body, headers={"Location": "/elsewhere"})


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    served = Dispatcher()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


async def test_body_has_all_four_keys_and_the_url_is_used_as_it_is(dispatcher: Dispatcher) -> None:
    """V2: any 2xx is a success, whatever it says."""
    dispatcher.statuses = [202]
    out = AvatarAudioOut(
        credentials=AvatarAuthCredentials("avatar_1", "secret.token.text", {"goes": "nowhere"}),
        avatar_dispatcher_url=f"{dispatcher.url}/any/path?generator=wave",
    )
    out.set_room_id("room")
    assert await out.connect() == b"anything"
    assert dispatcher.asked == [
        (
            "/any/path?generator=wave",
            {
                "room_name": "room",
                "token": "secret.token.text",
                "participant_id": "avatar_1",
                "signaling_base_url": None,
            },
        )
    ]


async def test_server_that_is_busy_for_a_moment_is_asked_again(dispatcher: Dispatcher) -> None:
    dispatcher.statuses = [503, 200]
    await launch_avatar(dispatcher.url, INFO)
    assert len(dispatcher.asked) == 2


@pytest.mark.parametrize(("status", "attempts"), [(302, 1), (400, 1), (401, 1), (500, ATTEMPTS)])
async def test_refusal_is_told_with_its_reason_and_without_the_token(
    dispatcher: Dispatcher, status: int, attempts: int
) -> None:
    """V2: a redirect is no success; what will not change is not asked again."""
    dispatcher.statuses, dispatcher.body = [status], '{"detail": "no room for it"}'
    with pytest.raises(ProviderStartError, match=f"answered {status} no room for it") as raised:
        await launch_avatar(f"{dispatcher.url}/launch?key=hidden", INFO)
    assert len(dispatcher.asked) == attempts
    assert "secret" not in str(raised.value)
    assert "hidden" not in str(raised.value)
    assert "/launch" in str(raised.value)


async def test_server_that_does_not_answer_is_not_waited_for_for_ever(dispatcher: Dispatcher) -> None:
    dispatcher.answers.clear()
    with pytest.raises(ProviderStartError, match="can't be reached"):
        await launch_avatar(dispatcher.url, INFO, timeout_s=0.05)
    dispatcher.answers.set()
    assert len(dispatcher.asked) == ATTEMPTS


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/launch", "no url at all"])
async def test_what_cannot_be_reached_is_named(url: str) -> None:
    with pytest.raises(ProviderStartError, match="can't be reached"):
        await launch_avatar(url, INFO)
