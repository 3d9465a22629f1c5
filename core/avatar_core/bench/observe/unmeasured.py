"""What can't be measured by one who only looks and listens, and why."""

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.figures.metric_names import METRICS

# As short as a line of the window is; who drives alone knows these.
_SPEECH = "needs what was said"
_COMMANDS = "needs the commands"
_START = "needs its start"
_RELAY = "needs a relay of ours"
_PROCESS = "needs its process"

_BY_SPEECH = (
    "utterance_latency_ms",
    "duration_ratio",
    "missing_start_ms",
    "missing_end_ms",
    "audio_gap_count",
    "audio_gap_ms",
    "audio_skipped_ms",
    "click_count",
    "pitch_error_percent",
    "rate_error_percent",
    "leak_into_next_ms",
    "unheard_count",
    "unstarted_count",
    "silence_in_segment_ms",
    "swap_wrong_avatar_ms",
    "sent_unplayed_s",
    "chain_unsent_s",
    "av_offset_faces_calibrated_ms",
)
_BY_COMMANDS = (
    "interrupt_to_silence_ms",
    "interrupt_leak_ms",
    "interrupt_mouth_ms",
    "ack_ms",
    "send_wait_ms",
    "started_error_ms",
    "finished_error_ms",
    "position_error_ms",
    "swap_lost_ms",
    "swap_overlap_ms",
    "avatars_left",
    "hang_count",
)
_BY_RELAY = ("relay_audio_ms", "relay_video_ms")
_BY_START = ("create_s", "join_s", "crash_noticed_s")
_LATER = "from the join"


def say_what_is_not_measured(figures: Figures) -> None:
    """Note the reason at each metric that has no value, and what must be known of those whose beginning differs."""
    of_processes = tuple(name for name, _ in METRICS if name.startswith(("worker_", "room_")))
    for names, why in (
        (_BY_SPEECH, _SPEECH),
        (_BY_COMMANDS, _COMMANDS),
        (_BY_START, _START),
        (_BY_RELAY, _RELAY),
        (of_processes, _PROCESS),
    ):
        for name in names:
            figures.note(name, why, refused=True)
    for name in ("first_frame_s", "first_sound_s"):
        figures.note(name, _LATER)
