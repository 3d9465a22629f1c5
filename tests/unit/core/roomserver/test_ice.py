"""Connectivity checks: which are answered, and how."""

from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.ice import IceCredentials, answer_binding_request, parse_binding_request
from tests.unit.core.roomserver.fakes import binding_request

OURS = IceCredentials("ours", "password-of-ours")


def test_check_is_answered_with_the_address_it_came_from() -> None:
    request = parse_binding_request(binding_request(OURS))
    assert request is not None
    assert (request.local_ufrag, request.nominated) == ("ours", True)
    answer = answer_binding_request(request, OURS, ("192.0.2.1", 4000))
    assert answer is not None
    response = stun.parse_message(answer)
    assert response.check_message_integrity(OURS.password.encode())
    assert response.transaction_id == request.message.transaction_id
    assert (response.message_class, response.attributes["XOR-MAPPED-ADDRESS"]) == (
        stun.Class.RESPONSE,
        ("192.0.2.1", 4000),
    )


def test_check_of_an_ipv6_client_is_answered() -> None:
    request = parse_binding_request(binding_request(OURS))
    assert request is not None
    answer = answer_binding_request(request, OURS, ("::1", 4000))
    assert answer is not None
    assert stun.parse_message(answer).attributes["XOR-MAPPED-ADDRESS"] == ("::1", 4000)


def test_check_without_use_candidate_does_not_nominate() -> None:
    request = parse_binding_request(binding_request(OURS, nominates=False))
    assert request is not None and not request.nominated


def test_check_with_another_password_is_not_answered() -> None:
    request = parse_binding_request(binding_request(OURS, password="guess"))
    assert request is not None
    assert answer_binding_request(request, OURS, ("192.0.2.1", 4000)) is None


def test_check_without_message_integrity_is_not_answered() -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = "ours:theirs"
    request = parse_binding_request(bytes(message))
    assert request is not None
    assert answer_binding_request(request, OURS, ("192.0.2.1", 4000)) is None


def test_what_is_no_check_is_not_taken_for_one() -> None:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE)
    allocate = stun.Message(stun.Method.ALLOCATE, stun.Class.REQUEST)
    for message in (response, allocate):
        message.attributes["USERNAME"] = "ours:theirs"
        assert parse_binding_request(bytes(message)) is None
    assert parse_binding_request(binding_request(OURS, username="no colon")) is None
    assert parse_binding_request(binding_request(OURS, username="ours:" + "x" * 300)) is None


@settings(deadline=None)
@given(st.binary(max_size=100), st.integers(0, 200), st.binary(min_size=1, max_size=8))
def test_arbitrary_and_damaged_datagrams_raise_nothing(noise: bytes, position: int, damage: bytes) -> None:
    parse_binding_request(noise)
    check = binding_request(OURS)
    damaged = check[:position] + damage + check[position + len(damage) :]
    request = parse_binding_request(damaged)
    if request is not None and damaged != check:
        answer_binding_request(request, OURS, ("192.0.2.1", 4000))


def test_credentials_are_never_the_same_twice() -> None:
    made = [IceCredentials.generate() for _ in range(50)]
    assert len({credentials.ufrag for credentials in made}) == len({credentials.password for credentials in made}) == 50
    assert all(len(credentials.ufrag) >= 4 and len(credentials.password) >= 22 for credentials in made)  # RFC 8839 5.4
