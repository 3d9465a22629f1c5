"""The messages themselves: each goes through its channel, none shows a token, limits hold."""

import pytest

from avatar_core.errors import WireError
from avatar_core.wire import analysis as a
from avatar_core.wire import process_messages as p
from avatar_core.wire import viewer_commands as c
from avatar_core.wire import viewer_events as e
from avatar_core.wire.control import Vocabulary

EXAMPLES: list[tuple[Vocabulary, object]] = [
    (c.VIEWER_COMMANDS, c.StartViewer("ws://127.0.0.1:7880", "secret-token", None, False)),
    (c.VIEWER_COMMANDS, c.FollowAvatar("avatar-2")),
    (c.VIEWER_COMMANDS, c.SetPreviewSize(1_280, 720)),
    (c.VIEWER_COMMANDS, c.SetMonitor(True)),
    (c.VIEWER_COMMANDS, c.WatchProcesses({"worker": (4_711, 4_712), "room": ()})),
    (c.VIEWER_COMMANDS, c.Observe(7, "avatar", 12.5, "/tmp/seven.npz")),
    (c.VIEWER_COMMANDS, c.Record("/tmp/recording.mkv")),
    (c.VIEWER_COMMANDS, p.Stop()),
    (e.VIEWER_EVENTS, e.ViewerJoined("viewer", 1.0)),
    (e.VIEWER_EVENTS, e.TrackSubscribed("avatar", "video", "avatar_video", 1.0)),
    (e.VIEWER_EVENTS, e.TrackUnsubscribed("avatar", "audio", "avatar_audio", 2.0)),
    (e.VIEWER_EVENTS, e.ParticipantLeft("avatar", "", 3.0)),
    (
        e.VIEWER_EVENTS,
        e.RoomPeople((e.Person("avatar", "agent", "bench-agent", ("audio", "video")),), 2, 3.0),
    ),
    (e.VIEWER_EVENTS, e.FirstMedia("avatar", "audio", 1.5)),
    (e.VIEWER_EVENTS, e.SoundChanged("avatar", False, 1.5)),
    (e.VIEWER_EVENTS, e.MediaGap("video", "old", "new", 5.2, 5.1)),
    (e.VIEWER_EVENTS, e.VideoStats("avatar", 1_280, 720, 29.9, 1.5e6, 3, 9.0)),
    (e.VIEWER_EVENTS, e.Samples("freeze_s", ((1.0, 12.5), (1.5, 3.0)))),
    (e.VIEWER_EVENTS, e.OffsetMeasured(1.0, -12.5, 41)),
    (e.VIEWER_EVENTS, e.OffsetMeasured(1.0, -12.5)),
    (e.VIEWER_EVENTS, e.WayRead(1.0, -45.0, -20.5)),
    (e.VIEWER_EVENTS, e.WayRead(1.0, -45.0)),
    (e.VIEWER_EVENTS, e.TrackStatistics("avatar", "audio", '[{"codec":{}}]', 9.0)),
    (e.VIEWER_EVENTS, e.Levels("avatar", -6.0, -18.5, 9.0)),
    (e.VIEWER_EVENTS, e.PreviewMemory("psm_1", 3, 921_600, 640, 360)),
    (e.VIEWER_EVENTS, e.MonitorState("no_device", "", "No speaker found.")),
    (e.VIEWER_EVENTS, e.Observed(7, "")),
    (
        e.VIEWER_EVENTS,
        e.RecordingState("failed", "/tmp/recording.mkv", 42.0, 3, "The disk is full."),
    ),
    (a.ANALYST_COMMANDS, a.Analyze(7, "avatar", "/tmp/said", "/tmp/seen", None, 12.5, None, 15.0, 2.5, False)),
    (
        a.ANALYST_COMMANDS,
        a.Analyze(
            9, "avatar", "/said", "/seen", None, 12.5, 12.6, 15.0, None, True, stays=((13.0, 41.5), (14.0, 40.0))
        ),
    ),
    (a.ANALYST_COMMANDS, a.AnalyzeHealth(8, "avatar-1", "/tmp/8-health.npz", 5.0, 10.0)),
    (a.ANALYST_COMMANDS, a.AnalyzeFace(4, "avatar-1", "/tmp/4-observed.npz")),
    (a.ANALYST_EVENTS, a.FaceAnalyzed(4, None, 1.0, 13.0, 0.0, "too little speech")),
    (a.ANALYST_EVENTS, a.FaceAnalyzed(5, -31.5, 1.0, 13.0, 0.62, "")),
    (a.ANALYST_EVENTS, a.Analyzed(7, {"click_count": (0.0,)}, True, 12.6, 15.1, "")),
    (e.VIEWER_EVENTS, p.ProcessLoad(0.3, 0.6, 2.0, 12.5, 9.0)),
    (e.VIEWER_EVENTS, p.ProcessLoad(0.3, 0.6, 2.0, 12.5, 9.0, {"worker": 61.5}, 0.25)),
    (
        e.VIEWER_EVENTS,
        p.ProcessFailure("The room is gone.", "viewer", "Reconnect.", True, 9.0),
    ),
    (p.WORKER_COMMANDS, p.Stop()),
    (p.WORKER_EVENTS, p.WorkerReady("avatar", 1.0)),
    (p.WORKER_EVENTS, p.WorkerEnded("controller_gone", "", 2.0)),
]
SHARED = {p.ProcessLoad, p.ProcessFailure}


@pytest.mark.parametrize(("vocabulary", "message"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_message_goes_through_its_channel(vocabulary: Vocabulary, message: object) -> None:
    assert vocabulary.decode(vocabulary.encode(message)) == message


def test_every_message_of_every_channel_is_among_the_examples_and_frozen() -> None:
    for vocabulary in (
        c.VIEWER_COMMANDS,
        e.VIEWER_EVENTS,
        a.ANALYST_COMMANDS,
        a.ANALYST_EVENTS,
        p.WORKER_COMMANDS,
        p.WORKER_EVENTS,
    ):
        shown = {type(message) for channel, message in EXAMPLES if channel is vocabulary}
        assert shown | SHARED >= vocabulary.messages
        assert all(message.__dataclass_params__.frozen for message in vocabulary.messages)


def test_token_shows_in_no_repr() -> None:
    assert "secret-token" not in repr(EXAMPLES[0][1])


@pytest.mark.parametrize(
    "message",
    [
        c.SetPreviewSize(0, 360),
        c.SetPreviewSize(9_000, 360),
        c.FollowAvatar(""),
        c.StartViewer("ws://x", "", None, False),
    ],
)
def test_impossible_values_are_refused(message: object) -> None:
    with pytest.raises(WireError):
        c.VIEWER_COMMANDS.decode(c.VIEWER_COMMANDS.encode(message))


def test_levels_above_full_scale_are_refused() -> None:
    with pytest.raises(WireError, match="peak_dbfs"):
        e.VIEWER_EVENTS.decode(e.VIEWER_EVENTS.encode(e.Levels("avatar", 0.1, -3.0, 1.0)))
