"""One peer connection for both directions: what is answered, placed, asked for and withdrawn."""

import asyncio
from collections.abc import AsyncIterator
from itertools import chain, pairwise

import pytest

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.rtcp import build_nack, build_pli
from avatar_core.roomserver.sdp import MalformedSdp, SessionDescription
from avatar_core.roomserver.single import SingleConnection
from avatar_core.roomserver.track import Downlink, PublishedTrack
from tests.unit.core.roomserver.fakes import OPUS, VP8, RecordingOwner, media_context, sdp_of, track


@pytest.fixture
def owner() -> RecordingOwner:
    return RecordingOwner()


@pytest.fixture
async def connection(owner: RecordingOwner) -> AsyncIterator[SingleConnection]:
    context = media_context()
    single = SingleConnection(owner, context)
    yield single
    await single.aclose()
    assert context.socket.transports == []


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def joined(audios: int = 1, videos: int = 1) -> str:
    """The SDK's first offer, with so many receiving sections."""
    lines = sdp_of("single_join").splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    audio, video, data = (lines[start:end] for start, end in pairwise([*starts, len(lines)]))
    receiving = [
        [f"a=mid:r{number}" if line.startswith("a=mid:") else line for line in section]
        for number, section in enumerate([audio] * audios + [video] * videos)
    ]
    return "\r\n".join(chain(lines[: starts[0]], *receiving, data))


def announced(owner: RecordingOwner, cid: str, kind: str) -> PublishedTrack:
    published = track(f"TR_{cid[:4]}_{len(owner.pending)}", cid=cid, kind=kind)
    owner.pending.append(published)
    return published


def subscribe(connection: SingleConnection, *tracks: PublishedTrack) -> list[Downlink]:
    downlinks = [Downlink(published, connection.subscriber) for published in tracks]
    for published, downlink in zip(tracks, downlinks, strict=True):
        published.downlinks["me"] = downlink
        connection.add_downlink(downlink)
    return downlinks


def sent_in(answer: SessionDescription) -> dict[str, str]:
    """Mid to track id of the sections in which the server sends."""
    return {section.mid: section.track_id for section in answer.sections if section.direction == "sendonly"}


def published_ids() -> tuple[str, str]:
    """What the SDK called its video and its audio in the captured offer."""
    ids = [line.split()[1] for line in sdp_of("single_publish").splitlines() if line.startswith("a=msid:")]
    return ids[0], ids[1]


async def test_offer_is_answered_with_its_id(connection: SingleConnection, owner: RecordingOwner) -> None:
    connection.start()
    connection.offer_received(joined(), offer_id=7)
    ((answer, offer_id, track_ids),) = owner.answers
    assert (offer_id, track_ids, sent_in(answer), answer.setup) == (7, {}, {}, "active")
    assert owner.requested == []


async def test_published_tracks_are_bound_by_their_msid(connection: SingleConnection, owner: RecordingOwner) -> None:
    video_id, audio_id = published_ids()
    video, audio = announced(owner, video_id, "video"), announced(owner, audio_id, "audio")
    connection.offer_received(sdp_of("single_publish"), 1)
    assert owner.bound == [video, audio]
    assert (video.info.mid, video.info.mime_type) == ("7", "video/VP8")
    assert (audio.info.mid, audio.info.mime_type) == ("8", "audio/opus")
    assert owner.answers[0][2] == {"7": video.sid, "8": audio.sid}
    connection.offer_received(sdp_of("single_publish"), 2)
    assert (owner.bound, owner.withdrawn) == ([video, audio], [])


async def test_track_that_nobody_announced_is_not_bound(connection: SingleConnection, owner: RecordingOwner) -> None:
    connection.offer_received(sdp_of("single_publish"), 1)
    assert (owner.bound, owner.answers[0][2]) == ([], {})


async def test_track_whose_msid_is_new_is_found_by_its_kind(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    # The SDK keeps its name of a track that it publishes again, but libwebrtc makes up another msid.
    _, audio_id = published_ids()
    other_audio, video = announced(owner, "other", "audio"), announced(owner, "unheard of", "video")
    audio = announced(owner, audio_id, "audio")
    connection.offer_received(sdp_of("single_publish"), 1)
    assert set(map(id, owner.bound)) == {id(video), id(audio)}
    assert not other_audio.is_bound
    connection.offer_received(sdp_of("single_publish"), 2)
    assert owner.withdrawn == []


async def test_kinds_are_never_mixed(connection: SingleConnection, owner: RecordingOwner) -> None:
    video_id, audio_id = published_ids()
    announced(owner, video_id, "audio")
    announced(owner, audio_id, "video")
    connection.offer_received(sdp_of("single_publish"), 1)
    assert owner.bound == []


@pytest.mark.parametrize("direction", ["recvonly", "inactive"])
async def test_section_that_stops_sending_withdraws_its_track(
    connection: SingleConnection, owner: RecordingOwner, direction: str
) -> None:
    video_id, audio_id = published_ids()
    video, audio = announced(owner, video_id, "video"), announced(owner, audio_id, "audio")
    connection.offer_received(sdp_of("single_publish"), 1)
    head, tail = sdp_of("single_publish").split("a=mid:7")
    connection.offer_received(f"{head}a=mid:7{tail.replace('a=sendonly', f'a={direction}', 1)}", 2)
    assert (owner.withdrawn, owner.bound) == ([video], [video, audio])


async def test_track_takes_a_free_section_and_starts_with_the_answer(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    connection.offer_received(joined(), 1)
    video, audio = track("TR_V1", codecs=(VP8,)), track("TR_A1", kind="audio", codecs=(OPUS,))
    downlinks = subscribe(connection, video, audio)
    await turn()
    assert owner.requested == [(0, 0)]  # free sections suffice, so just an offer is asked for
    assert not any(downlink.started for downlink in downlinks)
    connection.offer_received(joined(), 2)
    answer, _, track_ids = owner.answers[1]
    assert sent_in(answer) == {"r0": "TR_A1", "r1": "TR_V1"} == track_ids
    assert all(downlink.started for downlink in downlinks)
    assert set(map(id, owner.started)) == set(map(id, downlinks))


async def test_more_tracks_than_sections_are_asked_for_once(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    connection.offer_received(joined(), 1)
    tracks = [track(f"TR_A{number}", kind="audio", codecs=(OPUS,)) for number in range(6)]
    subscribe(connection, *tracks, track("TR_V1", codecs=(VP8,)), track("TR_V2", codecs=(VP8,)))
    await turn()
    assert owner.requested == [(5, 1)]
    connection.offer_received(joined(6, 2), 2)
    assert len(sent_in(owner.answers[1][0])) == 8
    await turn()
    assert owner.requested == [(5, 1)]


async def test_tracks_before_the_first_offer_wait_for_it(connection: SingleConnection, owner: RecordingOwner) -> None:
    subscribe(connection, *(track(f"TR_A{number}", kind="audio", codecs=(OPUS,)) for number in range(3)))
    await turn()
    assert owner.requested == []
    connection.offer_received(joined(), 1)
    assert len(sent_in(owner.answers[0][0])) == 1
    assert owner.requested == [(2, 0)]


async def test_change_while_an_offer_is_awaited_goes_into_that_offer(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    connection.offer_received(joined(2, 1), 1)
    first, second = (track(f"TR_A{number}", kind="audio", codecs=(OPUS,)) for number in range(2))
    (downlink,) = subscribe(connection, first)
    await turn()
    connection.remove_downlink(downlink)
    subscribe(connection, second)
    await turn()
    assert owner.requested == [(0, 0)]
    connection.offer_received(joined(2, 1), 2)
    assert list(sent_in(owner.answers[1][0]).values()) == ["TR_A1"]
    assert not downlink.started


async def test_section_of_an_ended_track_is_given_to_the_next(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    connection.offer_received(joined(), 1)
    (downlink,) = subscribe(connection, track("TR_A1", kind="audio", codecs=(OPUS,)))
    await turn()
    connection.offer_received(joined(), 2)
    connection.remove_downlink(downlink)
    await turn()
    connection.offer_received(joined(), 3)
    assert sent_in(owner.answers[2][0]) == {}
    subscribe(connection, track("TR_A2", kind="audio", codecs=(OPUS,)))
    await turn()
    connection.offer_received(joined(), 4)
    assert sent_in(owner.answers[3][0]) == {"r0": "TR_A2"}


async def test_client_is_never_asked_for_more_sections_than_are_allowed(owner: RecordingOwner) -> None:
    single = SingleConnection(owner, media_context(Limits(media_sections=5)))
    single.offer_received(joined(), 1)  # three sections with the data
    subscribe(single, *(track(f"TR_A{number}", kind="audio", codecs=(OPUS,)) for number in range(9)))
    await turn()
    single.offer_received(joined(3, 1), 2)
    await turn()
    assert owner.requested == [(2, 0)]
    assert (len(sent_in(owner.answers[1][0])), len(owner.answers)) == (3, 2)
    with pytest.raises(MalformedSdp, match="media sections"):
        single.offer_received(joined(4, 1), 3)
    await single.aclose()


async def test_offer_without_a_certificate_and_any_answer_are_refused(connection: SingleConnection) -> None:
    with pytest.raises(MalformedSdp, match="fingerprint"):
        connection.offer_received(joined().replace("fingerprint:sha-256", "fingerprint:md5"), 1)
    with pytest.raises(MalformedSdp, match="nothing was offered"):
        connection.answer_received(sdp_of("dual_answer"))


async def test_client_that_never_connects_its_media_is_given_up(owner: RecordingOwner) -> None:
    single = SingleConnection(owner, media_context(Limits(connect_s=0.01)))
    single.offer_received(joined(), 1)
    async with asyncio.timeout(5):
        while not owner.failures:
            await asyncio.sleep(0.01)
    assert "no media connection" in owner.failures[0]
    await single.aclose()


async def test_nothing_is_negotiated_after_the_close(connection: SingleConnection, owner: RecordingOwner) -> None:
    connection.offer_received(joined(), 1)
    subscribe(connection, track("TR_A1", kind="audio", codecs=(OPUS,)))
    await connection.aclose()
    await connection.aclose()
    await turn()
    assert owner.requested == []


async def test_subscribers_requests_reach_the_track_they_are_about(
    connection: SingleConnection, owner: RecordingOwner
) -> None:
    published = track("TR_V1", codecs=(VP8,))
    connection.offer_received(joined(), 1)
    (downlink,) = subscribe(connection, published)
    await turn()
    connection.offer_received(joined(), 2)
    assert published.key_frame_is_due(now_s=1e9)  # of the subscription itself
    connection.rtcp_received(build_pli(1, downlink.ssrc + 1), 2e9)
    assert not published.key_frame_is_due(now_s=3e9)
    connection.rtcp_received(build_pli(1, downlink.ssrc) + build_nack(1, downlink.ssrc, [1]), 4e9)
    assert published.key_frame_is_due(now_s=5e9)
