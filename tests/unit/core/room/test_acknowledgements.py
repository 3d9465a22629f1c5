"""Acknowledgements keep their order, are repeated, and never end the worker (B10)."""

import pytest

from avatar_core.room import acknowledgements
from avatar_core.room.acknowledgements import MAX_WAITING, Acknowledgements
from avatar_core.room.rpc import RpcCall, RpcError, RpcErrorCode
from tests.fakes.clock import settle
from tests.fakes.room import FakeRoom


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom()


async def test_failed_call_is_repeated_before_the_next(room: FakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acknowledgements, "_PAUSE_S", 0.0)
    agent, avatar = room.join("agent"), room.join("avatar")
    heard: list[str] = []

    async def hear(call: RpcCall) -> str:
        heard.append(call.payload)
        return "ok"

    agent.rpc.register("done", hear)
    room.rpc_failures = [RpcError(RpcErrorCode.CONNECTION_TIMEOUT, "lost")] * 2
    sent = Acknowledgements(avatar, "agent")
    sent.send("done", "1")
    sent.send("done", "2")
    await settle(60)
    assert (heard, sent.lost) == (["1", "2"], 0)
    room.rpc_failures = [RpcError(RpcErrorCode.CONNECTION_TIMEOUT, "lost")] * 3
    sent.send("done", "3")
    sent.send("done", "4")
    await settle(60)
    assert (heard, sent.lost) == (["1", "2", "4"], 1)
    await sent.aclose()


async def test_controller_that_left_costs_no_call(room: FakeRoom) -> None:
    room.join("agent").leave()
    sent = Acknowledgements(room.join("avatar"), "agent")
    sent.send("done", "1")
    await settle()
    assert (room.calls, sent.lost) == ([], 1)
    await sent.aclose()


async def test_controller_the_room_has_not_told_of_yet_is_called(room: FakeRoom) -> None:
    heard: list[str] = []

    async def hear(call: RpcCall) -> str:
        heard.append(call.payload)
        return "ok"

    room.join("agent").rpc.register("done", hear)
    room.untold.add("agent")
    sent = Acknowledgements(room.join("avatar"), "agent")
    sent.send("done", "1")
    await settle()
    assert (heard, sent.lost) == (["1"], 0)
    await sent.aclose()


async def test_method_that_is_not_served_is_not_tried_again(room: FakeRoom) -> None:
    room.join("agent")
    sent = Acknowledgements(room.join("avatar"), "agent")
    sent.send("started", "")
    await settle()
    assert (len(room.calls), sent.lost) == (1, 1)
    await sent.aclose()


async def test_oldest_is_lost_when_too_many_wait(room: FakeRoom) -> None:
    room.join("agent")
    sent = Acknowledgements(room.join("avatar"), "agent")
    room.deaf_to.add("done")
    for number in range(MAX_WAITING + 1):
        sent.send("done", str(number))
    assert sent.lost == 1
    await sent.aclose()
