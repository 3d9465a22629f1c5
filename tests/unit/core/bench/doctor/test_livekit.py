import stat
from pathlib import Path

import pytest

from avatar_core.bench.doctor.livekit import Answer, check_livekit, check_server_command, judge_answer
from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import Credentials, RoomChoice, RoomKind


def judge(status: int | None, text: str = "") -> Check:
    return judge_answer(Answer(status, text), host="cloud.example", reason="LIVEKIT_URL is set in the environment")


def test_a_server_that_takes_the_token_is_ok() -> None:
    check = judge(200, "success")
    assert check.state is State.OK
    assert "cloud.example" in check.found
    assert "LIVEKIT_URL is set in the environment" in check.found


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_fails_with_the_servers_reason_and_names_key_and_secret(status: int) -> None:
    check = judge(status, "signature does not fit")
    assert check.state is State.FAIL
    assert f"{status}: signature does not fit" in check.found
    assert "LIVEKIT_API_KEY and LIVEKIT_API_SECRET" in check.fix


def test_no_answer_fails_with_the_reason_and_the_way_out() -> None:
    check = judge(None, "Connection refused")
    assert check.state is State.FAIL
    assert "Connection refused" in check.found
    assert "embedded room" in check.fix


def test_an_answer_that_is_not_livekits_fails() -> None:
    check = judge(404)
    assert check.state is State.FAIL
    assert "404: no reason given" in check.found
    assert "LIVEKIT_URL" in check.fix


async def test_no_server_is_asked_when_the_room_is_embedded() -> None:
    room = RoomChoice(RoomKind.EMBEDDED, "LIVEKIT_URL is not set")
    check = await check_livekit(Config(room))
    assert check == Check("livekit", State.OK, "the room is embedded (LIVEKIT_URL is not set)")


async def test_credentials_without_a_server_are_named_and_not_shown() -> None:
    room = RoomChoice(RoomKind.EMBEDDED, "LIVEKIT_URL is not set")
    check = await check_livekit(Config(room, Credentials("the-key", "the-secret")))
    assert check.found.endswith("LIVEKIT_API_KEY, LIVEKIT_API_SECRET set")
    assert "the-" not in check.found


def test_a_livekit_server_on_path_is_found(tmp_path: Path) -> None:
    command = tmp_path / "livekit-server"
    command.write_text("")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    check = check_server_command(str(tmp_path), RoomKind.SERVER)
    assert check == Check("livekit_server", State.OK, str(command))


def test_a_missing_livekit_server_fails_only_where_it_is_the_room(tmp_path: Path) -> None:
    assert check_server_command(str(tmp_path), RoomKind.EMBEDDED).state is State.OK
    assert check_server_command(str(tmp_path), RoomKind.SERVER).state is State.FAIL
