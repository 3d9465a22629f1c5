"""Every public member of VideoSDK's `agents.avatar` (seed 003), by its name and signature."""

import dataclasses
import inspect

import pytest

from avatar_core.videosdk import avatar

POSITIONAL, KEYWORD, PROPERTY = "positional", "keyword", "property"

MEMBERS: dict[str, dict[str, object]] = {
    "AudioSegmentEnd": {},
    "AvatarAudioIn": {
        "__init__": (["meeting"], {"channels": 1, "sample_rate": 24000}),
        "set_meeting": (["meeting"], {}),
        "notify_stream_ended": (["playback_position", "interrupted"], {}),
        "start_stream": ([], {}),
        "on": (["event", "callback"], {}),
        "__aiter__": ([], {}),
        "aclose": ([], {}),
    },
    "AvatarAudioOut": {
        "__init__": ([], {"credentials": inspect.Parameter.empty, "avatar_dispatcher_url": None, "room_id": None}),
        "set_room_id": (["room_id"], {}),
        "participant_id": PROPERTY,
        "connect": ([], {}),
        "_set_meeting": (["meeting"], {}),
        "handle_audio_input": (["audio_data"], {}),
        "send_segment_end": ([], {}),
        "interrupt": ([], {}),
        "aclose": ([], {}),
    },
    "AvatarAuthCredentials": {"__init__": (["participant_id", "token", "attributes"], {})},
    "AvatarInput": {
        "start_stream": ([], {}),
        "notify_stream_ended": (["playback_position", "interrupted"], {}),
        "__aiter__": ([], {}),
        "aclose": ([], {}),
        "on": (["event", "callback"], {}),
        "off": (["event", "callback"], {}),
        "emit": (["event"], {}),
    },
    "AvatarJoinInfo": {"__init__": (["room_name", "token", "participant_id", "signaling_base_url"], {})},
    "AvatarRenderer": {"push_stream_chunk": (["frame"], {}), "reset_stream": ([], {}), "__aiter__": ([], {})},
    "AvatarServer": {
        "__init__": (["meeting"], dict.fromkeys(("audio_recv", "video_gen", "options"), inspect.Parameter.empty)),
        "av_sync": PROPERTY,
        "start": ([], {}),
        "wait_for_complete": ([], {}),
        "aclose": ([], {}),
    },
    "AvatarSettings": {
        "__init__": (["video_width", "video_height", "video_fps", "audio_sample_rate", "audio_channels"], {})
    },
    "AvatarSynchronizer": {
        "__init__": (["audio_track", "video_track", "video_fps"], {}),
        "push": (["frame"], {}),
        "aclose": ([], {}),
    },
    "AvatarVisualTrack": {
        "__init__": (["width", "height", "fps"], {}),
        "put_frame": (["frame"], {}),
        "recv": ([], {}),
        "stop": ([], {}),
    },
    "AvatarVoiceTrack": {
        "__init__": (["sample_rate", "num_channels"], {}),
        "put_frame": (["frame"], {}),
        "recv": ([], {}),
        "stop": ([], {}),
    },
}


@pytest.mark.parametrize(("owner", "member"), [(owner, member) for owner in MEMBERS for member in MEMBERS[owner]])
def test_member_has_the_seeds_signature(owner: str, member: str) -> None:
    """What ours adds is a keyword with a default, so that every call of theirs means the same here."""
    found, expected = inspect.getattr_static(getattr(avatar, owner), member), MEMBERS[owner][member]
    if expected == PROPERTY:
        assert isinstance(found, property)
        return
    parameters = list(inspect.signature(found).parameters.values())[1:]
    positional = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    keywords = {one.name: one.default for one in parameters if one.kind is one.KEYWORD_ONLY}
    wanted_positional, wanted_keywords = expected
    assert positional == wanted_positional
    assert wanted_keywords.items() <= keywords.items()
    added = keywords.keys() - wanted_keywords.keys()
    assert all(keywords[name] is not inspect.Parameter.empty for name in added)


def test_every_class_of_the_seed_is_there_and_so_is_its_function() -> None:
    assert {*MEMBERS, "LINKED_AGENT_ID", "generate_avatar_credentials"} == set(avatar.__all__)
    parameters = inspect.signature(avatar.generate_avatar_credentials).parameters
    assert [(one.name, one.kind is one.KEYWORD_ONLY, one.default) for one in parameters.values()] == [
        ("api_key", False, inspect.Parameter.empty),
        ("secret", False, inspect.Parameter.empty),
        ("participant_id", True, None),
        ("ttl_seconds", True, 3600),
    ]


def test_values_are_dataclasses_with_the_seeds_fields_and_defaults() -> None:
    def fields(cls: type) -> dict[str, object]:
        return {field.name: field.default for field in dataclasses.fields(cls)}

    missing = dataclasses.MISSING
    assert fields(avatar.AvatarAuthCredentials) == {"participant_id": missing, "token": missing, "attributes": None}
    assert fields(avatar.AvatarJoinInfo) == {
        "room_name": missing,
        "token": missing,
        "participant_id": None,
        "signaling_base_url": None,
    }
    assert set(fields(avatar.AvatarSettings).values()) == {missing}
    for frozen in (avatar.AvatarAuthCredentials("who", "secret"), avatar.AvatarJoinInfo("room", "secret")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            frozen.token = "other"
        assert "secret" not in repr(frozen)


def test_handles_of_the_agents_side_have_no_tracks_of_their_own() -> None:
    out = avatar.AvatarAudioOut(credentials=avatar.AvatarAuthCredentials("avatar_1", "token"))
    assert (out.participant_id, out.audio_track, out.video_track) == ("avatar_1", None, None)
    assert avatar.LINKED_AGENT_ID == "videosdk.linked_agent_id"
