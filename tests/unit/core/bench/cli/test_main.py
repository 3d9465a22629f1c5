import argparse
from collections.abc import Sequence
from pathlib import Path

import pytest

from avatar_core.bench.cli.main import ExitCode, build_parser, main
from avatar_core.bench.observe.observed import Observed, ObserveRequest
from avatar_core.bench.settings.config import Config
from avatar_core.bench.settings.room_choice import RoomKind


class Windows:
    """Stands where the window is opened; remembers for what."""

    def __init__(self, verdict: str = "pass") -> None:
        self.opened: list[tuple[Config, Path | None, Sequence[str], ObserveRequest | None]] = []
        self._verdict = verdict

    def __call__(self, config: Config, out: Path | None, faults: Sequence[str], observed: ObserveRequest | None) -> str:
        self.opened.append((config, out, faults, observed))
        return self._verdict


@pytest.mark.parametrize(
    ("verdict", "code"), [("pass", ExitCode.PASS), ("fail", ExitCode.FAIL), ("broken", ExitCode.BROKEN)]
)
def test_without_a_command_the_window_opens_and_its_verdict_is_the_exit_code(verdict: str, code: ExitCode) -> None:
    window = Windows(verdict)
    assert main(["--room", "embedded", "--out", "there", "--fault", "gap_ms=60"], window) == code
    ((config, out, faults, observed),) = window.opened
    assert (config.room.kind, out, faults, observed) == (RoomKind.EMBEDDED, Path("there"), ["gap_ms=60"], None)


def test_a_scenario_that_is_not_built_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["run", "soak"], Windows())
    assert raised.value.code == ExitCode.USAGE
    assert "soak" in capsys.readouterr().err


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["dance"], Windows())
    assert raised.value.code == ExitCode.USAGE
    assert "dance" in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--version"], Windows())
    assert raised.value.code == ExitCode.PASS
    assert capsys.readouterr().out.startswith("avatar-testbench ")


def test_the_help_names_what_is_built_and_nothing_else() -> None:
    actions = build_parser(Windows())._actions
    (commands,) = (action for action in actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == {
        "run",
        "analyze",
        "calibrate",
        "fault-matrix",
        "room",
        "worker",
        "dispatcher",
        "videosdk",
        "doctor",
    }


def test_the_room_takes_no_secret_as_a_flag() -> None:
    with pytest.raises(SystemExit):
        build_parser(Windows()).parse_args(["room", "--api-secret", "hunter2"])


def test_the_rooms_defaults_are_loopback_and_any_port() -> None:
    options = build_parser(Windows()).parse_args(["room", "--json"])
    assert (options.host, options.port, options.json) == ("127.0.0.1", 0, True)


def test_a_room_that_is_not_safe_is_a_usage_error_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "short-secret")
    assert main(["room", "--host", "192.0.2.1"], Windows()) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("avatar-testbench: Listening on 192.0.2.1")
    assert "short-secret" not in captured.err


def test_half_a_pair_in_the_environment_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "")
    assert main(["room"], Windows()) == ExitCode.USAGE
    assert "LIVEKIT_API_SECRET is not" in capsys.readouterr().err


def test_a_port_that_cannot_be_had_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An address of the documentation range, which no machine has.
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "an-own-secret-of-at-least-32-bytes")
    assert main(["room", "--host", "203.0.113.77"], Windows()) == ExitCode.BROKEN
    assert "203.0.113.77" in capsys.readouterr().err


def test_the_window_is_told_who_is_to_be_observed() -> None:
    window = Windows()
    arguments = ["--room", "embedded", "--observe", "avatar-1", "--room-name", "demo", "--duration", "9"]
    assert main(arguments, window) == ExitCode.PASS
    assert window.opened[0][3] == ObserveRequest(Observed("avatar-1", "demo"), 9.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run"], "What is to be run?"),
        (["run", "demo", "--observe", "ada", "--room-name", "r"], "takes no scenario"),
        (["run", "--observe", "ada", "--room-name", "r", "--provider", "audio-wave"], "takes no --provider"),
        (["run", "--observe", "ada", "--room-name", "r", "--swap-policy", "carry"], "takes no --swap-policy"),
        (["run", "--observe", "ada", "--room-name", "r", "--fault", "gap_ms=60"], "takes no --fault"),
        (["--observe", "ada", "--room-name", "r", "--fault", "gap_ms=60"], "--fault needs an avatar"),
        (["run", "--observe", "ada"], "Give its name with --room-name"),
        (["run", "--observe", "", "--room-name", "r"], "Nobody is named"),
        (["run", "--observe", "ada", "--room-name", "r", "--wait", "0"], "no time to come"),
        (["run", "--observe", "ada", "--room-name", "r", "--duration", "-1"], "nothing to observe"),
        (["run", "--observe", "ada", "--room-name", "r", "--room", "embedded"], "give its URL with --room"),
        (["run", "demo", "--duration", "5"], "--duration needs --observe"),
        (["run", "demo", "--room-name", "r"], "--room-name needs --observe"),
    ],
)
def test_what_can_not_be_observed_is_a_usage_error_that_says_so(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments, Windows()) == ExitCode.USAGE
    assert words in capsys.readouterr().err
