"""VideoSDK's avatar protocol on the wire (PROTOCOLS 3.3): theirs to the byte, ours beside it, sound never as text."""

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avatar_core.errors import WireError
from avatar_core.wire import videosdk as wire
from avatar_core.wire.videosdk import Audio, Interrupt, SegmentEnd, SoundMark, StreamEnded, StreamStarted

CHANNELS = ("RELIABLE", "UNRELIABLE")

segment_ids = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=64)
generations = st.integers(0, 1_000_000)
counts = st.integers(0, 2**53)
positions = st.floats(0, 86_400)
messages = st.one_of(
    st.binary(min_size=1, max_size=7_500).map(lambda half: Audio(half + half)),
    st.just(Interrupt()),
    st.builds(Interrupt, counts),
    st.builds(SegmentEnd),
    st.builds(SegmentEnd, segment_ids, generations, counts, counts),
    st.builds(StreamEnded, positions, st.booleans()),
    st.builds(StreamEnded, positions, st.booleans(), segment_ids, generations),
    st.builds(SoundMark, segment_ids, generations, counts, counts, counts, st.integers(0, 2**32 - 1)),
    st.builds(StreamStarted, segment_ids, generations),
)


def as_videosdk_hands_it_over(payload: bytes | str) -> bytes | str:
    """V8: whatever is valid UTF-8 arrives as text."""
    try:
        return payload.decode() if isinstance(payload, bytes) else payload
    except UnicodeDecodeError:
        return payload


def test_messages_are_theirs_to_the_byte() -> None:
    """M1 to M4."""
    assert wire.encode(Audio(b"\x01\x02")) == b"\x01\x02"
    assert wire.encode(SegmentEnd()) == '{"type": "segment_end"}'
    assert wire.encode(Interrupt()) == b"INTERRUPT"
    assert wire.encode(StreamEnded(1.23, False)) == (
        '{"type": "stream_ended", "data": {"playback_position": 1.23, "interrupted": false}}'
    )


def test_messages_of_theirs_go_by_their_channels_and_those_of_ours_by_the_one_that_loses_none() -> None:
    """M1 is UNRELIABLE, M2 to M4 are RELIABLE."""
    ours = (SoundMark("s", 0, 0, 0, 2, 7), StreamStarted("s"), StreamEnded(0.0, True, "s"))
    assert {wire.reliability(one) for one in (Audio(b"ab"), *ours)} == {"UNRELIABLE"}
    others = (SegmentEnd(), Interrupt(), Interrupt(1), StreamEnded(0.0, True))
    assert {wire.reliability(one) for one in others} == {"RELIABLE"}


@given(messages, st.sampled_from([lambda payload: payload, as_videosdk_hands_it_over]))
def test_every_message_comes_out_as_it_went_in(message: wire.Message, transport) -> None:
    assert wire.decode(transport(wire.encode(message)), wire.reliability(message)) == message


@given(st.binary(max_size=40_000))
@example(bytes(30_001))
def test_sound_of_any_length_arrives_whole_in_messages_of_the_size_that_is_allowed(pcm: bytes) -> None:
    """V5, V10: nothing for nothing; an odd last byte is padded."""
    sent = [wire.encode(chunk) for chunk in wire.chunks(pcm)]
    assert all(0 < len(payload) <= 15_000 and len(payload) % 2 == 0 for payload in sent)
    assert b"".join(sent) == pcm + bytes(len(pcm) % 2)


@given(st.text(min_size=1, max_size=3_000))
@example("\x00" * 960)
@example("INTERRUPT ")
@example('{"a"')
def test_sound_that_is_valid_utf8_stays_sound(text: str) -> None:
    """V8: silence is the plainest of it."""
    pcm = text.encode() + bytes(len(text.encode()) % 2)
    if pcm[:1] != b"{" or pcm.rstrip()[-1:] != b"}":
        assert wire.decode(pcm.decode(), "UNRELIABLE") == Audio(pcm)
        for channel in CHANNELS:
            assert wire.decode(pcm, channel) == wire.decode(memoryview(pcm), channel) == Audio(pcm)


@given(st.text(min_size=1, max_size=3_000))
@example("\x00" * 960)
def test_sound_for_a_receiver_of_theirs_is_no_text_and_as_good_as_the_same(text: str) -> None:
    """V8: their half of it. Of silence one sample differs, by 1."""
    pcm = text.encode() + bytes(len(text.encode()) % 2)
    sent = wire.never_text(Audio(pcm)).pcm
    with pytest.raises(UnicodeDecodeError):
        sent.decode()
    before, after = (np.frombuffer(one, dtype="<i2").astype(np.int32) for one in (pcm, sent))
    changed = np.flatnonzero(before != after)
    assert len(changed) == 1
    assert abs(before[changed[0]] - after[changed[0]]) <= np.abs(before).min() + 1
    assert wire.never_text(Audio(sent)) == Audio(sent)


@pytest.mark.parametrize("payload", [b"INTERRUPT", "INTERRUPT", bytearray(b"INTERRUPT"), memoryview(b"INTERRUPT")])
def test_interrupt_is_known_in_both_its_forms(payload: object) -> None:
    """V8, V13."""
    assert {wire.decode(payload, channel) for channel in CHANNELS} == {Interrupt()}


def test_odd_sound_of_another_peer_is_padded() -> None:
    """V14."""
    assert wire.decode(b"\xff\xff\xff", "UNRELIABLE") == Audio(b"\xff\xff\xff\x00")


def test_keys_of_others_are_ignored() -> None:
    assert wire.decode('{"type": "segment_end", "extra": 1, "segment_id": []}', "RELIABLE") == SegmentEnd()


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("", "0 bytes"),
        (b"x" * 15_361, "15361 bytes"),
        ("hello", "none of the protocol"),
        ("[1]", "none of the protocol"),
        ('{"type": "chat"}', "type 'chat' is unknown"),
        ('{"data": {}}', "type 'None' is unknown"),
        ('{"type": ["segment_end"]}', "is unknown"),
        ('{"type": "stream_ended"}', "data is no object"),
        ('{"type": "stream_ended", "data": {"playback_position": 1.0}}', "'interrupted' is missing"),
        ('{"type": "stream_ended", "data": {"playback_position": "1", "interrupted": true}}', "expected a number"),
        ('{"type": "stream_ended", "data": {"playback_position": -1, "interrupted": true}}', "outside"),
        ('{"type": "stream_ended", "data": {"playback_position": 1, "interrupted": 0}}', "expected true or false"),
        ('{"type": "segment_end", "bench.offset": -2}', "outside"),
        ('{"type": "bench.sound", "bench.segment_id": "s"}', "is missing"),
    ],
)
def test_what_is_no_message_is_refused_with_the_reason(payload: str | bytes, said: str) -> None:
    """V16: by a WireError, for the receiver to count and go on; theirs raises inside, or guesses."""
    with pytest.raises(WireError, match=said):
        wire.decode(payload, "RELIABLE")


@given(st.binary(min_size=1, max_size=200), st.sampled_from(CHANNELS))
def test_anything_is_read_or_refused(raw: bytes, channel: str) -> None:
    for payload in (raw, as_videosdk_hands_it_over(raw)):
        try:
            wire.decode(payload, channel)
        except WireError:
            continue


@given(st.recursive(st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(), st.lists, max_leaves=5))
def test_control_messages_with_any_content_are_read_or_refused(content: object) -> None:
    for kind in ("segment_end", "stream_ended", "bench.interrupt", "bench.sound", "bench.stream_started"):
        for fields in ({"data": content}, {"data": {"playback_position": content}}, {"bench.segment_id": content}):
            try:
                wire.decode(json.dumps({"type": kind, **fields}), "RELIABLE")
            except WireError:
                continue
