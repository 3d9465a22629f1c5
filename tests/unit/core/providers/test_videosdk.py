"""The providers on VideoSDK's wire, against a small real HTTP server: what is posted, and what comes of the answer."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from avatar_core.errors import ProviderStartError
from avatar_core.providers.contract import Seat
from avatar_core.providers.videosdk import VideoSdkAvatar, reference_dispatching, videosdk_avatars
from avatar_core.videosdk.meeting_output import MeetingAudioOutput
from avatar_core.videosdk.own_voice_output import OwnVoiceOutput
from tests.fakes.clock import ManualClock
from tests.fakes.room import FakeRoom

SEAT = Seat("ws://127.0.0.1:7880", "room", "avatar-1", "bench-agent", "secret.token.text")


class Dispatcher:
    """Answers with `status` and the name of a worker, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.asked: list[dict] = []
        self.queries: list[dict] = []
        self.ended: list[str] = []

    async def launch(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.queries.append(parse_qs(urlsplit(str(request.url)).query))
        body = {"status": "success", "message": "", "worker_id": "worker-7"} if self.status == 200 else {"detail": "no"}
        return web.json_response(body, status=self.status)

    async def end(self, request: web.Request) -> web.StreamResponse:
        self.ended.append(request.match_info["worker_id"])
        return web.json_response({})


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    served = Dispatcher()
    app = web.Application()
    app.add_routes([web.post("/videosdk", served.launch), web.delete("/workers/{worker_id}", served.end)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield served
    await runner.cleanup()


def reference(dispatcher: Dispatcher, **options: bool) -> VideoSdkAvatar:
    [avatar] = videosdk_avatars(
        lambda: reference_dispatching(dispatcher.url, {"fps": 15.0, "fault.x": True}), ManualClock(), **options
    )
    return avatar


async def test_reference_worker_is_asked_for_with_the_seat_and_the_options_and_ended_by_name(
    dispatcher: Dispatcher,
) -> None:
    avatar = await reference(dispatcher).start(SEAT)
    assert dispatcher.asked == [
        {
            "room_name": "room",
            "token": "secret.token.text",
            "participant_id": "avatar-1",
            "signaling_base_url": "ws://127.0.0.1:7880",
        }
    ]
    assert dispatcher.queries == [
        {"fps": ["15.0"], "fault.x": ["true"], "generator": ['"sync-pattern"'], "sample_rate": ["24000"]}
    ]
    await avatar.aclose()
    await avatar.aclose()
    assert dispatcher.ended == ["worker-7"]


async def test_dispatcher_of_the_users_is_offered_beside_ours_and_trusted_with_less(dispatcher: Dispatcher) -> None:
    """Whatever it answers, it is not one of ours that could be asked for a worker (V2)."""
    ours, theirs = videosdk_avatars(
        lambda: reference_dispatching(""), ManualClock(), dispatcher_url=f"{dispatcher.url}/videosdk"
    )
    assert (ours.traits.exact_position, theirs.traits.exact_position) == (True, False)
    assert theirs.traits.id == "videosdk-dispatched"
    avatar = await theirs.start(SEAT)
    assert await avatar.why_ended() == ""
    await avatar.aclose()
    assert dispatcher.ended == []


async def test_refusal_is_a_start_that_failed(dispatcher: Dispatcher) -> None:
    dispatcher.status = 400
    with pytest.raises(ProviderStartError, match="answered 400 no"):
        await reference(dispatcher).start(SEAT)


@pytest.mark.parametrize(("own_voice", "kind"), [(False, MeetingAudioOutput), (True, OwnVoiceOutput)])
async def test_output_is_opened_in_the_agents_room(dispatcher: Dispatcher, own_voice: bool, kind: type) -> None:
    room = FakeRoom()
    agent = room.join("bench-agent")
    avatar = await reference(dispatcher, own_voice=own_voice).start(SEAT)
    if own_voice:
        agent.publish_audio = published
    output = await avatar.open_output(agent)
    assert isinstance(output, kind)
    assert output.sample_rate_hz == 24_000
    await output.aclose()
    await avatar.aclose()
    await agent.aclose()


async def published(*_: object, **__: object) -> object:
    class Voice:
        async def capture(self, frame: object) -> None:
            pass

        async def aclose(self) -> None:
            pass

    return Voice()
