import asyncio

import pytest
from livekit import rtc

from avatar_core.errors import RoomError, RoomLost
from avatar_core.room.options import ConnectOptions
from avatar_core.room.waiting import wait_for


async def test_what_holds_already_is_found_at_once(joined_link) -> None:
    assert await wait_for(joined_link, lambda: 7, what="seven", timeout_s=10) == 7


async def test_it_is_asked_again_at_each_change_only(joined_link) -> None:
    answers = [None, None, "here"]
    waiting = asyncio.create_task(wait_for(joined_link, lambda: answers.pop(0), what="it", timeout_s=10))
    await asyncio.sleep(0)
    assert len(answers) == 2

    joined_link.changed.emit(None)
    joined_link.changed.emit(None)
    joined_link.changed.emit(None)

    assert await waiting == "here"


async def test_waiting_may_begin_before_the_join(link, sdk_room) -> None:
    sdk_room.joined.clear()
    waiting = asyncio.create_task(wait_for(link, lambda: link.usable or None, what="the join", timeout_s=10))
    joining = asyncio.create_task(link.connect("ws://room", "token", ConnectOptions()))
    await asyncio.sleep(0)
    assert not waiting.done()

    sdk_room.joined.set()
    await joining

    assert await waiting


async def test_what_does_not_come_in_time_is_named(joined_link) -> None:
    with pytest.raises(RoomError, match=r"Waited 0\.01 s in room 'studio' for the avatar; it did not come"):
        await wait_for(joined_link, lambda: None, what="the avatar", timeout_s=0.01)


async def test_loss_ends_the_waiting_at_once(joined_link, sdk_room) -> None:
    waiting = asyncio.create_task(wait_for(joined_link, lambda: None, what="the avatar", timeout_s=3600))
    await asyncio.sleep(0)

    sdk_room.emit("disconnected", rtc.DisconnectReason.ROOM_DELETED)

    with pytest.raises(RoomLost, match="ROOM_DELETED"):
        await waiting


async def test_waiting_that_ended_listens_no_more(joined_link) -> None:
    asked = []

    with pytest.raises(RoomError):
        await wait_for(joined_link, lambda: asked.append(1), what="nothing", timeout_s=0.01)
    joined_link.changed.emit(None)

    assert asked == [1]
