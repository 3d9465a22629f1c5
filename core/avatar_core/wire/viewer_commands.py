"""What the app says to the viewer."""

from dataclasses import dataclass, field
from typing import Final

from avatar_core.wire.control import Vocabulary
from avatar_core.wire.fields import Count, MonotonicS, Name, Path, Pixels, Secret
from avatar_core.wire.process_messages import Stop


@dataclass(frozen=True, slots=True)
class StartViewer:
    """First command: join the room at `url`, follow `avatar_identity` (None: wait for FollowAvatar).

    There is no preview before the first SetPreviewSize. `token` never shows in a repr.
    """

    url: Name
    token: Secret = field(repr=False)
    avatar_identity: Name | None
    monitor_muted: bool


@dataclass(frozen=True, slots=True)
class FollowAvatar:
    """Show, hear and measure this participant from now on."""

    identity: Name


@dataclass(frozen=True, slots=True)
class SetPreviewSize:
    """Scale preview frames to fit this size, in physical px."""

    width_px: Pixels
    height_px: Pixels


@dataclass(frozen=True, slots=True)
class SetMonitor:
    """Let the speakers play what the viewer hears, or not; measuring goes on either way."""

    muted: bool


@dataclass(frozen=True, slots=True)
class WatchProcesses:
    """Tell from now on in ProcessLoad how long these waited for a core: process ids by what they are."""

    pids: dict[str, tuple[Count, ...]]


@dataclass(frozen=True, slots=True)
class Observe:
    """Write what was seen and heard of `identity` since `since_s` to the file `path`, and say so by Observed."""

    request_id: Count
    identity: Name
    since_s: MonotonicS
    path: Path


@dataclass(frozen=True, slots=True)
class Record:
    """Record what is shown and heard to the file `path`, told by RecordingState; None ends it."""

    path: Path | None


VIEWER_COMMANDS: Final = Vocabulary(
    "app to viewer", StartViewer, FollowAvatar, SetPreviewSize, SetMonitor, WatchProcesses, Observe, Record, Stop
)
