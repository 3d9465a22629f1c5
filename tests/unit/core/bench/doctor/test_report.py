import pytest

from avatar_core.bench.doctor.report import Check, Report, State, counted

GOOD = Check("python", State.OK, "3.11.2")
LESS = Check("sound", State.WARN, "no device", "Connect one.")
BAD = Check("network", State.FAIL, "loopback alone", "Bring one up.")


@pytest.mark.parametrize("state", [State.WARN, State.FAIL])
def test_whatever_is_not_ok_must_name_a_fix(state: State) -> None:
    with pytest.raises(ValueError, match="names no fix"):
        Check("sound", state, "no device")


def test_a_warning_does_not_stop_the_main_job_and_a_failure_does() -> None:
    assert Report((GOOD, LESS)).ok
    assert not Report((GOOD, LESS, BAD)).ok


def test_json_has_the_promised_shape() -> None:
    assert Report((GOOD, BAD)).to_json_object() == {
        "schema": 1,
        "ok": False,
        "checks": [
            {"name": "python", "state": "ok", "found": "3.11.2", "fix": ""},
            {"name": "network", "state": "fail", "found": "loopback alone", "fix": "Bring one up."},
        ],
    }


def test_text_is_aligned_with_each_fix_below_what_it_mends() -> None:
    assert Report((GOOD, LESS, BAD)).to_text().splitlines() == [
        "✓ ok    python   3.11.2",
        "! warn  sound    no device",
        "                 Connect one.",
        "✗ fail  network  loopback alone",
        "                 Bring one up.",
        "",
        "The main job cannot run: network.",
    ]


def test_text_ends_with_what_the_main_job_has_to_do_without() -> None:
    assert Report((GOOD,)).to_text().endswith("\nThe main job can run.")
    assert Report((GOOD, LESS)).to_text().endswith("\nThe main job can run. With less: sound.")


@pytest.mark.parametrize(("count", "text"), [(0, "0 outputs"), (1, "1 output"), (2, "2 outputs")])
def test_a_count_agrees_with_its_noun(count: int, text: str) -> None:
    assert counted(count, "output") == text
