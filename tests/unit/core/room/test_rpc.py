import pytest
from livekit import rtc

from avatar_core.errors import RoomError
from avatar_core.room.options import ConnectOptions
from avatar_core.room.rpc import RpcCall, RpcEndpoint, RpcError, RpcErrorCode


def invocation(method: str, caller: str, payload: str = "") -> rtc.RpcInvocationData:
    return rtc.RpcInvocationData("request-1", caller, payload, 15.0, method=method)


async def echo(call: RpcCall) -> str:
    return f"{call.caller} {call.payload}"


async def shout(call: RpcCall) -> str:
    return call.payload.upper()


async def test_method_registered_before_the_join_reaches_the_sdk_at_the_join(link, sdk_room) -> None:
    endpoint = RpcEndpoint(link)
    endpoint.register("echo", echo)
    assert sdk_room.local_participant.rpc_methods == {}

    await link.connect("ws://room", "token", ConnectOptions())
    endpoint.announce_all()

    handler = sdk_room.local_participant.rpc_methods["echo"]
    assert await handler(invocation("echo", "ada", "hello")) == "ada hello"


async def test_each_caller_reaches_its_own_handler(joined_link, sdk_room) -> None:
    endpoint = RpcEndpoint(joined_link)
    endpoint.register("say", echo, caller="ada")
    endpoint.register("say", shout)
    handler = sdk_room.local_participant.rpc_methods["say"]

    assert await handler(invocation("say", "ada", "x")) == "ada x"
    assert await handler(invocation("say", "bob", "x")) == "X"
    with pytest.raises(ValueError, match="'say' already has a handler for ada"):
        endpoint.register("say", shout, caller="ada")


async def test_removed_handler_leaves_the_method_unsupported(joined_link, sdk_room) -> None:
    endpoint = RpcEndpoint(joined_link)
    remove = endpoint.register("echo", echo, caller="ada")
    handler = sdk_room.local_participant.rpc_methods["echo"]

    remove()
    remove()

    with pytest.raises(rtc.RpcError) as refused:
        await handler(invocation("echo", "ada"))
    assert refused.value.code == RpcErrorCode.UNSUPPORTED_METHOD
    endpoint.register("echo", echo)
    assert await handler(invocation("echo", "ada", "again")) == "ada again"


async def test_two_connections_of_one_process_share_no_handler(joined_link, sdk_room) -> None:
    first, second = RpcEndpoint(joined_link), RpcEndpoint(joined_link)
    first.register("echo", echo)
    second.clear()

    assert await sdk_room.local_participant.rpc_methods["echo"](invocation("echo", "ada", "x")) == "ada x"


async def test_error_of_a_handler_reaches_the_caller_as_it_is(joined_link, sdk_room) -> None:
    async def refuse(call: RpcCall) -> str:
        raise RpcError(2001, "not now", "busy")

    RpcEndpoint(joined_link).register("refuse", refuse)

    with pytest.raises(rtc.RpcError) as refused:
        await sdk_room.local_participant.rpc_methods["refuse"](invocation("refuse", "ada"))
    assert (refused.value.code, refused.value.message, refused.value.data) == (2001, "not now", "busy")


async def test_call_passes_its_limits_and_returns_the_answer(joined_link, sdk_room) -> None:
    sdk_room.local_participant.rpc_answer = "pong"

    answer = await RpcEndpoint(joined_link).perform("bob", "ping", "x", response_timeout_s=2.0, ack_timeout_s=1.0)

    assert answer == "pong"
    assert sdk_room.local_participant.rpc_calls == [
        {
            "destination_identity": "bob",
            "method": "ping",
            "payload": "x",
            "response_timeout": 2.0,
            "max_round_trip_latency": 1.0,
        }
    ]


async def test_failed_call_says_which_method_of_whom(joined_link, sdk_room) -> None:
    sdk_room.local_participant.rpc_answer = rtc.RpcError(RpcErrorCode.CONNECTION_TIMEOUT, "Connection timeout")

    with pytest.raises(RpcError, match="'ping' to 'bob' failed: Connection timeout") as failed:
        await RpcEndpoint(joined_link).perform("bob", "ping")
    assert failed.value.code == RpcErrorCode.CONNECTION_TIMEOUT


async def test_call_without_the_grant_is_not_made(joined_link, sdk_room) -> None:
    sdk_room.local_participant.permissions.can_publish_data = False

    with pytest.raises(RoomError, match="canPublishData"):
        await RpcEndpoint(joined_link).perform("bob", "ping")
    assert sdk_room.local_participant.rpc_calls == []
