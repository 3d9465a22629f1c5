"""Answers to what the SDK really offers, and the server's own offers."""

import itertools

import pytest

from avatar_core.roomserver.dtls import Fingerprint
from avatar_core.roomserver.ice import IceCredentials
from avatar_core.roomserver.negotiation import (
    LocalTransport,
    OfferedSection,
    PayloadTypes,
    SentTrack,
    build_answer,
    build_offer,
    map_payload_types,
)
from avatar_core.roomserver.sdp import Codec, SessionDescription
from tests.unit.core.roomserver.fakes import OPUS, VP8, parsed, sdp_of, section

LOCAL = LocalTransport(
    IceCredentials("ufrag", "password"), Fingerprint("sha-256", "AB:CD"), "active", ("127.0.0.1", 5004)
)
SENT = SentTrack(ssrc=1234, cname="PA_a", stream_id="PA_a|TR_b", track_sid="TR_b")
OFFERS = ("single_join", "single_publish", "dual_publish")
STREAM_IDS = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
}
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


def blocks(sdp: str) -> list[list[str]]:
    """The session's lines, then each section's."""
    assert sdp.endswith("\r\n") and "\n" not in sdp.replace("\r\n", "")
    lines = sdp.split("\r\n")[:-1]
    starts = [0, *(position for position, line in enumerate(lines) if line.startswith("m=")), len(lines)]
    return [lines[start:end] for start, end in itertools.pairwise(starts)]


@pytest.fixture(params=OFFERS)
def offer(request: pytest.FixtureRequest) -> SessionDescription:
    return parsed(sdp_of(request.param))


def test_answer_has_the_sections_of_the_offer_in_their_order(offer: SessionDescription) -> None:
    session, *sections = blocks(build_answer(offer, LOCAL, {}))
    for offered, lines in zip(offer.sections, sections, strict=True):
        assert lines[0].startswith(f"m={offered.kind} 9 ") and f"a=mid:{offered.mid}" in lines
    assert f"a=group:BUNDLE {' '.join(section.mid for section in offer.sections)}" in session
    assert "a=ice-lite" in session
    for lines in sections:
        assert {"a=ice-ufrag:ufrag", "a=ice-pwd:password", "a=fingerprint:sha-256 AB:CD", "a=setup:active"} <= set(
            lines
        )


def test_answer_has_no_rtx_no_red_no_simulcast_and_no_rid(offer: SessionDescription) -> None:
    answer = build_answer(offer, LOCAL, {}).lower()
    for refused in (
        "rtx",
        "/red",
        " red",
        "ulpfec",
        "apt=",
        "simulcast",
        "a=rid",
        "telephone",
        "sctp-init",
        "goog-sped",
    ):
        assert refused not in answer


def test_every_video_section_accepts_the_three_stream_ids_and_transport_wide_numbers(offer: SessionDescription) -> None:
    # libwebrtc offers later only what an earlier answer accepted, so this holds for receiving sections too.
    answer = parsed(build_answer(offer, LOCAL, {}))
    videos = [section for section in answer.sections if section.kind == "video"]
    audios = [section for section in answer.sections if section.kind == "audio"]
    assert videos
    for video in videos:
        assert set(video.extensions) == STREAM_IDS | {TRANSPORT_CC}
    for audio in audios:
        assert set(audio.extensions) == {"urn:ietf:params:rtp-hdrext:sdes:mid", TRANSPORT_CC}
    offered = {section.mid: section.extensions for section in offer.sections}
    for answered in videos + audios:
        assert answered.extensions.items() <= offered[answered.mid].items()


def test_answer_uses_no_payload_type_that_was_not_offered(offer: SessionDescription) -> None:
    answer = parsed(build_answer(offer, LOCAL, {}))
    for offered, answered in zip(offer.sections, answer.sections, strict=True):
        assert answered.codecs == offered.codecs


def test_sections_the_client_sends_in_are_received_with_congestion_feedback() -> None:
    offer = parsed(sdp_of("single_publish"))
    *_, video, audio = blocks(build_answer(offer, LOCAL, {}))
    assert "a=recvonly" in video and "a=recvonly" in audio
    assert "a=rtcp-fb:96 transport-cc" in video and "a=rtcp-fb:96 nack" in video and "a=rtcp-fb:96 nack pli" in video
    assert "a=rtcp-fb:111 transport-cc" in audio


def test_track_goes_into_the_section_chosen_for_it_and_no_other() -> None:
    offer = parsed(sdp_of("single_join"))
    _, audio, video, data = blocks(build_answer(offer, LOCAL, {"3": SENT}))
    assert "a=inactive" in audio
    assert {"a=sendonly", "a=msid:PA_a|TR_b TR_b", "a=ssrc:1234 cname:PA_a"} <= set(video)
    assert "a=sctp-port:5000" in data and "a=max-message-size:65535" in data


def test_track_is_never_sent_in_a_section_in_which_the_client_only_sends() -> None:
    offer = parsed(sdp_of("single_publish"))
    assert "a=sendonly" not in build_answer(offer, LOCAL, {"7": SENT, "8": SENT})


def test_section_that_cannot_be_served_is_rejected_and_out_of_the_bundle() -> None:
    offer = SessionDescription(
        (section("0"), section("1", kind="text", codecs=()), section("2", codecs=())), (), "actpass"
    )
    session, served, *rejected = blocks(build_answer(offer, LOCAL, {}))
    assert "a=group:BUNDLE 0" in session
    assert served[0].startswith("m=video 9 ")
    for lines in rejected:
        assert lines[0].split()[1] == "0" and "a=inactive" in lines and not any("ufrag" in line for line in lines)


def test_own_offer_has_data_first_and_can_be_read_back() -> None:
    sections = [OfferedSection("video", "1", (VP8,), SENT), OfferedSection("audio", "2", (OPUS,), None)]
    sdp = build_offer("0", sections, LOCAL)
    offer = parsed(sdp)
    assert [(section.kind, section.mid, section.direction) for section in offer.sections] == [
        ("application", "0", "sendrecv"),
        ("video", "1", "sendonly"),
        ("audio", "2", "inactive"),
    ]
    assert (offer.sections[1].ssrcs, offer.sections[1].track_id) == ((1234,), "TR_b")
    assert list(offer.sections[1].extensions) == ["urn:ietf:params:rtp-hdrext:sdes:mid"]
    assert "transport-cc" not in sdp


def test_payload_types_of_an_offer_stay_with_their_codecs() -> None:
    types = PayloadTypes()
    first = types.assign((OPUS, VP8))
    assert [codec.payload_type for codec in first] == [96, 97]
    again = types.assign((Codec(33, "VP8", 90_000, 1, ""), Codec(44, "VP9", 90_000, 1, "profile-id=1")))
    assert [codec.payload_type for codec in again] == [97, 98]


def test_payload_types_suffice_for_all_codecs_there_are() -> None:
    profiles = [f"{a}{b}" for a in ("42", "4d", "58", "64", "f4") for b in ("00", "e0", "0c", "c0")]
    many = [
        *(
            Codec(1, "H264", 90_000, 1, f"packetization-mode={mode};profile-level-id={profile}1f")
            for mode in range(3)
            for profile in profiles
        ),
        *(Codec(1, "VP9", 90_000, 1, f"profile-id={profile}") for profile in range(20)),
        *(Codec(1, "AV1", 90_000, 1, f"profile={profile}") for profile in range(20)),
        Codec(1, "H265", 90_000, 1, "profile-id=1"),
        VP8,
        OPUS,
    ]
    assigned = PayloadTypes().assign(codec for codec in many if codec.is_known)
    assert len(assigned) > 20
    assert all(96 <= codec.payload_type <= 127 for codec in assigned)
    assert len({codec.payload_type for codec in assigned}) == len(assigned)


def test_what_others_are_offered_holds_no_text_of_the_publisher() -> None:
    (codec,) = PayloadTypes().assign((Codec(96, "VP8", 90_000, 1, "x-evil=1"),))
    assert "evil" not in build_offer("0", [OfferedSection("video", "1", (codec,), None)], LOCAL)


def test_payload_types_are_mapped_by_codec_and_variant() -> None:
    def h264(payload_type: int, profile: str) -> Codec:
        return Codec(payload_type, "H264", 90_000, 1, f"packetization-mode=1;profile-level-id={profile}1f")

    subscribed = [Codec(120, "VP8", 90_000, 1, ""), h264(121, "4200"), h264(122, "42e0")]
    assert map_payload_types([VP8, h264(97, "42e0")], subscribed) == {96: 120, 97: 122}
    # A profile the subscriber does not have goes as its first one of the same packetization: decoders take it.
    assert map_payload_types([h264(97, "6400")], subscribed) == {97: 121}
    assert map_payload_types([OPUS], subscribed) == {}
