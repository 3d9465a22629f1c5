"""LiveKit's avatar protocol on the wire (PROTOCOLS 1): theirs read and written as they do, ours beside it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.avatar.reporting import MAX_PICTURES
from avatar_core.errors import WireError
from avatar_core.wire import livekit as wire


def test_names_are_livekits() -> None:
    """PROTOCOLS 1.2 to 1.4."""
    assert wire.TOPIC_AUDIO_STREAM == "lk.audio_stream"
    assert wire.ATTRIBUTE_PUBLISH_ON_BEHALF == "lk.publish_on_behalf"
    assert wire.ATTRIBUTE_AGENT_STATE == "lk.agent.state"
    assert (wire.RPC_CLEAR_BUFFER, wire.RPC_PLAYBACK_STARTED, wire.RPC_PLAYBACK_FINISHED) == (
        "lk.clear_buffer",
        "lk.playback_started",
        "lk.playback_finished",
    )
    assert (wire.RPC_OK, wire.RPC_REJECT) == ("ok", "reject")
    assert (wire.TRACK_AUDIO, wire.TRACK_VIDEO) == ("avatar_audio", "avatar_video")


def test_stream_attributes_are_texts_and_theirs_alone_without_a_segment() -> None:
    """PROTOCOLS 1.3."""
    assert wire.encode_audio_stream_attributes(wire.AudioStreamHeader(24_000, 1)) == {
        "sample_rate": "24000",
        "num_channels": "1",
    }


def test_stream_attributes_carry_our_segment_through() -> None:
    """B3."""
    header = wire.AudioStreamHeader(48_000, 2, "a1b2c3-7", 4)
    attributes = wire.encode_audio_stream_attributes(header)
    assert all(isinstance(value, str) for value in attributes.values())
    assert wire.decode_audio_stream_attributes({**attributes, "unknown": "ignored"}) == header


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "'sample_rate' is missing"),
        ({"sample_rate": "24000"}, "'num_channels' is missing"),
        ({"sample_rate": "0", "num_channels": "1"}, "sample_rate: 0 is outside"),
        ({"sample_rate": "24000", "num_channels": "9"}, "num_channels: 9 is outside"),
        ({"sample_rate": "24_000", "num_channels": "1"}, "whole number"),
        ({"sample_rate": "-24000", "num_channels": "1"}, "whole number"),
        ({"sample_rate": "24000.0", "num_channels": "1"}, "whole number"),
        ({"sample_rate": "\uff12\uff14\uff10\uff10\uff10", "num_channels": "1"}, "whole number"),
        ({"sample_rate": "9" * 5_000, "num_channels": "1"}, "whole number"),
        ({"sample_rate": "24000", "num_channels": "1", "bench.segment_id": ""}, "length 0"),
        ({"sample_rate": "24000", "num_channels": "1", "bench.segment_id": "x" * 65}, "length 65"),
    ],
)
def test_bad_stream_attributes_are_refused(attributes: dict[str, str], said: str) -> None:
    """B11: one error that says which, for the receiver to report and go on."""
    with pytest.raises(WireError, match=said):
        wire.decode_audio_stream_attributes(attributes)


def test_finished_is_exactly_what_livekit_agents_reads() -> None:
    """PROTOCOLS 1.4: it answers error 1500 to any further key."""
    payload = wire.encode_playback_finished(wire.PlaybackFinished(1.2, True))
    assert json.loads(payload) == {"playback_position": 1.2, "interrupted": True, "synchronized_transcript": None}


def test_finished_names_the_segment_to_those_who_named_it() -> None:
    message = wire.PlaybackFinished(1.2, False, segment_id="s", generation=2)
    assert wire.decode_playback_finished(wire.encode_playback_finished(message)) == message


def test_finished_of_theirs_is_read_and_unknown_keys_are_ignored() -> None:
    message = wire.decode_playback_finished('{"playback_position": 2, "interrupted": false, "newer_key": [1]}')
    assert message == wire.PlaybackFinished(2.0, False)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "{}",
        '{"playback_position": "1.2", "interrupted": true}',
        '{"playback_position": 1.2, "interrupted": 1}',
        '{"playback_position": -0.1, "interrupted": true}',
        '{"playback_position": NaN, "interrupted": true}',
        '{"playback_position": 1e9, "interrupted": true}',
        '{"playback_position": 1.2}',
        '{"playback_position": 1.2, "interrupted": true, "generation": -1}',
        '{"playback_position": 1.2, "interrupted": true, "segment_id": 4}',
        '{"playback_position": 1.2, "interrupted": true, "synchronized_transcript": "' + "x" * 16_000 + '"}',
    ],
)
def test_bad_finished_is_refused(payload: str) -> None:
    with pytest.raises(WireError, match=r"lk\.playback_finished"):
        wire.decode_playback_finished(payload)


def test_started_is_empty_as_theirs_unless_the_segment_is_named() -> None:
    assert wire.encode_playback_started(wire.PlaybackStarted()) == ""
    assert wire.decode_playback_started("") == wire.PlaybackStarted()
    named = wire.PlaybackStarted("s", 1)
    assert wire.decode_playback_started(wire.encode_playback_started(named)) == named
    with pytest.raises(WireError, match=r"lk\.playback_started"):
        wire.decode_playback_started("started")


def test_report_goes_through() -> None:
    report = wire.AvatarReport(
        sequence=7,
        at_s=123.5,
        segments=(
            wire.SegmentReport("a", 0, buffered_s=1.5, played_s=0.25),
            wire.SegmentReport("b", 1, buffered_s=2.0, played_s=0.0),
        ),
        pictures=(wire.PictureReport(41, -3.5), wire.PictureReport(42, 200.125)),
    )
    assert wire.decode_report(wire.encode_report(report)) == report


def test_report_fits_into_one_packet_or_is_refused() -> None:
    """It travels on the lossy channel."""
    long_ids = tuple(wire.SegmentReport("x" * 64, 999_999, 86_399.123456789, 86_399.123456789) for _ in range(8))
    with pytest.raises(WireError, match="do not fit"):
        wire.encode_report(wire.AvatarReport(2**53, 1e11, long_ids))
    usual = tuple(wire.SegmentReport(f"a1b2c3-{n}", n, 12.345678, 1.234567) for n in range(4))
    pictures = tuple(wire.PictureReport(n, -1234.567) for n in range(100_000, 100_000 + MAX_PICTURES))
    packet = wire.encode_report(wire.AvatarReport(123_456, 98_765.4321, usual, pictures))
    assert len(packet) < wire.MAX_REPORT_BYTES


@given(st.binary(max_size=2_000))
def test_no_packet_breaks_the_reader(packet: bytes) -> None:
    with pytest.raises(WireError):
        wire.decode_report(packet)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=10), lambda x: st.lists(x, max_size=3)))
def test_no_value_breaks_the_reader(value: object) -> None:
    payload = json.dumps({"playback_position": value, "interrupted": value})
    with pytest.raises(WireError):
        wire.decode_playback_finished(payload)


def test_swap_request_may_be_empty_and_says_what_it_wants() -> None:
    """Seed 000."""
    assert wire.decode_swap_request("") == wire.SwapRequest(provider=None, mode="beside", policy=None)
    request = wire.SwapRequest("sync-pattern", "in_place", "carry")
    assert wire.decode_swap_request(wire.encode_swap_request(request)) == request
    with pytest.raises(WireError, match="one of beside, in_place"):
        wire.decode_swap_request('{"mode": "sideways"}')
