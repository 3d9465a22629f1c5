"""A real worker, launched over HTTP by the real dispatcher, in a real room: what it plays and what it answers."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import numpy as np
import pytest

from avatar_core.child import ChildProcess
from avatar_core.media.flashes import FlashDetector
from avatar_core.media.source import SyncPatternSource
from avatar_core.playback.segment import SegmentRef
from avatar_core.room.connection import RoomConnection
from avatar_core.room.data_stream_output import DataStreamAudioOutput
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import TrackKind
from avatar_core.tasks import TaskGroup
from avatar_core.tokens import TokenClaims, VideoGrants
from avatar_core.wire.codec import JsonScalar
from avatar_core.wire.dispatch import (
    LaunchRequest,
    WorkerStatus,
    decode_launch_answer,
    decode_worker_list,
    encode_body,
)
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF
from tests.fakes.audio_output import FinishLog
from tests.leftovers import is_running
from tests.patience import LIMIT_S

AGENT, AVATAR = "bench-agent", "avatar-sync-pattern-1"
OPTIONS: dict[str, JsonScalar] = {"generator": "sync-pattern", "width": 320, "height": 180, "fps": 15.0}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def options() -> ConnectOptions:
    """The SDK's own choice: what is tested here does not depend on it."""
    return ConnectOptions()


class Dispatcher:
    """The dispatcher process and questions to it."""

    def __init__(self, process: ChildProcess, url: str, http: aiohttp.ClientSession) -> None:
        self.process = process
        self.url = url
        self.http = http

    async def launch(self, request: LaunchRequest) -> str:
        async with self.http.post(f"{self.url}/launch", data=encode_body(request), headers=JSON) as response:
            body = await response.read()
            assert response.status == 200, body
            worker_id = decode_launch_answer(body).worker_id
        assert worker_id is not None
        return worker_id

    async def status(self, worker_id: str) -> WorkerStatus:
        async with self.http.get(f"{self.url}/workers") as response:
            workers = decode_worker_list(await response.read()).workers
        return next(worker for worker in workers if worker.worker_id == worker_id)

    async def ended(self, worker_id: str) -> WorkerStatus:
        async with asyncio.timeout(LIMIT_S):
            while (status := await self.status(worker_id)).state != "ended":
                await asyncio.sleep(0.05)
        return status


async def start_dispatcher(config: dict[str, object]) -> tuple[ChildProcess, str]:
    process = await ChildProcess.start("avatar_core.avatar.dispatcher", name="dispatcher")
    process.send_line(json.dumps(config).encode() + b"\n")
    async with asyncio.timeout(LIMIT_S):
        return process, json.loads(await anext(process.lines()))["url"]


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    process, url = await start_dispatcher({"max_workers": 2})
    async with aiohttp.ClientSession() as http:
        yield Dispatcher(process, url, http)
    await process.aclose()


@dataclass
class Stage:
    """The agent with its output, the worker it was launched for, and a viewer."""

    agent: RoomConnection
    viewer: RoomConnection
    dispatcher: Dispatcher
    worker_id: str
    output: DataStreamAudioOutput
    log: FinishLog

    async def say(self, duration_s: float, utterance: int, *, flush: bool = True) -> None:
        # Made first: where cores are taken, that could take longer than what was said before is heard.
        for frame in [frame async for frame in SyncPatternSource(utterance, duration_s=duration_s)]:
            await self.output.capture_frame(frame, segment=SegmentRef(f"u{utterance}"))
        if flush:
            self.output.flush()

    async def playout(self) -> None:
        async with asyncio.timeout(LIMIT_S):
            await self.output.wait_for_playout()

    async def pid(self) -> int:
        return (await self.dispatcher.status(self.worker_id)).pid


class Watch:
    """What a viewer saw and heard."""

    def __init__(self) -> None:
        self.pictures = 0
        self.flashes: list[float] = []
        self.loud_s = 0.0
        self.heard = asyncio.Event()

    async def look(self, viewer: RoomConnection, track_sid: str) -> None:
        detector = FlashDetector()
        async for received in viewer.read_video(track_sid):
            self.pictures += 1
            if (flash_s := detector.push(received.frame.luma, received.received_s)) is not None:
                self.flashes.append(flash_s)

    async def listen(self, viewer: RoomConnection, track_sid: str) -> None:
        async for received in viewer.read_audio(track_sid):
            if int(np.abs(received.frame.samples.astype(np.int32)).max()) > 500:
                self.loud_s += received.frame.duration_s
                self.heard.set()


def launch_request(access, room_name: str, options: dict[str, JsonScalar], identity: str = AVATAR) -> LaunchRequest:
    grants = VideoGrants(room_join=True, room=room_name)
    claims = TokenClaims(identity, grants, kind="agent", attributes={ATTRIBUTE_PUBLISH_ON_BEHALF: AGENT})
    return LaunchRequest(room_name, access.url, access.token(claims), options)


@pytest.fixture
async def stage(join, access, room_name: str, dispatcher: Dispatcher) -> AsyncIterator[Stage]:
    agent, viewer = await asyncio.gather(join(AGENT, claims={"kind": "agent"}), join("viewer"))
    worker_id = await dispatcher.launch(launch_request(access, room_name, OPTIONS))
    output = DataStreamAudioOutput(
        agent, AVATAR, wait_remote_tracks=list(TrackKind), wait_playback_start=True, exact_position=True
    )
    await output.wait_until_ready()
    yield Stage(agent, viewer, dispatcher, worker_id, output, FinishLog(output))
    await output.aclose()


async def test_speech_is_seen_and_heard_and_every_segment_is_answered_once(stage: Stage) -> None:
    watch = Watch()
    tracks = [await stage.viewer.wait_for_track(AVATAR, kind) for kind in (TrackKind.VIDEO, TrackKind.AUDIO)]
    watching = TaskGroup()
    watching.spawn(watch.look(stage.viewer, tracks[0].sid), name="look")
    watching.spawn(watch.listen(stage.viewer, tracks[1].sid), name="listen")
    await stage.say(3.0, 0)
    await stage.playout()
    await stage.say(1.0, 1)
    await stage.say(0.5, 2)
    await stage.playout()
    assert stage.log.ids == ["u0", "u1", "u2"]
    assert stage.log.answers == [(3.0, False), (1.0, False), (0.5, False)]
    assert watch.pictures > 20
    assert len(watch.flashes) >= 2
    assert watch.loud_s > 2.0
    await watching.aclose()


async def test_interrupt_is_answered_with_what_was_played_and_silences_the_worker(stage: Stage) -> None:
    watch = Watch()
    audio = await stage.viewer.wait_for_track(AVATAR, TrackKind.AUDIO)
    watching = TaskGroup()
    watching.spawn(watch.listen(stage.viewer, audio.sid), name="listen")
    await stage.say(20.0, 0)
    await stage.say(1.0, 1)
    async with asyncio.timeout(LIMIT_S):
        await watch.heard.wait()
    stage.output.clear_buffer()
    await stage.playout()
    assert stage.log.ids == ["u0", "u1"]
    assert [interrupted for _, interrupted in stage.log.answers] == [True, True]
    first, second = (position_s for position_s, _ in stage.log.answers)
    assert 0 < first < 20.0
    assert second == 0.0
    await stage.say(1.0, 2)
    await stage.playout()
    assert stage.log.answers[2:] == [(1.0, False)]
    assert watch.loud_s < first + 1.0 + 2.0
    await watching.aclose()


async def test_killed_worker_finishes_what_was_open(stage: Stage) -> None:
    started = asyncio.Event()
    stage.output.playback_started.connect(lambda _: started.set())
    await stage.say(10.0, 0)
    await stage.say(1.0, 1, flush=False)
    async with asyncio.timeout(LIMIT_S):
        await started.wait()
    os.kill(await stage.pid(), signal.SIGKILL)
    await stage.playout()
    assert stage.log.ids == ["u0", "u1"]
    assert [interrupted for _, interrupted in stage.log.answers] == [True, True]
    status = await stage.dispatcher.ended(stage.worker_id)
    assert (status.exit_code, status.reason) == (-9, "killed by signal SIGKILL")


async def test_worker_leaves_when_its_controller_does_and_when_it_is_told_to(
    join, access, room_name: str, dispatcher: Dispatcher
) -> None:
    agent = await join(AGENT)
    worker_id = await dispatcher.launch(launch_request(access, room_name, {**OPTIONS, "grace_s": 0.1}))
    await agent.wait_for_track(AVATAR, TrackKind.VIDEO, subscribed=False)
    second_id = await dispatcher.launch(launch_request(access, room_name, OPTIONS, "avatar-2"))
    await agent.wait_for_track("avatar-2", TrackKind.VIDEO, subscribed=False)
    assert (await dispatcher.status(worker_id)).state == "ready"
    async with dispatcher.http.post(
        f"{dispatcher.url}/launch",
        data=encode_body(launch_request(access, room_name, OPTIONS, "avatar-3")),
        headers=JSON,
    ) as refused:
        assert refused.status == 503
    async with dispatcher.http.delete(f"{dispatcher.url}/workers/{second_id}") as response:
        assert response.status == 200
    assert (await dispatcher.status(second_id)).reason == "stopped: told to stop"
    await agent.aclose()
    status = await dispatcher.ended(worker_id)
    assert (status.exit_code, status.reason.partition(":")[0]) == (0, "controller_gone")


@pytest.mark.parametrize(("fault", "joins"), [("never_join", False), ("never_publish", True)])
async def test_planted_fault_keeps_the_worker_out(
    join, access, room_name: str, dispatcher: Dispatcher, fault: str, joins: bool
) -> None:
    agent = await join(AGENT)
    request = launch_request(access, room_name, {**OPTIONS, f"fault.{fault}": True})
    worker_id = await dispatcher.launch(request)
    other_id = await dispatcher.launch(launch_request(access, room_name, OPTIONS, "avatar-2"))
    await agent.wait_for_track("avatar-2", TrackKind.VIDEO, subscribed=False)
    if joins:
        assert (await agent.wait_for_participant(AVATAR)).publications == ()
    else:
        assert AVATAR not in agent.participants
    assert (await dispatcher.status(worker_id)).state == "starting"
    assert (await dispatcher.status(other_id)).state == "ready"


async def test_slow_answer_is_overtaken_by_one_that_was_asked_for_later(
    access, room_name: str, dispatcher: Dispatcher
) -> None:
    answered: list[str] = []

    async def ask(identity: str, options: dict[str, JsonScalar]) -> None:
        await dispatcher.launch(launch_request(access, room_name, options, identity))
        answered.append(identity)

    async with asyncio.TaskGroup() as asking:
        asking.create_task(ask(AVATAR, OPTIONS | {"fault.slow_answer_s": 1.0}))
        await asyncio.sleep(0)
        asking.create_task(ask("avatar-2", OPTIONS))
    assert answered == ["avatar-2", AVATAR]


async def test_worker_that_cannot_join_says_why(access, room_name: str, dispatcher: Dispatcher) -> None:
    request = launch_request(access, room_name, OPTIONS)
    worker_id = await dispatcher.launch(LaunchRequest(room_name, "ws://127.0.0.1:9", request.token, OPTIONS))
    status = await dispatcher.ended(worker_id)
    assert status.exit_code == 1
    assert status.reason.startswith("failed: Could not join the room at ws://127.0.0.1:9")
    assert request.token not in status.reason


async def test_nothing_outlives_a_dispatcher_that_is_killed(
    join, access, room_name: str, dispatcher: Dispatcher
) -> None:
    agent = await join(AGENT)
    worker_id = await dispatcher.launch(launch_request(access, room_name, OPTIONS))
    await agent.wait_for_track(AVATAR, TrackKind.VIDEO, subscribed=False)
    pid = (await dispatcher.status(worker_id)).pid
    dispatcher.process.kill()
    await agent.wait_for(lambda: AVATAR not in agent.participants or None, what="the worker to go", timeout_s=LIMIT_S)
    async with asyncio.timeout(LIMIT_S):
        while is_running(pid):
            await asyncio.sleep(0.02)


async def test_only_well_formed_requests_by_a_loopback_name_are_served(dispatcher: Dispatcher) -> None:
    url = dispatcher.url
    for headers, body, status in (
        (JSON | {"Host": "evil.example"}, b"{}", 403),
        ({"Content-Type": "text/plain"}, b"{}", 415),
        (JSON, b"{", 400),
        (JSON, json.dumps({"room_name": "r", "url": "ws://x", "token": "t"}).encode(), 400),
        (JSON, b" " * 100_000, 413),
    ):
        async with dispatcher.http.post(f"{url}/launch", data=body, headers=headers) as response:
            assert response.status == status
            assert "detail" in await response.json()
    async with dispatcher.http.delete(f"{url}/workers/worker-9") as response:
        assert response.status == 404
    async with dispatcher.http.get(f"{url}/elsewhere") as response:
        assert (response.status, "detail" in await response.json()) == (404, True)


async def test_bearer_token_is_asked_for_where_one_is_set() -> None:
    process, url = await start_dispatcher({"token": "open-sesame"})
    async with aiohttp.ClientSession() as http:
        for authorization, status in (({}, 401), ({"Authorization": "Bearer x"}, 401), (None, 200)):
            headers = {"Authorization": "Bearer open-sesame"} if authorization is None else authorization
            async with http.get(f"{url}/workers", headers=headers) as response:
                assert response.status == status
    await process.aclose()


@pytest.mark.parametrize(
    ("config", "words"),
    [({"host": "0.0.0.0"}, "give it a token"), ({"port": "x"}, "can't be read"), ({"prt": 1}, "unknown field 'prt'")],
)
async def test_bad_configuration_ends_the_dispatcher_with_words(config: dict[str, object], words: str) -> None:
    process = await ChildProcess.start("avatar_core.avatar.dispatcher", name="dispatcher")
    process.send_line(json.dumps(config).encode() + b"\n")
    async with asyncio.timeout(LIMIT_S):
        assert await process.ended == 2
        while not process.last_words:
            await asyncio.sleep(0.01)
    assert words in process.last_words
    await process.aclose()
