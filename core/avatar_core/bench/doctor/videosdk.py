"""A meeting of VideoSDK, where one is set: what lets us in, and whether the relay's interpreter has VideoSDK's SDK."""

import shutil
from typing import Final

from avatar_core.bench.doctor.probe import run_probe
from avatar_core.bench.doctor.report import Check, State
from avatar_core.bench.settings.videosdk import API_KEY, AUTH_TOKEN, ROOM_ID, SECRET_KEY, VideoSdkSettings
from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.environment import VIDEOSDK

_NAME: Final = "videosdk"
_PROBE: Final = """
import json, videosdk, av, livekit.rtc, jwt
print(json.dumps({"videosdk": videosdk.__version__, "av": av.__version__}))
"""
_MAKE: Final = "Run: avatar-testbench videosdk"


async def check_videosdk(settings: VideoSdkSettings) -> Check:
    """The check `videosdk`. Nobody is asked whether the meeting and the token are good."""
    account = settings.account
    if account is None:
        return Check(_NAME, State.OK, f"{ROOM_ID} is not set; the provider videosdk-meeting takes a stand-in")
    try:
        account.token("doctor")
    except ProviderStartError as failure:
        return Check(_NAME, State.WARN, str(failure), f"Set {API_KEY} and {SECRET_KEY}, or {AUTH_TOKEN}.")
    if shutil.which(account.python) is None:
        return Check(_NAME, State.WARN, f"there is no interpreter {account.python} for the relay", _MAKE)
    probe = await run_probe(_PROBE, python=account.python)
    if not probe.succeeded:
        return Check(_NAME, State.WARN, f"{account.python} can't take the relay: {probe.failure()}", _MAKE)
    found = probe.values()
    versions = f"videosdk {found['videosdk']}, av {found['av']} ({account.python})"
    if f"videosdk=={found['videosdk']}" != VIDEOSDK:
        fix = f"If a meeting fails, remove that environment and run: avatar-testbench videosdk ({VIDEOSDK} is known)"
        return Check(_NAME, State.WARN, f"{versions}; another version than is known", fix)
    return Check(_NAME, State.OK, f"{versions}; meeting {account.meeting_id}")
