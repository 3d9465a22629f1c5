"""Reading descriptions: what the SDK really sends, and what nobody should."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avatar_core.roomserver.sdp import Codec, MalformedSdp, MediaSection, parse_description
from tests.unit.core.roomserver.fakes import parsed, sdp_of

CAPTURED = ("single_join", "single_publish", "dual_publish", "dual_answer")
HEAD = "v=0\r\na=fingerprint:sha-256 AB:CD\r\na=setup:actpass\r\n"
VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n"


def only_section(sdp: str) -> MediaSection:
    (section,) = parsed(sdp).sections
    return section


def codec(name: str, parameters: str) -> Codec:
    return Codec(100, name, 90_000, 1, parameters)


def test_sdk_joins_with_receiving_sections_and_data() -> None:
    description = parsed(sdp_of("single_join"))
    assert [(section.kind, section.direction) for section in description.sections] == [
        ("audio", "recvonly"),
        ("video", "recvonly"),
        ("application", "sendrecv"),
    ]
    assert description.setup == "actpass"
    assert [fingerprint.algorithm for fingerprint in description.fingerprints] == ["sha-256"]
    audio, video, _ = description.sections
    assert [codec.name for codec in audio.codecs] == ["OPUS"]
    assert {codec.name for codec in video.codecs} == {"VP8", "VP9", "AV1", "H264"}
    assert len({codec.key for codec in video.codecs}) == len(video.codecs)


def test_sdk_publishes_video_by_mid_and_audio_by_ssrc() -> None:
    *_, video, audio = parsed(sdp_of("single_publish")).sections
    assert video.client_sends and not video.client_receives
    assert (video.kind, video.ssrcs, len(video.track_id)) == ("video", (), 36)
    assert (audio.kind, len(audio.ssrcs), len(audio.track_id)) == ("audio", 1, 36)
    assert "urn:ietf:params:rtp-hdrext:sdes:mid" in video.extensions


def test_sdk_answers_with_its_role_and_what_it_receives() -> None:
    description = parsed(sdp_of("dual_answer"))
    assert description.setup == "active"
    assert [(section.mid, section.client_receives) for section in description.sections[1:]] == [
        ("1", True),
        ("2", True),
    ]


def test_section_without_a_port_is_rejected_unless_it_is_bundled() -> None:
    rejected = VIDEO.replace("video 9", "video 0")
    assert not only_section(HEAD + rejected + "a=sendrecv\r\n").client_sends
    assert only_section(HEAD + rejected + "a=bundle-only\r\n").client_sends


def test_repair_ssrcs_are_not_taken_for_media() -> None:
    lines = "a=ssrc-group:FID 5 6\r\na=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\na=ssrc:5 msid:- t\r\n"
    assert only_section(HEAD + VIDEO + lines).ssrcs == (5,)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (VIDEO.replace("a=mid:0\r\n", ""), "usable mid"),
        (VIDEO.replace("mid:0", "mid:" + "0" * 33), "usable mid"),
        (VIDEO + VIDEO, "same mid"),
        (VIDEO + "".join(f"a=ssrc:{number} cname:x\r\n" for number in range(17)), "16 SSRCs"),
        (VIDEO.replace("96", "128"), "payload type 128"),
        (VIDEO.replace("96", "-1"), "payload type -1"),
        (VIDEO.replace("96", "x"), "could not be read"),
        (VIDEO + "a=rtpmap:96\r\n", "could not be read"),
        (VIDEO + "a=ssrc:\r\n", "could not be read"),
        (VIDEO + f"a=ssrc:{'9' * 5000} cname:x\r\n", "could not be read"),
        (VIDEO + "a=extmap:1\r\n", "could not be read"),
        (VIDEO + "a=extmap:one uri\r\n", "could not be read"),
        ("m=video\r\na=mid:0\r\n", "could not be read"),
    ],
)
def test_malformed_sections_are_refused_with_a_reason(lines: str, said: str) -> None:
    with pytest.raises(MalformedSdp, match=said):
        parsed(HEAD + lines)


def test_bounds_on_size_and_sections_hold() -> None:
    with pytest.raises(MalformedSdp, match="more than 10"):
        parse_description(HEAD, max_bytes=10, max_sections=1)
    with pytest.raises(MalformedSdp, match="2 media sections, more than 1"):
        parse_description(HEAD + VIDEO + VIDEO, max_bytes=1000, max_sections=1)


@pytest.mark.parametrize(
    "rtpmap", ["rtx/90000", "red/90000", "ulpfec/90000", "VP8/48000", "VP8 evil/90000", "X-NEW/90000", "opus/48000/2"]
)
def test_formats_that_are_not_forwarded_are_left_out(rtpmap: str) -> None:
    assert only_section(HEAD + VIDEO.replace("VP8/90000", rtpmap)).codecs == ()


def test_payload_type_that_is_named_twice_counts_once() -> None:
    assert len(only_section(HEAD + VIDEO.replace("96 97", "96 96 96")).codecs) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (codec("VP8", ""), codec("VP8", "x-google-start-bitrate=1000"), True),
        (codec("H264", "packetization-mode=1;profile-level-id=42e01f"), codec("H264", "packetization-mode=1"), True),
        (codec("H264", "packetization-mode=1"), codec("H264", "packetization-mode=0"), False),
        (codec("H264", "profile-level-id=42e01f"), codec("H264", "profile-level-id=42E034"), True),
        (codec("H264", "profile-level-id=42e01f"), codec("H264", "profile-level-id=64001f"), False),
        (codec("VP9", "profile-id=0"), codec("VP9", ""), True),
        (codec("VP9", "profile-id=0"), codec("VP9", "profile-id=2"), False),
        (codec("AV1", "level-idx=5;profile=0;tier=0"), codec("AV1", ""), True),
    ],
)
def test_codecs_are_the_same_where_their_payload_is(one: Codec, other: Codec, same: bool) -> None:
    assert (one.key == other.key) is same


@pytest.mark.parametrize(
    "unknown",
    [
        codec("H264", "profile-level-id=zzzz1f"),
        codec("H264", "packetization-mode=7"),
        codec("VP9", "profile-id=\x00"),
        codec("AV1", "profile=9"),
    ],
)
def test_variants_that_nobody_has_are_not_known(unknown: Codec) -> None:
    assert not unknown.is_known


def test_parameters_for_others_hold_no_free_text() -> None:
    assert codec("VP8", "x-evil=1").shared_parameters == ""
    assert codec("VP9", "profile-id=2;x-evil=1").shared_parameters == "profile-id=2"
    assert Codec(111, "OPUS", 48_000, 2, "stereo=1;x-evil=1").shared_parameters == "minptime=10;useinbandfec=1;stereo=1"
    known = codec("H264", "packetization-mode=1;profile-level-id=42e034;x-evil=1")
    assert known.shared_parameters == "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
    assert codec("H264", known.shared_parameters).key == known.key


@pytest.mark.parametrize("line_end", ["\r", "\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_no_value_holds_a_line_end(line_end: str) -> None:
    smuggled = f"a=msid:- cid{line_end}a=candidate:evil\r\na=fmtp:96 x=1{line_end}a=candidate:evil\r\n"
    section = only_section(HEAD + VIDEO + smuggled)
    assert (section.track_id, section.codecs[0].parameters) == ("cid", "x=1")


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(("", HEAD, HEAD + VIDEO, HEAD + "m=audio 9 UDP 111\r\na=")))
def test_arbitrary_text_raises_nothing_but_malformed(text: str, before: str) -> None:
    try:
        parsed(before + text)
    except MalformedSdp as error:
        assert str(error)


@settings(deadline=None)
@given(st.sampled_from(CAPTURED), st.data())
def test_damaged_descriptions_of_the_sdk_raise_nothing_but_malformed(name: str, data: st.DataObject) -> None:
    lines = sdp_of(name).splitlines()
    for _ in range(data.draw(st.integers(1, 5))):
        position = data.draw(st.integers(0, len(lines) - 1))
        damage = data.draw(st.sampled_from(("drop", "double", "cut", "number")))
        line = lines[position]
        match damage:
            case "drop":
                lines[position] = ""
            case "double":
                lines[position] = f"{line}\r\n{line}"
            case "cut":
                lines[position] = line[: data.draw(st.integers(0, len(line)))]
            case "number":
                lines[position] = line.replace("9", "99999999999999999999")
    try:
        description = parsed("\r\n".join(lines))
    except MalformedSdp:
        return
    assert len({section.mid for section in description.sections}) == len(description.sections)
    assert all(0 <= codec.payload_type <= 127 for section in description.sections for codec in section.codecs)
