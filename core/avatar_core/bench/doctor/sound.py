"""PortAudio and its devices, asked in a child: a driver may hang or write to the terminal. Sound is never required."""

from avatar_core.bench.doctor.probe import ProbeResult, run_probe
from avatar_core.bench.doctor.report import Check, State, counted

_SOUND_PROBE = """
import json
import sounddevice
devices = list(sounddevice.query_devices())
print(json.dumps({
    "version": sounddevice.get_portaudio_version()[1],
    "outputs": sum(device["max_output_channels"] > 0 for device in devices),
    "inputs": sum(device["max_input_channels"] > 0 for device in devices),
}))
"""


async def check_sound() -> Check:
    """The check `sound`."""
    return judge_sound(await run_probe(_SOUND_PROBE))


def judge_sound(asked: ProbeResult) -> Check:
    """From what a child was told by PortAudio. A lack is a warning: the clock runs without a device (QT.md, audio)."""
    if not asked.succeeded:
        return Check("sound", State.WARN, f"no sound: {asked.failure()}", _fix(asked.errors))
    values = asked.values()
    # PortAudio's text ends in its revision, which nobody needs here.
    version = str(values["version"]).partition(",")[0].removesuffix("-devel")
    outputs, inputs = int(values["outputs"]), int(values["inputs"])
    found = f"{version}; {counted(outputs, 'output')}, {counted(inputs, 'input')}"
    if not outputs:
        return Check(
            "sound", State.WARN, found, "Connect speakers to hear the avatar; it is measured without them too."
        )
    if not inputs:
        return Check(
            "sound", State.WARN, found, "Connect a microphone to speak yourself; files are played without one."
        )
    return Check("sound", State.OK, found)


def _fix(errors: str) -> str:
    if "PortAudio library not found" in errors:
        return "apt install libportaudio2 (or what your system calls PortAudio)"
    if "No module named 'sounddevice'" in errors:
        return "Install sounddevice into the environment of the testbench."
    return "Check the sound system of this machine; the avatar is measured without it too."
