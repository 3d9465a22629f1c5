import json

from avatar_core.bench.avatar_metrics import TimedAvatarMetrics
from avatar_core.bench.results.result import build_result, step_line, table, verdict_of
from avatar_core.bench.scenarios.catalogue import SCENARIOS
from avatar_core.bench.scenarios.steps import Step
from avatar_core.bench.snapshot import Finding, MetricRow, RoomInfo, SessionSnapshot, TrustInfo
from avatar_core.bench.states import SessionState
from avatar_core.bench.timeline_snapshot import TimelineSnapshot, UntrustedTime
from avatar_core.metrics.verdicts import Check, Threshold
from avatar_core.providers.joining import AvatarMetrics

CONNECTED = Step("connect", True, "Wave joined", 900.0, {"join_s": 0.9})
REFUSED = Step("connect", False, "No room", 10.0)
SWAPPED = Step("swap", True, "picture gap 40 ms", 1_200.0, {"swap_video_gap_ms": 40.0})
FAILED = Step("stop", False, "Nothing is being said", 1.0)
CALM = TimelineSnapshot()
SNAPSHOT = SessionSnapshot(
    time_s=200.0,
    wall_offset_s=0.0,
    state=SessionState.READY,
    run_id="run-1",
    room=RoomInfo("Embedded", "LIVEKIT_URL is not set", "bench-1"),
    metrics=(
        MetricRow("ack_ms", "ms", 3, 12.0, 10.0, 14.0, 14.0),
        MetricRow("av_offset_ms", "ms"),
        MetricRow("av_offset_faces_ms", "ms", note="refused: too little speech"),
        MetricRow("fps", "fps", 2, 25.0, 25.0, 25.0, 25.0, trusted=False),
    ),
    trust=TrustInfo(excluded_samples=4),
    checks=(
        Check(Threshold("join_s", "max", fail=10.0, source="S01", warn=2.0), "warn", 3.0, "max 3 of 1, above 2"),
        Check(Threshold("ack_ms", "max", fail=2000.0, source="S03"), "pass", 14.0, "max 14 of 3"),
    ),
    avatar_metrics=(TimedAvatarMetrics(AvatarMetrics(900.0, 0.25, model_provider="wave"), "s1", 100.0, 100.25),),
    findings=(Finding("B4", "segment s1 was not answered", 150.0, "wave"),),
)


def result(timeline: TimelineSnapshot = CALM) -> dict:
    return build_result(
        SNAPSHOT,
        timeline,
        [CONNECTED, SWAPPED],
        scenario=SCENARIOS["demo"],
        provider="wave",
        swap_to="head",
        swap_policy="carry",
        seed=7,
        faults={"gap_ms": 60.0},
    )


def test_the_verdict_is_broken_without_a_room_and_fails_by_one_step() -> None:
    assert verdict_of([]) == "broken"
    assert verdict_of([REFUSED, SWAPPED]) == "broken"
    assert verdict_of([CONNECTED, FAILED, SWAPPED]) == "fail"
    assert verdict_of([CONNECTED, SWAPPED]) == "pass"


def test_checks_stand_in_the_result_with_their_threshold_and_what_is_not_fine_on_the_terminal() -> None:
    checks = {check["name"]: check for check in result()["runs"][0]["checks"]}
    assert checks["join_s"] == {
        "name": "join_s",
        "verdict": "warn",
        "value": 3.0,
        "threshold": {"figure": "max", "warn": 2.0, "fail": 10.0},
        "source": "S01",
        "why": "max 3 of 1, above 2",
    }
    text = table(SNAPSHOT, CALM)
    assert "warn   join_s: max 3 of 1, above 2" in text
    assert "max 14 of 3" not in text


def test_a_check_that_fails_fails_the_run_and_one_that_cannot_be_trusted_breaks_it() -> None:
    threshold = Threshold("ack_ms", "max", fail=1.0, source="S03")
    passed, failed, broken, skipped = (
        Check(threshold, verdict, None, "") for verdict in ("pass", "fail", "broken", "skipped")
    )
    steps = [CONNECTED, SWAPPED]
    assert verdict_of(steps, [passed, failed, broken]) == "fail"
    assert verdict_of(steps, [passed, broken, skipped]) == "broken"
    assert verdict_of(steps, [broken, skipped]) == "broken"
    assert verdict_of(steps, [skipped]) == "pass"


def test_findings_stand_in_the_result_and_on_the_terminal() -> None:
    assert result()["findings"] == [
        {"id": "B4", "evidence": "segment s1 was not answered", "provider": "wave", "time": 150.0}
    ]
    assert "B4   wave: segment s1 was not answered" in table(SNAPSHOT, CALM)


def test_the_result_has_the_outer_form_that_scripts_rely_on() -> None:
    made = result()
    assert {"schema", "verdict", "versions", "host", "calibration", "seed", "swap_policy", "runs", "findings"} <= set(
        made
    )
    (run,) = made["runs"]
    assert {"scenario", "provider", "room", "verdict", "metrics", "checks"} <= set(run)
    assert (made["schema"], made["verdict"], made["seed"], made["swap_policy"]) == (1, "pass", 7, "carry")
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_metrics_have_figures_where_something_was_measured_and_stand_by_name() -> None:
    (run,) = result()["runs"]
    assert run["metrics"]["ack_ms"] == {"n": 3, "p50": 10.0, "p95": 14.0, "max": 14.0, "unit": "ms"}
    assert set(run["metrics"]) == {"ack_ms", "fps"}


def test_a_check_says_what_its_step_did_and_measured() -> None:
    connect, swap = result()["runs"][0]["checks"][:2]
    assert connect["value"] == {"join_s": 0.9}
    assert (swap["name"], swap["verdict"], swap["why"]) == ("swap", "pass", "picture gap 40 ms")


def test_untrusted_time_is_told_even_where_it_is_over() -> None:
    calm, doubtful = result(), result(TimelineSnapshot(untrusted=DOUBTS))
    assert (calm["runs"][0]["trusted"], calm["runs"][0]["untrusted_s"]) == (True, 0.0)
    (run,) = doubtful["runs"]
    # The second one lasts to the end of the run.
    assert (run["trusted"], run["untrusted_s"], run["excluded_samples"]) == (False, 15.0, 4)


DOUBTS = (UntrustedTime(100.0, 105.0, "machine 95 % busy"), UntrustedTime(190.0, None, "viewer clock 20 ms late"))


def test_the_table_has_what_was_measured_and_the_sign() -> None:
    text = table(SNAPSHOT, CALM)
    assert "ack_ms" in text
    assert "av_offset_ms" not in text
    assert "+ = audio leads, video is late." in text
    assert "Not trusted" not in text


def test_the_table_says_how_much_it_leaves_out_and_why() -> None:
    text = table(SNAPSHOT, TimelineSnapshot(untrusted=DOUBTS))
    assert "Not trusted for 15.0 s (machine 95 % busy, viewer clock 20 ms late): 4 samples are left out." in text


def test_a_step_is_one_line() -> None:
    assert step_line(SWAPPED).split() == ["✓", "swap", "1200", "ms", "picture", "gap", "40", "ms"]
    assert step_line(FAILED).startswith("✗ stop")


def test_avatar_metrics_are_livekits_with_our_times_beside_them() -> None:
    (run,) = result()["runs"]
    assert run["avatar_metrics"] == [
        {
            "type": "avatar_metrics",
            "timestamp": 900.0,
            "playback_latency": 0.25,
            "session_started_time": None,
            "avatar_joined_time": None,
            "metadata": {"model_provider": "wave"},
            "timeline": {"segment_id": "s1", "from_s": 100.0, "to_s": 100.25},
        }
    ]


def test_what_is_refused_is_told_with_its_reason() -> None:
    assert result()["runs"][0]["not_measured"] == {"av_offset_faces_ms": "refused: too little speech"}
    assert "av_offset_faces_ms: refused: too little speech" in table(SNAPSHOT, CALM)
