"""Who may join, and what each grant allows."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from livekit import rtc

from avatar_core.clock import wall_time
from avatar_core.errors import RoomConnectError, RoomError
from avatar_core.room.connection import RoomConnection
from avatar_core.room.options import VideoPublishOptions
from avatar_core.room.values import TrackKind
from avatar_core.tokens import TokenClaims, VideoGrants
from tests.patience import LIMIT_S

DAY_S = 24 * 3600
NOW_S = 1_700_000_000.0


def claims(room_name: str, **grants: object) -> TokenClaims:
    return TokenClaims("ada", VideoGrants(room_join=True, room=room_name, **grants))


@asynccontextmanager
async def bare_sdk(access, identity: str, grants: VideoGrants, options) -> AsyncIterator[rtc.Room]:
    room = rtc.Room()
    token = access.token(TokenClaims(identity, grants))
    await room.connect(access.url, token, rtc.RoomOptions(single_peer_connection=options.single_peer_connection))
    try:
        yield room
    finally:
        await room.disconnect()


def silent_track() -> rtc.LocalAudioTrack:
    return rtc.LocalAudioTrack.create_audio_track("voice", rtc.AudioSource(48_000, 1))


def black_track() -> rtc.LocalVideoTrack:
    return rtc.LocalVideoTrack.create_video_track("face", rtc.VideoSource(320, 240))


def camera() -> rtc.TrackPublishOptions:
    return rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA)


def microphone() -> rtc.TrackPublishOptions:
    return rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)


async def refusal(url: str, token: str, options) -> str:
    connection = RoomConnection()
    with pytest.raises(RoomConnectError) as refused:
        await connection.connect(url, token, options)
    assert token not in str(refused.value)
    assert url in str(refused.value)
    return str(refused.value)


def status_of(url: str, token: str) -> int:
    """What the server answers to a plain HTTP request with that token, without the SDK in between."""
    http_url = url.replace("ws", "http", 1)
    request = urllib.request.Request(http_url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


async def test_bad_token_is_refused_with_the_reason(access, room_name, options) -> None:
    good = claims(room_name)
    expired = access.token(good, now_s=NOW_S, ttl_s=60)
    forged = replace(access, api_secret="another-secret-of-32-bytes-or-more").token(good)
    foreign = replace(access, api_key="nobody").token(good)
    joinless = access.token(TokenClaims("ada", VideoGrants(room=room_name)))

    messages = await asyncio.gather(*(refusal(access.url, token, options) for token in (expired, forged, foreign)))

    assert all("401" in message and "API key and secret" in message for message in messages)
    assert len(set(messages)) == 3
    assert "expired" in messages[0]
    await refusal(access.url, joinless, options)


async def test_token_of_the_future_is_refused(access, room_name, options) -> None:
    assert "401" in await refusal(access.url, access.token(claims(room_name), now_s=wall_time() + DAY_S), options)


@pytest.mark.parametrize("path", ["/rtc/v1/validate", "/rtc/validate", "/rtc/v1", "/rtc"])
async def test_both_paths_answer_a_bad_token_with_401(access, room_name, path) -> None:
    forged = replace(access, api_secret="another-secret-of-32-bytes-or-more").token(claims(room_name))

    statuses = [await asyncio.to_thread(status_of, access.url + path, token) for token in (forged, "x", "")]

    assert statuses == [401, 401, 401]


async def test_kind_name_metadata_and_attributes_of_the_token_are_seen_by_others(pair, join) -> None:
    about = {"name": "Áva", "kind": "agent", "metadata": "m", "attributes": {"lk.publish_on_behalf": "ada"}}
    await join("avatar", claims=about)

    seen = await pair.ada.wait_for_participant("avatar")

    assert (seen.name, seen.kind, seen.metadata, seen.attributes) == tuple(about.values())


async def test_what_is_not_granted_is_an_error_that_names_the_grant(join) -> None:
    mute, eyeless = await asyncio.gather(
        join("mute", can_publish=False), join("eyeless", can_publish_sources=("microphone",))
    )

    with pytest.raises(RoomError, match="canPublish"):
        await mute.publish_audio("voice")
    with pytest.raises(RoomError, match="canPublishSources"):
        await eyeless.publish_video("face", VideoPublishOptions(320, 240))
    with pytest.raises(RoomError, match="canPublishData"):
        await mute.send_data(b"psst")
    with pytest.raises(RoomError, match="canPublishData"):
        await mute.streams.open_bytes("files")
    with pytest.raises(RoomError, match="canPublishData"):
        await mute.rpc.perform("eyeless", "hello")
    with pytest.raises(RoomError, match="canUpdateOwnMetadata"):
        await eyeless.update_self(name="Eye")
    assert eyeless.grants.can_publish_sources == ("microphone",)


async def test_server_holds_a_client_that_asks_regardless_to_its_grants(pair, access, room_name, options) -> None:
    """The bare SDK asks for what the token does not allow; nobody notices any of it."""
    heard: asyncio.Queue = asyncio.Queue()
    pair.bob.events.data_received.connect(heard.put_nowait)
    mute = VideoGrants(room_join=True, room=room_name, can_publish=False)
    eyeless = VideoGrants(room_join=True, room=room_name, can_publish_sources=("microphone",), can_publish_data=False)

    async with (
        bare_sdk(access, "mute", mute, options) as first,
        bare_sdk(access, "eyeless", eyeless, options) as second,
    ):
        await asyncio.gather(pair.bob.wait_for_participant("mute"), pair.bob.wait_for_participant("eyeless"))
        asked = [
            asyncio.create_task(first.local_participant.publish_track(silent_track())),
            asyncio.create_task(second.local_participant.publish_track(black_track(), camera())),
            asyncio.create_task(first.local_participant.publish_data(b"psst")),
            asyncio.create_task(second.local_participant.publish_data(b"psst", reliable=False)),
            asyncio.create_task(second.local_participant.set_metadata("x")),
        ]
        # What is granted passes behind it, and by then the rest would have.
        await second.local_participant.publish_track(silent_track(), microphone())
        voice = await pair.bob.wait_for_track("eyeless", TrackKind.AUDIO)
        await pair.ada.send_data(b"mark")
        async with asyncio.timeout(LIMIT_S):
            assert (await heard.get()).sender == "ada"
        seen = pair.bob.participants
        assert [publication.sid for publication in seen["eyeless"].publications] == [voice.sid]
        assert (seen["mute"].publications, seen["eyeless"].metadata) == ((), "")
        assert all(not task.done() or task.exception() is not None for task in asked[:2])
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


async def test_participant_without_can_subscribe_gets_no_track(pair, join) -> None:
    deaf = await join("deaf", can_subscribe=False)
    await deaf.wait_for_participant("ada")
    subscribed, heard = [], asyncio.Queue()
    deaf.events.track_subscribed.connect(subscribed.append)
    deaf.events.data_received.connect(heard.put_nowait)

    await pair.ada.publish_audio("voice")
    track = await deaf.wait_for_track("ada", TrackKind.AUDIO, subscribed=False)
    await pair.bob.wait_for_track("ada", TrackKind.AUDIO)
    deaf.set_subscribed(track.sid, True)
    # Several round trips behind the request: had it been granted, the track would be here by now.
    for _ in range(20):
        await pair.ada.send_data(b"mark", destinations=["deaf"])
        async with asyncio.timeout(LIMIT_S):
            await heard.get()
        await asyncio.sleep(0.01)

    assert subscribed == []


async def test_own_name_metadata_and_attributes_can_be_changed(pair, join) -> None:
    bold = await join("bold", can_update_own_metadata=True)
    await pair.ada.wait_for_participant("bold")

    await bold.update_self(name="Bold", metadata="y", attributes={"a": "1", "b": "2"})

    def changed():
        seen = pair.ada.participants["bold"]
        return seen if (seen.name, seen.metadata, seen.attributes) == ("Bold", "y", {"a": "1", "b": "2"}) else None

    await pair.ada.wait_for(changed, what="the new metadata", timeout_s=LIMIT_S)
    await bold.update_self(attributes={"a": "", "b": "3"})
    await pair.ada.wait_for(
        lambda: pair.ada.participants["bold"].attributes == {"b": "3"} or None,
        what="the attribute gone",
        timeout_s=LIMIT_S,
    )
    await bold.wait_for(lambda: bold.local.attributes == {"b": "3"} or None, what="the own change", timeout_s=LIMIT_S)
    assert (bold.local.name, bold.local.metadata) == ("Bold", "y")


async def test_hidden_participant_sees_and_is_not_seen(pair, join) -> None:
    connected = []
    pair.ada.events.participant_connected.connect(connected.append)
    ghost = await join("ghost", hidden=True)

    await asyncio.gather(ghost.wait_for_participant("ada"), pair.ada.publish_audio("voice"))
    await ghost.wait_for_track("ada", TrackKind.AUDIO)
    late = await join("late")
    await pair.ada.wait_for_participant("late")

    assert set(ghost.participants) >= {"ada", "bob"}
    assert [participant.identity for participant in connected] == ["late"]
    assert set(late.participants) == {"ada", "bob"}
