"""What a worker is told to be: the options of a launch request, typed and checked, and what its own token says."""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from avatar_core.avatar.faults.planted import Faults, read_launch_options
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.errors import ConfigError, WireError
from avatar_core.wire.codec import JsonScalar, from_fields, parse_object
from avatar_core.wire.livekit import ATTRIBUTE_PUBLISH_ON_BEHALF

DEFAULT_GENERATOR = "talking-head"
_MAX_CLAIMS_BYTES = 16_000
_SHAPE = AvatarOptions()


@dataclass(frozen=True, slots=True)
class _LaunchOptions:
    """The keys of a launch request that are ours, faults excepted, as they stand on the wire."""

    generator: str = DEFAULT_GENERATOR
    wire: Literal["livekit", "videosdk"] = "livekit"
    width: int = _SHAPE.video_width
    height: int = _SHAPE.video_height
    fps: float = _SHAPE.video_fps
    sample_rate: int = _SHAPE.audio_sample_rate
    channels: int = _SHAPE.audio_channels
    grace_s: float = 5.0
    controller_wait_s: float = 60.0


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """A generator by name, the wire it hears by, the shape of what is published, and faults.

    `grace_s`: how long a controller that left is waited for; `controller_wait_s`: how long one that has never come.
    """

    generator: str
    wire: Literal["livekit", "videosdk"]
    avatar: AvatarOptions
    grace_s: float
    controller_wait_s: float
    faults: Faults = field(default_factory=Faults)


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """Who the worker is in the room, and the only identity it obeys (B26)."""

    identity: str
    controller: str


def read_options(options: Mapping[str, JsonScalar], generators: Collection[str] | None = None) -> WorkerOptions:
    """Read the options of a launch request; ConfigError names what is wrong, or a generator not among `generators`.

    Unknown keys are ignored, since other dispatchers have keys of their own; an unknown fault is refused: a fault that
    is silently not planted would be a test that proves nothing.
    """
    faults = read_launch_options(options)
    try:
        asked = from_fields(_LaunchOptions, options, where="options", ignore_unknown=True)
    except WireError as failure:
        raise ConfigError(str(failure)) from None
    if generators is not None and asked.generator not in generators:
        raise ConfigError(f"no generator is called {asked.generator!r}; known are {', '.join(sorted(generators))}")
    for name, seconds in (("grace_s", asked.grace_s), ("controller_wait_s", asked.controller_wait_s)):
        if not 0 <= seconds <= 3_600:
            raise ConfigError(f"{name} is {seconds:g}; choose 0 to 3600 seconds")
    avatar = AvatarOptions(
        video_width=asked.width,
        video_height=asked.height,
        video_fps=asked.fps,
        audio_sample_rate=asked.sample_rate,
        audio_channels=asked.channels,
    )
    return WorkerOptions(asked.generator, asked.wire, avatar, asked.grace_s, asked.controller_wait_s, faults)


def read_scalar(text: str) -> JsonScalar:
    """An option written as text: numbers, true and false as such, anything else as it is."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    return read if isinstance(read, str | int | float | bool) else text


def read_own_token(token: str) -> WorkerIdentity:
    """What a worker's own token says of it; ConfigError where it names nobody.

    The signature is not checked: a worker has no secret, and decides nothing by this but whom to obey. Whether the
    token is good the room server says.
    """
    parts = token.split(".")
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = parse_object(base64.urlsafe_b64decode(padded), where="the worker's token", max_bytes=_MAX_CLAIMS_BYTES)
    except (IndexError, ValueError, WireError):
        raise ConfigError("The worker's token is not a JSON web token.") from None
    identity, attributes = claims.get("sub"), claims.get("attributes")
    controller = attributes.get(ATTRIBUTE_PUBLISH_ON_BEHALF) if isinstance(attributes, dict) else None
    if not isinstance(identity, str) or not identity or not isinstance(controller, str) or not controller:
        raise ConfigError(
            f"The worker's token must name itself (sub) and whom to obey (attribute {ATTRIBUTE_PUBLISH_ON_BEHALF})."
        )
    return WorkerIdentity(identity, controller)
