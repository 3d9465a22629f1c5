"""The channel between our processes: lines, version, bounds, and what a broken peer can do to it (nothing)."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.errors import WireError
from avatar_core.wire.control import MAX_LINE_BYTES, PROTOCOL_VERSION, LineDecoder, Vocabulary


@dataclass(frozen=True)
class FirstMedia:
    name: str
    at_s: float


@dataclass(frozen=True)
class Stop:
    pass


@dataclass(frozen=True)
class Foreign:
    pass


WORDS = Vocabulary("a to b", FirstMedia, Stop)


def test_message_is_one_line_with_version_and_type() -> None:
    line = WORDS.encode(FirstMedia("x\ny", 1.5))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"v": PROTOCOL_VERSION, "type": "first_media", "name": "x\ny", "at_s": 1.5}


def test_message_comes_through() -> None:
    for message in (FirstMedia("x", 1.5), Stop()):
        assert WORDS.decode(WORDS.encode(message)) == message


def test_foreign_message_cannot_be_sent() -> None:
    with pytest.raises(WireError, match="Foreign is not a message of this channel"):
        WORDS.encode(Foreign())


def test_too_long_message_cannot_be_sent() -> None:
    with pytest.raises(WireError, match="too long"):
        WORDS.encode(FirstMedia("x" * MAX_LINE_BYTES, 0.0))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"v": 2, "type": "stop"}', "version 2, this process speaks 1"),
        (b'{"type": "stop"}', "version None"),
        (b'{"v": 1, "type": "foreign"}', "unknown message type 'foreign'"),
        (b'{"v": 1, "type": ["stop"]}', "unknown message type"),
        (b'{"v": 1}', "unknown message type"),
        (b'{"v": 1, "type": "stop", "now": true}', "unknown field 'now'"),
        (b'{"v": 1, "type": "first_media", "name": "x"}', "'at_s' is missing"),
        (b"stop", "not JSON"),
    ],
)
def test_bad_line_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(WireError, match=said):
        WORDS.decode(line)


def test_field_that_belongs_to_the_envelope_is_refused_when_the_vocabulary_is_made() -> None:
    @dataclass(frozen=True)
    class Typed:
        type: str

    with pytest.raises(ValueError, match="'type' belongs to the envelope"):
        Vocabulary("a to b", Typed)


@given(
    messages=st.lists(st.builds(FirstMedia, st.text(max_size=50), st.floats(allow_nan=False, allow_infinity=False))),
    cuts=st.lists(st.integers(1, 40), min_size=1),
)
def test_messages_survive_any_cut_of_the_stream(messages: list[FirstMedia], cuts: list[int]) -> None:
    stream = b"".join(WORDS.encode(message) for message in messages)
    decoder = LineDecoder(WORDS)
    received: list[object] = []
    index = 0
    while stream:
        size = cuts[index % len(cuts)]
        received.extend(decoder.feed(stream[:size]))
        stream = stream[size:]
        index += 1
    decoder.close()
    assert received == messages


def test_reading_goes_on_behind_a_bad_line() -> None:
    decoder = LineDecoder(WORDS)
    received = []
    lines = decoder.feed(WORDS.encode(Stop()) + b"rubbish\n" + WORDS.encode(FirstMedia("x", 1.0)))
    received.append(next(lines))
    with pytest.raises(WireError, match="not JSON"):
        next(lines)
    received.extend(decoder.feed(b""))
    assert received == [Stop(), FirstMedia("x", 1.0)]


def test_endless_line_is_refused_once_without_being_kept() -> None:
    decoder = LineDecoder(WORDS)
    refusals = 0
    for _ in range(100):
        try:
            assert list(decoder.feed(b"x" * 10_000)) == []
        except WireError:
            refusals += 1
    assert refusals == 1
    assert list(decoder.feed(b"\n" + WORDS.encode(Stop()))) == [Stop()]


def test_end_within_a_line_is_told() -> None:
    decoder = LineDecoder(WORDS)
    assert list(decoder.feed(b'{"v": 1, "ty')) == []
    with pytest.raises(WireError, match="ended within a message"):
        decoder.close()


def test_empty_lines_are_nothing() -> None:
    assert list(LineDecoder(WORDS).feed(b"\n\n")) == []
