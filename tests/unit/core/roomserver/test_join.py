"""What a client says as it connects, in either mode."""

import base64
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from livekit.protocol import models, rtc

from avatar_core.roomserver.join import MalformedJoin, read_dual, read_single

REQUEST = rtc.JoinRequest(
    client_info=models.ClientInfo(client_protocol=2, capabilities=[1]),
    connection_settings=rtc.ConnectionSettings(auto_subscribe=True),
    publisher_offer=rtc.SessionDescription(type="offer", sdp="v=0", id=3),
)


def query_of(content: bytes, *, compressed: bool = False) -> dict[str, str]:
    compression = rtc.WrappedJoinRequest.Compression
    wrapped = rtc.WrappedJoinRequest(
        compression=compression.GZIP if compressed else compression.NONE,
        join_request=gzip.compress(content) if compressed else content,
    )
    # The SDK leaves the padding out.
    return {"join_request": base64.urlsafe_b64encode(wrapped.SerializeToString()).decode().rstrip("=")}


@pytest.mark.parametrize("compressed", [False, True])
def test_single_connection_brings_settings_and_an_offer(compressed: bool) -> None:
    join = read_single(query_of(REQUEST.SerializeToString(), compressed=compressed), max_bytes=1000)
    assert (join.auto_subscribe, join.reconnect, join.client.client_protocol) == (True, False, 2)
    assert join.offer is not None
    assert (join.offer.sdp, join.offer.id, join.tracks) == ("v=0", 3, ())


def test_single_connection_may_come_without_an_offer() -> None:
    request = rtc.JoinRequest(reconnect=True)
    join = read_single(query_of(request.SerializeToString()), max_bytes=1000)
    assert (join.offer, join.reconnect) == (None, True)


def test_small_request_that_unpacks_to_a_large_one_is_refused() -> None:
    bomb = query_of(bytes(10_000_000), compressed=True)
    assert len(bomb["join_request"]) < 20_000
    with pytest.raises(MalformedJoin, match="more than 1000"):
        read_single(bomb, max_bytes=1000)


@pytest.mark.parametrize("encoded", ["%", "é", "A", "////", base64.b64encode(b"\x08\x01\x12\x02no").decode()])
def test_what_is_no_join_request_is_refused(encoded: str) -> None:
    with pytest.raises(MalformedJoin, match="can't be read"):
        read_single({"join_request": encoded}, max_bytes=1000)


def test_query_without_a_join_request_is_refused() -> None:
    with pytest.raises(MalformedJoin, match="no join request"):
        read_single({}, max_bytes=1000)


@settings(deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda noise: base64.urlsafe_b64encode(noise).decode()))
def test_arbitrary_requests_raise_nothing_but_malformed(encoded: str) -> None:
    try:
        read_single({"join_request": encoded}, max_bytes=1000)
    except MalformedJoin as error:
        assert str(error)


def test_dual_connection_says_it_in_the_query() -> None:
    join = read_dual({"version": "1.1.21", "client_protocol": "2", "capabilities": "1,2", "auto_subscribe": "0"})
    assert (join.client.version, join.client.client_protocol, list(join.client.capabilities)) == ("1.1.21", 2, [1, 2])
    assert (join.auto_subscribe, join.reconnect, join.offer) == (False, False, None)
    assert read_dual({}).auto_subscribe
    assert read_dual({"reconnect": "1"}).reconnect


@pytest.mark.parametrize("number", ["", "-1", "x", "9" * 5000, "99999999999", "²", "1e3"])
def test_dual_connection_ignores_what_is_no_number(number: str) -> None:
    join = read_dual({"client_protocol": number, "capabilities": f"{number},1,1,77,{number}"})
    assert join.client.client_protocol == 0
    assert list(join.client.capabilities) in ([1], [0, 1])
