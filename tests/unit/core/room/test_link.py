import asyncio

import pytest
from livekit import rtc

from avatar_core.errors import RoomConnectError, RoomError, RoomLost
from avatar_core.room import link as link_module
from avatar_core.room.options import ConnectOptions
from avatar_core.room.values import ConnectionState, StateChanged

IN_A_MOMENT = ConnectOptions(timeout_s=0.01)


async def test_join_tells_its_owner_before_the_state_changes(link, sdk_room) -> None:
    states: list[StateChanged] = []
    link.state_changed.connect(lambda change: (states.append(change), sdk_room.calls.append(change.current.value)))

    await link.connect("ws://room", "token", ConnectOptions())

    assert sdk_room.calls == ["connecting", "connect ws://room", "joined", "connected"]
    assert link.usable
    assert [change.current for change in states] == [ConnectionState.CONNECTING, ConnectionState.CONNECTED]


async def test_refused_join_names_the_url_and_closes(link, sdk_room) -> None:
    sdk_room.join_failure = rtc.ConnectError("401 Unauthorized - token my-token expired")

    with pytest.raises(RoomConnectError, match="ws://room: 401 Unauthorized - token <token> expired"):
        await link.connect("ws://room", "my-token", ConnectOptions())

    assert link.state is ConnectionState.CLOSED
    assert link.ended.done()


async def test_join_that_hangs_times_out_and_is_cancelled(link, sdk_room, monkeypatch) -> None:
    monkeypatch.setattr(link_module, "JOIN_GRACE_S", 0.01)
    sdk_room.joined.clear()

    with pytest.raises(RoomConnectError, match=r"timed out after 0\.01 s"):
        await link.connect("ws://room", "token", IN_A_MOMENT)

    assert link.state is ConnectionState.CLOSED
    assert "joined" not in sdk_room.calls


async def test_join_that_ends_within_the_grace_is_left_again_and_never_announced(link, sdk_room) -> None:
    sdk_room.joined.clear()
    joining = asyncio.create_task(link.connect("ws://room", "token", ConnectOptions()))
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.01, sdk_room.joined.set)

    await link.aclose()

    with pytest.raises(RoomError, match="closed"):
        await joining
    assert sdk_room.calls == ["connect ws://room", "disconnect"]


async def test_cancelled_join_leaves(link, sdk_room, monkeypatch) -> None:
    monkeypatch.setattr(link_module, "JOIN_GRACE_S", 0.01)
    sdk_room.joined.clear()
    joining = asyncio.create_task(link.connect("ws://room", "token", ConnectOptions()))
    await asyncio.sleep(0)

    joining.cancel()

    with pytest.raises(asyncio.CancelledError):
        await joining
    assert link.state is ConnectionState.CLOSED
    assert "disconnect" in sdk_room.calls


async def test_link_joins_once(joined_link) -> None:
    with pytest.raises(RuntimeError, match="joins once"):
        await joined_link.connect("ws://room", "token", ConnectOptions())


async def test_reconnect_is_two_changes_of_state(joined_link, sdk_room) -> None:
    changes: list[StateChanged] = []
    joined_link.state_changed.connect(changes.append)

    sdk_room.emit("reconnecting")
    assert joined_link.usable
    sdk_room.emit("reconnected")

    assert [change.reconnected for change in changes] == [False, True]


async def test_loss_is_final_and_says_why(joined_link, sdk_room) -> None:
    sdk_room.emit("disconnected", rtc.DisconnectReason.DUPLICATE_IDENTITY)
    sdk_room.emit("reconnected")

    assert joined_link.state is ConnectionState.LOST
    assert joined_link.ended.done()
    with pytest.raises(RoomLost, match=r"ws://room was lost \(DUPLICATE_IDENTITY\).*identity"):
        joined_link.require_connected()


async def test_changed_follows_the_state_so_that_every_handler_has_heard_of_it(joined_link, sdk_room) -> None:
    order: list[str] = []
    joined_link.changed.connect(lambda _: order.append("changed"))
    joined_link.state_changed.connect(lambda _: order.append("state"))

    sdk_room.emit("reconnecting")

    assert order == ["state", "changed"]


async def test_call_returns_what_the_sdk_returns_or_raises(joined_link) -> None:
    async def answer() -> int:
        return 7

    async def fail() -> int:
        raise rtc.StreamError("broken")

    assert await joined_link.run(answer(), name="answer") == 7
    with pytest.raises(rtc.StreamError):
        await joined_link.run(fail(), name="fail")


async def test_call_that_hangs_ends_with_the_connection(joined_link, sdk_room) -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    running = asyncio.create_task(joined_link.run(hang(), name="hang"))
    await asyncio.sleep(0)
    sdk_room.emit("disconnected", rtc.DisconnectReason.SERVER_SHUTDOWN)

    with pytest.raises(RoomLost, match="SERVER_SHUTDOWN"):
        await running
    assert cancelled.is_set()


async def test_cancelled_call_cancels_the_sdk_call(joined_link) -> None:
    cancelled = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    running = asyncio.create_task(joined_link.run(hang(), name="hang"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert cancelled.is_set()


async def test_call_before_the_join_is_an_error_and_is_not_made(link) -> None:
    made = []

    async def call() -> None:
        made.append(True)

    with pytest.raises(RoomError, match=r"not connected.*new"):
        await link.run(call(), name="call")
    assert made == []


async def test_grants_are_what_the_server_allows(joined_link, sdk_room) -> None:
    sdk_room.local_participant.permissions.can_publish_data = False
    sdk_room.local_participant.permissions.can_publish_sources.append(rtc.TrackSource.SOURCE_CAMERA)

    assert joined_link.grants.can_publish_sources == ("camera",)
    assert joined_link.grants.may_publish("camera")
    with pytest.raises(RoomError, match="canPublishData"):
        joined_link.require_data_grant()


async def test_leaving_that_never_answers_is_given_up(joined_link, sdk_room, monkeypatch, caplog) -> None:
    monkeypatch.setattr(link_module, "DISCONNECT_TIMEOUT_S", 0.01)
    sdk_room.leaves.clear()

    await asyncio.gather(joined_link.aclose(), joined_link.aclose())

    assert sdk_room.calls.count("disconnect") == 1
    assert "given up" in caplog.text
