from pathlib import Path

import pytest

from avatar_core.bench.doctor.providers import check_keys, check_plugins, installed_plugins
from avatar_core.bench.doctor.report import State


def test_no_plugins_and_no_keys_are_ok() -> None:
    assert check_plugins({}, []).state is State.OK
    assert check_keys([]).state is State.OK


def test_installed_plugins_are_shown_with_their_versions() -> None:
    check = check_plugins({"livekit-agents": "1.8.9", "livekit-plugins-tavus": "1.8.9"}, ["TAVUS_API_KEY"])
    assert check.state is State.OK
    assert check.found == "livekit-agents 1.8.9, livekit-plugins-tavus 1.8.9"


def test_a_key_without_its_plugin_is_a_warning_that_names_it() -> None:
    check = check_plugins({"livekit-agents": "1.8.9"}, ["TAVUS_API_KEY", "VIDEOSDK_API_KEY"])
    assert check.state is State.WARN
    assert check.fix.endswith(": livekit-plugins-tavus")


def test_keys_are_shown_by_name() -> None:
    assert check_keys(["TAVUS_API_KEY", "ANAM_API_KEY"]).found == "ANAM_API_KEY, TAVUS_API_KEY"


def test_distributions_are_found_by_name_without_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("livekit_plugins_boson_avatar", "livekit-agents", "livekit_other"):
        folder = tmp_path / f"{name}-9.9.9.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 9.9.9\n")
    monkeypatch.syspath_prepend(tmp_path)
    installed = installed_plugins()
    assert installed["livekit-plugins-boson-avatar"] == "9.9.9"
    assert installed["livekit-agents"] == "9.9.9"
    assert "livekit-other" not in installed
