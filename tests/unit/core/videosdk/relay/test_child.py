"""The relay as a child: what it says of an end, and by which interpreter it runs. No room is needed for these."""

import subprocess
import sys
from pathlib import Path

import pytest

from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.relay.child import RelayChild, relay_command
from avatar_core.wire.relay import RELAY_EVENTS, RELAY_ORDERS, JoinBoth, MeetingPlace, RelayEnded, RoomPlace

ROOM = RoomPlace("ws://127.0.0.1:1", "bench-agent", "room-token")


def order(sdk: str, url: str = "") -> JoinBoth:
    return JoinBoth(MeetingPlace(sdk, "meeting", "agent", "avatar", "secret-token", url), ROOM)


async def test_no_interpreter_is_told_by_its_name(tmp_path: Path) -> None:
    missing = tmp_path / "bin" / "python"
    with pytest.raises(ProviderStartError, match=f"could not be started: No such file.*{missing}"):
        await RelayChild.start(order("videosdk"), python=str(missing))


async def test_an_interpreter_without_the_sdk_is_told_with_what_to_do() -> None:
    with pytest.raises(ProviderStartError, match=r"no VideoSDK .*avatar-testbench videosdk"):
        await RelayChild.start(order("videosdk"))


async def test_a_meeting_that_can_t_be_reached_is_told_without_the_token() -> None:
    with pytest.raises(ProviderStartError, match="meeting can't be joined") as failure:
        await RelayChild.start(order("stand-in", "ws://127.0.0.1:1"))
    assert "secret-token" not in str(failure.value)


def test_what_is_no_order_is_its_end() -> None:
    ran = subprocess.run(relay_command(sys.executable), input=b"nonsense\n", capture_output=True, timeout=30)
    ended = RELAY_EVENTS.decode(ran.stdout)
    assert isinstance(ended, RelayEnded)
    assert ended.reason == "not_joined"
    assert ran.returncode == 1


def test_tokens_show_in_no_repr_and_an_order_comes_back_as_it_was() -> None:
    told = order("stand-in")
    assert "token" not in repr(told).replace("token=", "")
    assert RELAY_ORDERS.decode(RELAY_ORDERS.encode(told)) == told
