"""The words of a session: its states, commands, roles and verdicts, as they appear in snapshots and results."""

from enum import StrEnum


class SessionState(StrEnum):
    """The state of a session; it alone is held by the session. WAITING: for an avatar that left to come back."""

    IDLE = "idle"
    CONNECTING = "connecting"
    READY = "ready"
    SPEAKING = "speaking"
    PAUSED = "paused"
    SWAPPING = "swapping"
    WAITING = "waiting"
    CLOSING = "closing"
    FAILED = "failed"


class Command(StrEnum):
    """What a user can ask of a session."""

    SPEAK = "speak"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    INTERRUPT = "interrupt"
    END_SEGMENT = "end_segment"
    SWAP = "swap"
    MARK = "mark"
    RECORD = "record"
    SELECT_SOURCE = "select_source"
    ADD_SOURCE = "add_source"
    SET_MONITOR_MUTED = "set_monitor_muted"
    CONNECT = "connect"
    RECONNECT = "reconnect"
    ACT_ON_NOTICE = "act_on_notice"
    CRASH_AVATAR = "crash_avatar"
    PLANT = "plant"


class Verdict(StrEnum):
    """The outcome of a check; NOT_RUN where nothing was judged yet."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    BROKEN = "broken"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


class Severity(StrEnum):
    """How much an event or a notice matters. BROKEN: the figures can't be believed."""

    INFO = "info"
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    BROKEN = "broken"


class ProviderState(StrEnum):
    """Where a provider stands; the reason is in `ProviderInfo.why`. AWAY: it left by itself and is waited for."""

    NOT_STARTED = "not_started"
    STARTING = "starting"
    STANDING_BY = "standing_by"
    LIVE = "live"
    AWAY = "away"
    FAILED = "failed"
    KEY_MISSING = "key_missing"
    KEY_REFUSED = "key_refused"


class Role(StrEnum):
    """What a participant does in the room."""

    AGENT = "agent"
    AVATAR = "avatar"
    STANDING_BY = "standing by"
    VIEWER = "viewer"
    OTHER = "other"


class SourceKind(StrEnum):
    """Where speech comes from."""

    FILE = "file"
    PATTERN = "pattern"
    MICROPHONE = "microphone"


class PreviewState(StrEnum):
    """What the preview can show. STOPPED: an avatar is there, but no new frame arrives. VOICE: it has no picture."""

    EMPTY = "empty"
    LOADING = "loading"
    LIVE = "live"
    STOPPED = "stopped"
    VOICE = "voice"


class SegmentState(StrEnum):
    """Life of a segment; FINISHED and INTERRUPTED are ends, and each segment gets exactly one."""

    QUEUED = "queued"
    PLAYING = "playing"
    PAUSED = "paused"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        """True once PlaybackFinished was seen."""
        return self in (SegmentState.FINISHED, SegmentState.INTERRUPTED)


class SeriesName(StrEnum):
    """The curves of the window; unit in the suffix."""

    AV_OFFSET_MS = "av_offset_ms"
    BUFFER_AUDIO_MS = "buffer_audio_ms"
    BUFFER_VIDEO_MS = "buffer_video_ms"
    SENT_UNPLAYED_S = "sent_unplayed_s"
