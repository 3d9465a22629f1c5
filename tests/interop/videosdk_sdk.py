"""VideoSDK's own SDK against what the relay uses of it: signatures, its real classes over a room client in memory, its
real tracks through its own WebRTC on loopback, and a join that fails.

Run by a Python that has `videosdk` and what avatar_core needs: `avatar-testbench videosdk` makes one. Not in it is
VideoSDK's cloud. Prints what was checked, and exits with 1 where anything is other than the relay takes it to be.
"""

import asyncio
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).parents[2]
# Behind the packages of this Python, as the relay has it.
sys.path += [str(ROOT), str(ROOT / "core")]

import numpy as np  # noqa: E402
import videosdk  # noqa: E402
from pyee.asyncio import AsyncIOEventEmitter  # noqa: E402
from videosdk._events import Events, VideoSDKEvents  # noqa: E402
from vsaiortc import RTCPeerConnection  # noqa: E402

from avatar_core.clock import MonotonicClock  # noqa: E402
from avatar_core.errors import ConfigError, RoomConnectError, RoomError  # noqa: E402
from avatar_core.media.av_frames import from_av_audio, from_av_video  # noqa: E402
from avatar_core.media.frames import AudioFrame, VideoFrame  # noqa: E402
from avatar_core.videosdk.relay import surface  # noqa: E402
from avatar_core.videosdk.relay.child import relay_command  # noqa: E402
from avatar_core.videosdk.relay.sdk import VideoSdk  # noqa: E402
from avatar_core.videosdk.relay.visit import MeetingVisit, Said  # noqa: E402
from avatar_core.wire.relay import RELAY_EVENTS, RELAY_ORDERS, JoinBoth, MeetingPlace, RoomPlace  # noqa: E402

LIMIT_S = 15.0
TOKEN = "a-token-that-must-not-show"
NOWHERE = "127.0.0.1:1"
PLACE = MeetingPlace("videosdk", "abcd-efgh-ijkl", "agent", "avatar", TOKEN)
RATE_HZ = 48_000
WIDTH, HEIGHT = 320, 180


def members_are_as_the_surface_says() -> None:
    """Each call with the arguments that the relay gives it, each property, and each event by its name."""
    classes = {
        surface.LiveMeeting: videosdk.Meeting,
        surface.MeetingParticipant: videosdk.Participant,
        surface.MediaStream: videosdk.Stream,
    }
    stream = videosdk.Stream(SimpleNamespace(id="s", kind="audio"))
    for ours, theirs in classes.items():
        for name in sorted(member for cls in ours.__mro__ for member in vars(cls) if not member.startswith("_")):
            assert hasattr(theirs, name) or hasattr(stream, name), f"{theirs.__name__} has no {name}"
            wanted, found = getattr(ours, name), getattr(theirs, name, None)
            if inspect.isfunction(wanted):
                given = [parameter.name for parameter in inspect.signature(wanted).parameters.values()]
                inspect.signature(found).bind(*given)
                assert inspect.iscoroutinefunction(found) == inspect.iscoroutinefunction(wanted), name
    known = {event.value for event in VideoSDKEvents}
    assert {*surface.MEETING_EVENTS, *surface.PARTICIPANT_EVENTS} <= known, known


class MemoryRoomClient(AsyncIOEventEmitter):
    """Where VideoSDK's RoomClient stands: it tells what the cloud would, and keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []
        self.session_id = "session"
        self.fails = False

    async def async_join(self) -> None:
        self.emit(Events.MEETING_JOINED, {"participants": [], "messages": [], "base_url": ""})

    def leave(self) -> None:
        self.emit(Events.MEETING_LEFT, {})

    async def send(self, payload: bytes | str, options: dict[str, str] | None = None) -> bool:
        if self.fails:
            raise ConnectionError("Cannot send message, Network is not available.")
        self.asked.append(("send", payload, options))
        return True

    def add_custom_audio_track(self, track: Any) -> None:
        self.asked.append(("audio", track))


class MemorySdk(VideoSdk):
    """VideoSDK's SDK, its meeting made of its own classes over a room client in memory."""

    def __init__(self) -> None:
        super().__init__(MonotonicClock())
        self.client = MemoryRoomClient()

    def meeting(self, place: MeetingPlace) -> Any:
        local = videosdk.Participant(place.participant_id, "agent", True, room_client=self.client)
        return videosdk.Meeting(place.meeting_id, local, self.client)


async def a_visit_over_their_own_classes() -> None:
    """Meeting, Participant and Stream as they are: who comes, what it says and publishes, how it goes."""
    sdk = MemorySdk()
    visit = MeetingVisit(sdk, PLACE)
    met, said = list[Any](), list[Said]()
    visit.peer_came.connect(met.append)
    visit.stream_began.connect(met.append)
    visit.stream_ended.connect(met.append)
    visit.peer_left.connect(met.append)
    visit.said.connect(said.append)
    await visit.join()
    peer = {"id": "avatar", "displayName": "Ada", "device": {}, "mode": "SEND_AND_RECV", "metaData": {"a": 1}}
    sdk.client.emit(Events.ADD_PEER, {**peer, "id": "other"})
    sdk.client.emit(Events.ADD_PEER, peer)
    [ada] = met
    assert (ada.id, ada.display_name, ada.meta_data) == ("avatar", "Ada", {"a": 1})
    track = videosdk.CustomAudioTrack()
    consumer = SimpleNamespace(id="c1", track=track, appData={"peerId": "avatar"})
    sdk.client.emit(Events.ADD_CONSUMER, consumer)
    assert isinstance(met[1], videosdk.Stream)
    assert (met[1].kind, met[1].track) == ("audio", track)
    for sender in ("other", "avatar"):
        data = {"payload": "\0\0", "from": sender, "timestamp": 0, "reliability": "UNRELIABLE"}
        sdk.client.emit(Events.CHAT_MESSAGE, data)
    assert (said, visit.refused) == ([Said("\0\0", "UNRELIABLE")], 1)
    await visit.send(Said(b"INTERRUPT", "RELIABLE"))
    assert sdk.client.asked == [("send", b"INTERRUPT", {"reliability": "RELIABLE"})]
    sdk.client.fails = True
    try:
        await visit.send(Said(b"x", "RELIABLE"))
        raise AssertionError("a failure to send was not told")
    except RoomError:
        pass
    sdk.client.emit(Events.REMOVE_CONSUMER, consumer)
    sdk.client.emit(Events.REMOVE_PEER, {"peerId": "avatar"})
    assert len(met) == 4, met
    await visit.aclose()


async def a_meeting_is_made_with_the_settings_of_a_place() -> None:
    sdk = VideoSdk(MonotonicClock())
    meeting = sdk.meeting(PLACE)
    assert isinstance(meeting, videosdk.Meeting)
    assert (meeting.id, meeting.local_participant.id) == (PLACE.meeting_id, PLACE.participant_id)
    try:
        sdk.meeting(MeetingPlace("videosdk", "", "agent", "avatar", TOKEN))
        raise AssertionError("a meeting without a name was taken")
    except ConfigError:
        pass


async def sound() -> AsyncIterator[AudioFrame]:
    at = np.arange(RATE_HZ // 100)
    for _ in range(1_000):
        yield AudioFrame((9_000 * np.sin(2 * np.pi * at / 48)).astype(np.int16), RATE_HZ)
        await asyncio.sleep(0.01)


async def pictures() -> AsyncIterator[VideoFrame]:
    for _ in range(300):
        yield VideoFrame(np.full(WIDTH * HEIGHT * 3 // 2, 128, np.uint8), WIDTH, HEIGHT, 0.0)
        await asyncio.sleep(1 / 30)


async def our_tracks_through_their_webrtc() -> None:
    """Published by VideoSDK's fork of aiortc, received by it on loopback, and read as the relay reads."""
    sdk = VideoSdk(MonotonicClock())
    sender, receiver = RTCPeerConnection(), RTCPeerConnection()
    received: dict[str, Any] = {}
    both = asyncio.Event()

    @receiver.on("track")
    def on_track(track: Any) -> None:
        received[track.kind] = track
        if len(received) == 2:
            both.set()

    try:
        for track in (sdk.audio_track(sound()), sdk.video_track(pictures())):
            assert isinstance(track, videosdk.CustomAudioTrack | videosdk.CustomVideoTrack)
            sender.addTrack(track)
        await sender.setLocalDescription(await sender.createOffer())
        await receiver.setRemoteDescription(sender.localDescription)
        await receiver.setLocalDescription(await receiver.createAnswer())
        await sender.setRemoteDescription(receiver.localDescription)
        async with asyncio.timeout(LIMIT_S):
            await both.wait()
            heard = [from_av_audio(await received["audio"].recv()) for _ in range(50)]
            seen = await received["video"].recv()
        assert {frame.sample_rate_hz for frame in heard} == {RATE_HZ}
        assert {round(frame.duration_s, 3) for frame in heard} == {0.02}
        assert np.abs(heard[-1].samples).max() > 3_000
        picture = from_av_video(seen, seen.width, seen.height)
        assert (picture.width, picture.height) == (WIDTH, HEIGHT)
        assert abs(float(picture.luma.mean()) - 128) < 4
    finally:
        await sender.close()
        await receiver.close()
    try:
        async with asyncio.timeout(LIMIT_S):
            while True:
                await received["audio"].recv()
    except sdk.track_ended:
        pass


async def a_join_that_fails_says_why_without_the_token() -> None:
    """Their own join, towards a host where nobody listens."""
    visit = MeetingVisit(VideoSdk(MonotonicClock()), MeetingPlace("videosdk", "m", "agent", "avatar", TOKEN, NOWHERE))
    try:
        await visit.join(timeout_s=LIMIT_S)
        raise AssertionError("it was joined")
    except RoomConnectError as failure:
        assert "can't be reached; check the network" in str(failure), failure
        assert TOKEN not in str(failure)


async def the_relay_process_runs_by_this_python() -> None:
    place = MeetingPlace("videosdk", "m", "agent", "avatar", TOKEN, NOWHERE)
    order = JoinBoth(place, RoomPlace("ws://127.0.0.1:1", "bench-agent", "token"))
    command = relay_command(sys.executable)
    process = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(RELAY_ORDERS.encode(order))
    try:
        async with asyncio.timeout(LIMIT_S):
            ended = RELAY_EVENTS.decode(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()
    assert ended.reason == "not_joined", ended
    assert "can't be reached" in ended.detail, ended


CHECKS: tuple[Callable[[], Awaitable[None] | None], ...] = (
    members_are_as_the_surface_says,
    a_meeting_is_made_with_the_settings_of_a_place,
    a_visit_over_their_own_classes,
    our_tracks_through_their_webrtc,
    a_join_that_fails_says_why_without_the_token,
    the_relay_process_runs_by_this_python,
)


async def run() -> int:
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("videosdk", "vsaiortc", "av", "livekit"))
    print(f"Python {sys.version.split()[0]}, {versions}")
    wrong = 0
    for check in CHECKS:
        try:
            done = check()
            if done is not None:
                await done
            print(f"ok     {check.__name__.replace('_', ' ')}")
        except Exception as failure:
            wrong += 1
            print(f"WRONG  {check.__name__.replace('_', ' ')}: {type(failure).__name__}: {failure}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
