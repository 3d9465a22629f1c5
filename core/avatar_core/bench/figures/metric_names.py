"""What is measured, by name: every metric with its unit. Values only."""

_RESOURCES = (("rss_mb", "MB"), ("rss_slope_mb_per_min", "MB/min"), ("cpu_percent", "%"))

METRICS: tuple[tuple[str, str], ...] = (
    ("av_offset_ms", "ms"),
    ("av_offset_faces_ms", "ms"),
    ("av_offset_faces_calibrated_ms", "ms"),
    ("av_offset_source_ms", "ms"),
    ("av_offset_way_ms", "ms"),
    ("av_offset_utterance_ms", "ms"),
    ("av_offset_slope_ms_per_s", "ms/s"),
    ("audio_delay_ms", "ms"),
    ("concealed_percent", "%"),
    ("relay_audio_ms", "ms"),
    ("relay_video_ms", "ms"),
    ("utterance_latency_ms", "ms"),
    ("duration_ratio", ""),
    ("missing_start_ms", "ms"),
    ("missing_end_ms", "ms"),
    ("audio_gap_count", ""),
    ("audio_gap_ms", "ms"),
    ("audio_skipped_ms", "ms"),
    ("click_count", ""),
    ("pitch_error_percent", "%"),
    ("rate_error_percent", "%"),
    ("leak_into_next_ms", "ms"),
    ("unheard_count", ""),
    ("unstarted_count", ""),
    ("silence_in_segment_ms", "ms"),
    ("clipped_percent", "%"),
    ("level_dbfs", "dBFS"),
    ("silence_s", "s"),
    ("double_audio_ms", "ms"),
    ("interrupt_to_silence_ms", "ms"),
    ("interrupt_leak_ms", "ms"),
    ("interrupt_mouth_ms", "ms"),
    ("ack_ms", "ms"),
    ("send_wait_ms", "ms"),
    ("started_error_ms", "ms"),
    ("finished_error_ms", "ms"),
    ("position_error_ms", "ms"),
    ("swap_video_gap_ms", "ms"),
    ("swap_audio_gap_ms", "ms"),
    ("swap_lost_ms", "ms"),
    ("swap_overlap_ms", "ms"),
    ("swap_wrong_avatar_ms", "ms"),
    ("avatars_left", ""),
    ("hang_count", ""),
    ("fps", "fps"),
    ("frame_interval_ms", "ms"),
    ("freeze_count", ""),
    ("freeze_s", "s"),
    ("sdk_freeze_count", ""),
    ("resolution_changes", ""),
    ("black_s", "s"),
    ("still_s", "s"),
    ("create_s", "s"),
    ("join_s", "s"),
    ("avatar_away_s", "s"),
    ("first_frame_s", "s"),
    ("first_sound_s", "s"),
    ("crash_noticed_s", "s"),
    *((f"{role}_{what}", unit) for role in ("app", "viewer", "worker") for what, unit in _RESOURCES),
    ("app_tasks", ""),
    ("sent_unplayed_s", "s"),
    ("chain_unsent_s", "s"),
    ("worker_buffered_s", "s"),
    ("viewer_waiting_frames", ""),
    ("viewer_dropped_frames", ""),
    ("machine_busy_percent", "%"),
    ("machine_stolen_percent", "%"),
    ("app_lag_ms", "ms"),
    ("viewer_lag_ms", "ms"),
    ("worker_wait_ms", "ms"),
    ("room_wait_ms", "ms"),
)
"""Name and unit in the order in which they are shown and reported (DESIGN.md, outside contracts)."""

OF_THE_MACHINE = frozenset(
    {
        "machine_busy_percent",
        "machine_stolen_percent",
        "app_lag_ms",
        "viewer_lag_ms",
        "worker_wait_ms",
        "room_wait_ms",
    }
)
"""What says whether the others can be trusted: taken, and believed, at any time."""

OFFSETS = frozenset({"av_offset_ms", "av_offset_slope_ms_per_s"})
"""What hangs on the receiver's zero."""

SIGNED = frozenset(
    {
        "av_offset_ms",
        "av_offset_faces_ms",
        "av_offset_faces_calibrated_ms",
        "av_offset_source_ms",
        "av_offset_way_ms",
        "av_offset_utterance_ms",
        "av_offset_slope_ms_per_s",
        "pitch_error_percent",
        "rate_error_percent",
        "started_error_ms",
        "finished_error_ms",
        "position_error_ms",
        "swap_audio_gap_ms",
        "swap_video_gap_ms",
    }
)
"""Those whose sign says something: their largest is the one furthest from zero."""
