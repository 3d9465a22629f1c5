"""The network fails between a participant and the server, and comes back, or does not."""

import asyncio

import pytest

from avatar_core.errors import RoomConnectError, RoomLost
from avatar_core.room import sdk
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import ConnectOptions
from avatar_core.room.rpc import RpcCall
from avatar_core.room.values import ConnectionState, StateChanged, TrackKind
from tests.fakes.media_signals import playing_tone
from tests.fakes.tcp_proxy import TcpProxy
from tests.patience import LIMIT_S


async def echo(call: RpcCall) -> str:
    return call.payload


async def test_lost_signalling_is_mended_and_tracks_data_and_rpc_go_on(access, join) -> None:
    async with TcpProxy(access.url) as proxy:
        ada, bob = await asyncio.gather(join("ada", url=proxy.url), join("bob"))
        ada.rpc.register("echo", echo)
        changes: list[StateChanged] = []
        ada.events.state_changed.connect(changes.append)
        await bob.wait_for_participant("ada")
        voice = await ada.publish_audio("voice")
        async with playing_tone(voice):
            await bob.wait_for_track("ada", TrackKind.AUDIO)
            accepted = proxy.accepted

            proxy.cut()

            await ada.wait_for(
                lambda: any(change.reconnected for change in changes) or None, what="the reconnect", timeout_s=LIMIT_S
            )
            assert proxy.accepted > accepted
            assert [change.current for change in changes] == [ConnectionState.RECONNECTING, ConnectionState.CONNECTED]
            await asyncio.gather(bob.wait_for_participant("ada"), ada.wait_for_participant("bob"))
            again = await bob.wait_for_track("ada", TrackKind.AUDIO)
            assert again.sid == voice.sid
            async with bob.read_audio(again.sid) as reader, asyncio.timeout(LIMIT_S):
                while abs((await anext(reader)).frame.samples).max() < 5_000:
                    pass
        assert await bob.rpc.perform("ada", "echo", "still there") == "still there"
        heard: asyncio.Queue = asyncio.Queue()
        bob.events.data_received.connect(heard.put_nowait)
        await ada.send_data(b"hello again")
        async with asyncio.timeout(LIMIT_S):
            assert (await heard.get()).payload == b"hello again"


@pytest.mark.slow
async def test_room_that_stays_away_is_lost_and_every_call_says_so(access, join) -> None:
    async with TcpProxy(access.url) as proxy:
        ada = await join("ada", url=proxy.url)
        proxy.refusing = True
        proxy.cut()

        async with asyncio.timeout(120):
            await ada.wait_ended()
        assert ada.state is ConnectionState.LOST
        with pytest.raises(RoomLost, match=r"127\.0\.0\.1.*reconnect"):
            await ada.send_data(b"anybody?")
        with pytest.raises(RoomLost):
            await ada.publish_audio("voice")


async def test_join_of_a_server_that_is_not_there_says_what_to_try(unused_tcp_port) -> None:
    connection = RoomConnection()

    with pytest.raises(RoomConnectError, match=f"ws://127.0.0.1:{unused_tcp_port}.*refused.*Start the server"):
        await connection.connect(f"ws://127.0.0.1:{unused_tcp_port}", "token", ConnectOptions())

    assert connection.state is ConnectionState.CLOSED


async def test_join_of_a_server_that_never_answers_ends_in_time_and_leaves_nothing() -> None:
    writers: list[asyncio.StreamWriter] = []
    async with await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0) as silent:
        url = f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        connection = RoomConnection()

        with pytest.raises(RoomConnectError, match=r"timed out after 0\.3 s"):
            await connection.connect(url, "token", ConnectOptions(timeout_s=0.3))

        assert connection.state is ConnectionState.CLOSED
        assert sdk.live_subscriptions() == 0
        for writer in writers:
            writer.transport.abort()
