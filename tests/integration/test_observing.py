"""An avatar that somebody else drives is measured from beside: by its agent's name, while it is there, unnoticed."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from avatar_core.bench.contract import Session
from avatar_core.bench.observe.observed import Observed
from avatar_core.bench.observe.session import ObserveSession
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import Credentials
from avatar_core.bench.snapshot import SessionSnapshot
from avatar_core.bench.stage.venue import AGENT_IDENTITY, VIEWER_IDENTITY
from avatar_core.bench.states import Role, SessionState
from tests.fakes.media_signals import playing_tone
from tests.leftovers import Leftovers
from tests.patience import LIMIT_S
from tests.real_session import connected_session, same_server
from tests.somebody import AGENT, AVATAR, Somebody


async def becomes(session: Session, holds: Callable[[SessionSnapshot], bool]) -> SessionSnapshot:
    async with asyncio.timeout(LIMIT_S):
        while not holds(now := session.snapshot()):
            await asyncio.sleep(0.02)
    return now


def measured(session: Session) -> set[str]:
    """On a busy machine samples count as not trusted, but they are taken."""
    return {sample.metric for sample in session.samples()}


@pytest.fixture
def somebody(access, room_name: str) -> Somebody:
    return Somebody(access.url, access.api_key, access.api_secret, room_name)


@asynccontextmanager
async def observing(config: Config, observed: Observed) -> AsyncIterator[ObserveSession]:
    session = ObserveSession(config, observed, monitor_muted=True)
    try:
        yield session
    finally:
        await session.aclose()


async def test_an_avatar_is_measured_while_somebody_else_drives_it_and_nobody_in_the_room_can_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with AsyncExitStack() as stack:
        driver = await stack.enter_async_context(connected_session(monkeypatch, first_provider="sync-pattern"))
        config, stage = same_server(driver.session), driver.session.life.stage
        here, strangers, senders = set(stage.connection.participants), set(), set()
        stage.connection.events.participant_connected.connect(lambda came: strangers.add(came.identity))
        stage.connection.events.participant_changed.connect(lambda one: strangers.add(one.identity))
        stage.connection.events.track_published.connect(lambda track: strangers.add(track.owner))
        stage.connection.events.data_received.connect(lambda packet: senders.add(packet.sender))
        observed = Observed(AGENT_IDENTITY, stage.venue.room_name)
        session = await stack.enter_async_context(observing(config, observed))
        connected = await session.connect()
        assert connected.ok, connected.text
        await driver.session.speak("sync-pattern")
        wanted = {"av_offset_ms", "fps", "audio_delay_ms", "level_dbfs", "first_frame_s", "first_sound_s"}
        await becomes(session, lambda _: wanted <= measured(session))
        assert await session.wait_measured()

        now = session.snapshot()
        assert {"frame_interval_ms", "black_s", "clipped_percent", "double_audio_ms"} <= measured(session)
        assert not [check for check in now.checks if check.verdict == "fail"]
        roles = {one.role: one.identity for one in now.room.participants}
        assert roles[Role.AVATAR] == driver.session.life.actor.identity
        assert (now.observing, now.state, now.balance.opened) == (AGENT_IDENTITY, SessionState.READY, 0)
        for refused in (session.interrupt(), session.speak(), session.swap("audio-wave"), session.plant({})):
            assert (await refused).text == f"Observing: somebody else drives {AGENT_IDENTITY}"
        assert (await session.mark("here")).ok

        assert here == {VIEWER_IDENTITY, roles[Role.AVATAR]}
        assert set(stage.connection.participants) == here
        assert strangers == set()
        assert senders <= {roles[Role.AVATAR]}


async def test_an_avatar_that_leaves_is_waited_for_and_what_is_wrong_with_it_is_found(somebody: Somebody) -> None:
    """Planted: a face that stands still while it is heard, its agent audible beside it, and an absence."""
    async with (
        await somebody.comes(AGENT, kind="agent") as agent,
        observing(somebody.config, somebody.observed(AGENT)) as session,
        playing_tone(await agent.publish_audio("its own"), 880.0),
    ):
        connecting = asyncio.ensure_future(session.connect())
        async with somebody.avatar():
            await connecting
            await becomes(session, lambda _: "still_s" in measured(session))
            assert AVATAR in [one.identity for one in session.snapshot().room.participants if one.role is Role.AVATAR]
        await becomes(session, lambda now: now.state is SessionState.WAITING)
        assert session.levels().rms_dbfs is None
        async with somebody.avatar():
            await becomes(session, lambda now: now.state is SessionState.READY)
            before = [one.metric for one in session.samples()].count("fps")
            await becomes(session, lambda _: [one.metric for one in session.samples()].count("fps") > before)
        samples = list(session.samples())

    found = {name: [one.value for one in samples if one.metric == name] for name in measured(session)}
    assert max(found["still_s"]) > 1.0
    assert max(found["double_audio_ms"]) > 500.0
    assert len(found["avatar_away_s"]) == 1
    assert len(found["first_frame_s"]) >= 2


async def test_who_never_comes_is_told_with_the_names_of_those_who_are_there(somebody: Somebody) -> None:
    observed = somebody.observed("nobody", wait_s=1.0)
    async with await somebody.comes("ada"), observing(somebody.config, observed) as session:
        result = await session.connect()
        assert not result.ok
        assert result.text.startswith(f"nobody did not come to room {somebody.room_name!r} in 1 s")
        assert "ada (standard, publishes nothing)" in result.text
        assert session.state is SessionState.FAILED
        (notice,) = session.snapshot().notices
        assert notice.body == result.text


async def test_a_room_that_can_not_be_joined_is_told_and_can_be_tried_again(somebody: Somebody) -> None:
    wrong = Config(somebody.config.room, Credentials("integration-key", "a-secret-that-nobody-else-has-32-bytes"))
    async with observing(wrong, somebody.observed()) as session:
        result = await session.connect()
        assert not result.ok
        assert "was not joined" in result.text
        assert "reconnect" not in session.snapshot().blocked


async def test_the_command_ends_at_ctrl_c_with_a_whole_result(
    somebody: Somebody, access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leftovers = Leftovers(monkeypatch)
    monkeypatch.setenv("LIVEKIT_API_KEY", access.api_key)
    monkeypatch.setenv("LIVEKIT_API_SECRET", access.api_secret)
    where = ["--room", access.url, "--room-name", somebody.room_name, "--out", str(tmp_path), "--record"]
    async with somebody.avatar():
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "avatar_gui", "run", "--observe", AVATAR, *where),
            stdout=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(LIMIT_S):
            while b"Recording to" not in (line := await process.stdout.readline()):
                assert line, "it ended before it began to record"
            # Figures of the viewer come once a second, and calm is waited for.
            await asyncio.sleep(5.0)
            process.send_signal(signal.SIGINT)
            printed, _ = await process.communicate()
    result = json.loads((tmp_path / "result.json").read_text())
    run = result["runs"][0]
    assert process.returncode == {"pass": 0, "fail": 1, "broken": 3}[result["verdict"]]
    assert (run["scenario"], run["provider"], run["swap_to"], result["swap_policy"]) == ("observe", AVATAR, None, None)
    assert "what was said" in run["not_measured"]["missing_end_ms"]
    assert "segments_opened" not in run["metrics"]
    assert next(check for check in run["checks"] if check["name"] == "missing_end_ms")["verdict"] == "skipped"
    assert b"it was there all the time" in printed
    written = {"samples.csv", "events.jsonl", "getstats.jsonl", "recording.mkv"}
    assert written <= set(await asyncio.to_thread(os.listdir, tmp_path))
    await leftovers.nothing_within(LIMIT_S)
