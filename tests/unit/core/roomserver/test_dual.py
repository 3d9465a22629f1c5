"""Two peer connections: one offer of the server's at a time, and sections that fall silent and are taken again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from avatar_core.roomserver.config import Limits
from avatar_core.roomserver.dual import DualConnection
from avatar_core.roomserver.sdp import MalformedSdp, SessionDescription
from avatar_core.roomserver.track import Downlink, PublishedTrack
from tests.unit.core.roomserver.fakes import OPUS, VP8, RecordingOwner, media_context, parsed, sdp_of, track


@pytest.fixture
def owner() -> RecordingOwner:
    return RecordingOwner()


@pytest.fixture
async def connection(owner: RecordingOwner) -> AsyncIterator[DualConnection]:
    context = media_context()
    dual = DualConnection(owner, context)
    assert len(context.socket.transports) == 2
    dual.start()
    yield dual
    await dual.aclose()
    assert context.socket.transports == []


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def audio(number: int) -> PublishedTrack:
    return track(f"TR_A{number}", kind="audio", codecs=(OPUS,))


def subscribe(connection: DualConnection, published: PublishedTrack) -> Downlink:
    downlink = published.downlinks["me"] = Downlink(published, connection.subscriber)
    connection.add_downlink(downlink)
    return downlink


def answer_to(sdp: str) -> str:
    """A client's answer that takes whatever is offered."""
    lines = [
        line for line in sdp.splitlines() if not line.startswith(("a=ssrc", "a=msid:", "a=ice-lite", "a=candidate"))
    ]
    return "\r\n".join(lines).replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")


def offers(owner: RecordingOwner) -> list[SessionDescription]:
    return [parsed(sdp) for sdp, _, _ in owner.offers]


def sent_in(offer: SessionDescription) -> dict[str, str]:
    return {section.mid: section.track_id for section in offer.sections if section.direction == "sendonly"}


async def test_first_offer_carries_data_alone(connection: DualConnection, owner: RecordingOwner) -> None:
    (offer,) = offers(owner)
    assert [section.kind for section in offer.sections] == ["application"]
    assert (offer.setup, owner.offers[0][1:]) == ("actpass", (1, {}))


async def test_only_one_offer_is_in_flight(connection: DualConnection, owner: RecordingOwner) -> None:
    downlinks = [subscribe(connection, audio(number)) for number in range(3)]
    await turn()
    assert len(owner.offers) == 1
    connection.answer_received(answer_to(owner.offers[0][0]))
    assert len(owner.offers) == 2
    assert owner.offers[1][1:] == (2, {"1": "TR_A0", "2": "TR_A1", "3": "TR_A2"})
    assert owner.started == []
    connection.answer_received(answer_to(owner.offers[1][0]))
    assert set(map(id, owner.started)) == set(map(id, downlinks))
    assert len(owner.offers) == 2


async def test_real_answer_starts_what_was_offered(connection: DualConnection, owner: RecordingOwner) -> None:
    connection.answer_received(answer_to(owner.offers[0][0]))
    subscribe(connection, track("TR_V1", codecs=(VP8,)))
    subscribe(connection, audio(1))
    await turn()
    assert list(sent_in(offers(owner)[1])) == ["1", "2"]
    connection.answer_received(sdp_of("dual_answer"))
    assert [downlink.track.sid for downlink in owner.started] == ["TR_V1", "TR_A1"]


async def test_track_that_ended_before_the_answer_never_starts(
    connection: DualConnection, owner: RecordingOwner
) -> None:
    connection.answer_received(answer_to(owner.offers[0][0]))
    downlink = subscribe(connection, audio(1))
    await turn()
    connection.remove_downlink(downlink)
    await turn()
    connection.answer_received(answer_to(owner.offers[1][0]))
    assert (owner.started, downlink.started) == ([], False)
    assert [sent_in(offer) for offer in offers(owner)] == [{}, {"1": "TR_A1"}, {}]


async def test_silent_section_is_taken_by_another_track_but_never_again_by_the_same(
    connection: DualConnection, owner: RecordingOwner
) -> None:
    # The SDK recognizes a track by its section, and ignores one that it saw there before.
    connection.answer_received(answer_to(owner.offers[0][0]))
    first, second = audio(1), audio(2)

    async def change() -> dict[str, str]:
        await turn()
        connection.answer_received(answer_to(owner.offers[-1][0]))
        return sent_in(offers(owner)[-1])

    downlink = subscribe(connection, first)
    assert await change() == {"1": "TR_A1"}
    connection.remove_downlink(downlink)
    assert await change() == {}
    downlink = subscribe(connection, first)
    assert await change() == {"2": "TR_A1"}
    subscribe(connection, second)
    assert await change() == {"1": "TR_A2", "2": "TR_A1"}
    assert [section.mid for section in offers(owner)[-1].sections] == ["0", "1", "2"]


async def test_sections_are_bounded_and_a_track_waits_for_one(owner: RecordingOwner) -> None:
    dual = DualConnection(owner, media_context(Limits(media_sections=3)))
    dual.start()
    downlinks = [subscribe(dual, audio(number)) for number in range(3)]
    await turn()
    dual.answer_received(answer_to(owner.offers[0][0]))
    dual.answer_received(answer_to(owner.offers[1][0]))
    assert sent_in(offers(owner)[1]) == {"1": "TR_A0", "2": "TR_A1"}
    dual.remove_downlink(downlinks[0])
    await turn()
    dual.answer_received(answer_to(owner.offers[2][0]))
    assert sent_in(offers(owner)[2]) == {"1": "TR_A2", "2": "TR_A1"}
    assert (downlinks[2].started, len(owner.offers)) == (True, 3)
    await dual.aclose()


async def test_what_the_client_publishes_is_answered_apart(connection: DualConnection, owner: RecordingOwner) -> None:
    ids = [line.split()[1] for line in sdp_of("dual_publish").splitlines() if line.startswith("a=msid:")]
    video, sound = track("TR_V1", cid=ids[0]), track("TR_A1", cid=ids[1], kind="audio")
    owner.pending += [video, sound]
    connection.offer_received(sdp_of("dual_publish"), 5)
    ((answer, offer_id, track_ids),) = owner.answers
    assert (offer_id, track_ids) == (5, {"1": "TR_V1", "2": "TR_A1"})
    assert [section.direction for section in answer.sections[1:]] == ["recvonly", "recvonly"]
    assert owner.bound == [video, sound]
    assert len(owner.offers) == 1


async def test_answer_to_nothing_is_refused(connection: DualConnection, owner: RecordingOwner) -> None:
    connection.answer_received(answer_to(owner.offers[0][0]))
    with pytest.raises(MalformedSdp, match="nothing was offered"):
        connection.answer_received(answer_to(owner.offers[0][0]))


async def test_answer_that_refuses_a_section_does_not_start_its_track(
    connection: DualConnection, owner: RecordingOwner
) -> None:
    connection.answer_received(answer_to(owner.offers[0][0]))
    downlink = subscribe(connection, audio(1))
    await turn()
    connection.answer_received(answer_to(owner.offers[1][0]).replace("a=recvonly", "a=inactive"))
    assert (downlink.started, owner.started) == (False, [])
