import argparse

import pytest

from avatar_core.bench.cli import ExitCode, build_parser, main


def test_no_command_prints_the_help_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert "usage: avatar-testbench" in captured.err
    assert captured.out == ""


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["dance"])
    assert raised.value.code == ExitCode.USAGE
    assert "dance" in capsys.readouterr().err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        main(["--version"])
    assert raised.value.code == ExitCode.PASS
    assert capsys.readouterr().out.startswith("avatar-testbench ")


def test_the_help_names_what_is_built_and_nothing_else() -> None:
    (commands,) = (action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert set(commands.choices) == {"room", "doctor"}


def test_the_room_takes_no_secret_as_a_flag() -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["room", "--api-secret", "hunter2"])


def test_the_rooms_defaults_are_loopback_and_any_port() -> None:
    options = build_parser().parse_args(["room", "--json"])
    assert (options.host, options.port, options.json) == ("127.0.0.1", 0, True)


def test_a_room_that_is_not_safe_is_a_usage_error_on_stderr(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "short-secret")
    assert main(["room", "--host", "192.0.2.1"]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("avatar-testbench: Listening on 192.0.2.1")
    assert "short-secret" not in captured.err


def test_half_a_pair_in_the_environment_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "")
    assert main(["room"]) == ExitCode.USAGE
    assert "LIVEKIT_API_SECRET is not" in capsys.readouterr().err


def test_a_port_that_cannot_be_had_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # An address of the documentation range, which no machine has.
    monkeypatch.setenv("LIVEKIT_API_KEY", "own-key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "an-own-secret-of-at-least-32-bytes")
    assert main(["room", "--host", "203.0.113.77"]) == ExitCode.BROKEN
    assert "203.0.113.77" in capsys.readouterr().err
