import json

from avatar_core.bench.doctor.probe import ProbeResult
from avatar_core.bench.doctor.report import State
from avatar_core.bench.doctor.sound import judge_sound


def asked(*, outputs: int, inputs: int) -> ProbeResult:
    version = "PortAudio V19.6.0-devel, revision unknown"
    return ProbeResult(0, json.dumps({"version": version, "outputs": outputs, "inputs": inputs}))


def test_devices_both_ways_are_ok() -> None:
    check = judge_sound(asked(outputs=2, inputs=1))
    assert check.state is State.OK
    assert check.found == "PortAudio V19.6.0; 2 outputs, 1 input"


def test_no_speakers_and_no_microphone_are_warnings_of_their_own() -> None:
    silent, deaf = judge_sound(asked(outputs=0, inputs=1)), judge_sound(asked(outputs=1, inputs=0))
    assert silent.state is deaf.state is State.WARN
    assert "speakers" in silent.fix
    assert "microphone" in deaf.fix


def test_a_missing_portaudio_is_a_warning_that_names_the_package() -> None:
    check = judge_sound(ProbeResult(1, errors="OSError: PortAudio library not found"))
    assert check.state is State.WARN
    assert "libportaudio2" in check.fix


def test_a_missing_sounddevice_is_a_warning_that_names_the_distribution() -> None:
    check = judge_sound(ProbeResult(1, errors="ModuleNotFoundError: No module named 'sounddevice'"))
    assert check.state is State.WARN
    assert "Install sounddevice" in check.fix


def test_a_sound_system_that_hangs_is_a_warning() -> None:
    assert judge_sound(ProbeResult(None)).state is State.WARN
