"""The ring of packets that NACKs are answered from."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.retransmission import RetransmissionBuffer


def packet_of(number: int) -> bytes:
    return b"packet %d" % number


def test_stored_packet_is_found_under_its_own_number_only() -> None:
    buffer = RetransmissionBuffer(capacity=8)
    buffer.store(5, b"five")
    assert buffer.get(5) == b"five"
    assert buffer.get(5 + 8) is None
    assert buffer.get(4) is None


def test_nothing_is_found_in_an_empty_buffer() -> None:
    buffer = RetransmissionBuffer(capacity=4)
    assert [buffer.get(number) for number in (0, 1, 65535)] == [None, None, None]


@pytest.mark.parametrize("start", [0, 65530])
def test_exactly_the_newest_packets_are_kept_across_the_wrap(start: int) -> None:
    buffer = RetransmissionBuffer(capacity=16)
    for number in range(start, start + 40):
        buffer.store(number & 0xFFFF, packet_of(number))
    for number in range(start, start + 40):
        expected = packet_of(number) if number >= start + 24 else None
        assert buffer.get(number & 0xFFFF) == expected


def test_lost_number_is_not_answered_with_the_packet_that_had_its_place() -> None:
    buffer = RetransmissionBuffer(capacity=4)
    for number in (0, 1, 2, 3, 4, 6):
        buffer.store(number, packet_of(number))
    assert buffer.get(5) is None
    assert buffer.get(1) == packet_of(1)


def test_repair_takes_its_place_among_newer_packets() -> None:
    buffer = RetransmissionBuffer(capacity=8)
    for number in (10, 12, 13, 11):
        buffer.store(number, packet_of(number))
    assert [buffer.get(number) for number in range(10, 14)] == [packet_of(number) for number in range(10, 14)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_answer_is_always_the_packet_stored_last_under_that_number(numbers: list[int]) -> None:
    buffer = RetransmissionBuffer(capacity=32)
    latest: dict[int, bytes] = {}
    for order, number in enumerate(numbers):
        latest[number] = packet_of(order)
        buffer.store(number, latest[number])
    found = {number: packet for number in latest if (packet := buffer.get(number)) is not None}
    assert found.items() <= latest.items()
    assert len(found) == len({number % 32 for number in numbers})


@pytest.mark.parametrize("capacity", [1, 2, 65536])
def test_buffer_holds_as_many_packets_as_its_capacity(capacity: int) -> None:
    buffer = RetransmissionBuffer(capacity)
    for number in range(65536 - capacity - 1, 65536):
        buffer.store(number & 0xFFFF, packet_of(number))
    held = [number for number in range(65536) if buffer.get(number) is not None]
    assert held == list(range(65536 - capacity, 65536))


@pytest.mark.parametrize("capacity", [0, -4, 1000, 65535, 131072])
def test_capacity_that_breaks_at_the_wrap_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"not {capacity}"):
        RetransmissionBuffer(capacity)
