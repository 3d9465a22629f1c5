"""The contract between a session and whoever drives it: commands with a result, events, snapshots, preview frames.

BenchSession is the real one, FakeSession its peer for tests. The window and the headless runner see nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from avatar_core.bench.figures.figures import Sample
from avatar_core.bench.snapshot import Levels, SessionSnapshot
from avatar_core.bench.states import Command, SeriesName, SessionState, Severity
from avatar_core.bench.timeline_snapshot import SeriesSnapshot, TimelineSnapshot
from avatar_core.clock import Clock
from avatar_core.room.wire_record import WireEvent as WireEvent
from avatar_core.signal import Signal


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something that happened, at `time_s` (monotonic). `kind` is one word for the log, such as "Swap"."""

    time_s: float
    kind: str
    text: str
    severity: Severity = Severity.INFO
    provider_id: str = ""
    segment_id: str = ""


@dataclass(frozen=True, slots=True)
class WebRtcStatistics:
    """WebRTC's own statistics at `time_s`: of a track that the viewer receives, or of the agent's connection.

    `of` names the track's owner and kind, or the direction; `entries` are LiveKit's protobuf fields.
    """

    time_s: float
    side: Literal["viewer", "agent"]
    of: str
    entries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a command. `text` is one line for the user; `values` are measured figures, unit in the name."""

    command: Command
    ok: bool
    text: str
    elapsed_ms: float
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PreviewFrame:
    """One picture at display size: BGRA, `stride` bytes a row, `time_s` when the viewer got it.

    `pixels` is the shared memory itself: valid until `PreviewReader.latest` returns another frame, or `release`.
    """

    sequence: int
    width_px: int
    height_px: int
    stride: int
    time_s: float
    pixels: memoryview


class PreviewReader(Protocol):
    """The reading end of the preview's triple buffer: the newest frame wins, the others are counted as dropped.

    There are frames from the first `latest` or `request_preview_size` on.
    """

    def latest(self, after_sequence: int) -> PreviewFrame | None:
        """The newest frame, or None if its sequence is not above `after_sequence`. Never waits.

        The slot of the frame returned last is not written, and stays mapped even if its writer has ended, until
        another frame is returned or `release` is called.
        """
        ...

    def request_preview_size(self, width_px: int, height_px: int) -> None:
        """Ask for pictures that fit into this box, in device pixels; takes effect some frames later."""
        ...

    def release(self) -> None:
        """Give up the frame returned last: its `pixels` are not touched again. Harmless twice."""
        ...


class Session(Protocol):
    """One session: a room, an avatar, a voice. Lives on one event loop; `aclose` ends every process it started.

    Commands never raise what a user can meet: a failure is a result with `ok` false, an event, and a notice where the
    session is touched. They are serialized, `interrupt` excepted. What can't be asked now is in `snapshot().blocked`.
    """

    clock: Clock
    event: Signal[SessionEvent]
    state_changed: Signal[SessionState]
    wire: Signal[WireEvent]
    statistics: Signal[WebRtcStatistics]
    preview: PreviewReader
    run_folder: Path
    """Where recordings go; set before the first."""

    @property
    def state(self) -> SessionState:
        """The state; the session alone changes it."""
        ...

    def snapshot(self) -> SessionSnapshot:
        """The session as of now. Cheap: called four times a second and after each event."""
        ...

    def series(self, name: SeriesName, since_s: float) -> SeriesSnapshot:
        """The samples of one curve from `since_s` (monotonic) on, copied. Cheap: called twenty times a second."""
        ...

    def timeline(self, since_s: float) -> TimelineSnapshot:
        """Segments, marks and untrusted times that reach past `since_s` (monotonic)."""
        ...

    def samples(self) -> Iterable[Sample]:
        """Every sample of every metric so far, also those of untrusted time."""
        ...

    def levels(self) -> Levels:
        """Loudness at this moment."""
        ...

    async def wait_measured(self, timeout_s: float = 30.0) -> bool:
        """Wait until whatever is over is measured, so that a snapshot holds it; False where that takes longer."""
        ...

    def note_stall(self, duration_s: float, where: str) -> None:
        """Record that the loop stood still for `duration_s`; `where` names the code that held it."""
        ...

    async def connect(self) -> CommandResult:
        """Start the room, the viewer and the first avatar: IDLE or FAILED to CONNECTING, then READY or FAILED."""
        ...

    async def reconnect(self) -> CommandResult:
        """End what is left of the room and its processes, then connect again. The ledger goes on."""
        ...

    async def speak(self, source_id: str | None = None) -> CommandResult:
        """Speak the source (None: the selected one). One that speaks already ends its segment first."""
        ...

    async def stop(self) -> CommandResult:
        """Stop the source; what was sent is still heard, and its segment ends (a flush)."""
        ...

    async def pause(self) -> CommandResult:
        """Stop the sound and keep the position; `resume` goes on with the unplayed tail as the same segment."""
        ...

    async def resume(self) -> CommandResult:
        """Send the unplayed tail of the paused segment."""
        ...

    async def interrupt(self) -> CommandResult:
        """Silence the avatar now and drop the rest of the source. Overtakes every other command.

        `values["interrupt_to_silence_ms"]` is from the call to the last sound the viewer heard.
        """
        ...

    async def end_segment(self) -> CommandResult:
        """End the segment; what the source says next opens a new one at once."""
        ...

    async def swap(self, provider_id: str, *, in_place: bool = False) -> CommandResult:
        """Make `provider_id` the avatar, beside the old one until ready, or `in_place` of it.

        `values` hold `swap_video_gap_ms` and `swap_audio_gap_ms`. If the new one fails, the old one goes on.
        """
        ...

    async def plant(self, faults: Mapping[str, float | bool]) -> CommandResult:
        """Give every reference avatar that is started from now on these faults, by name, and no others."""
        ...

    async def crash_avatar(self) -> CommandResult:
        """Kill the avatar's process without a word; refused where it is none of this machine's."""
        ...

    async def mark(self, text: str = "") -> CommandResult:
        """Put a mark on the time axis."""
        ...

    async def record(self, on: bool) -> CommandResult:
        """Record what the viewer shows and hears to a file in `run_folder`, or finish it."""
        ...

    async def select_source(self, source_id: str) -> CommandResult:
        """Choose what `speak` says next."""
        ...

    async def add_source(self, path: Path) -> CommandResult:
        """Offer the sound of a file as a source and select it."""
        ...

    async def set_monitor_muted(self, muted: bool) -> CommandResult:
        """Mute or unmute the loudspeaker; measuring goes on."""
        ...

    async def act_on_notice(self, notice_id: str, action_id: str) -> CommandResult:
        """Do what a notice's button says."""
        ...

    def dismiss_notice(self, notice_id: str) -> None:
        """Close a notice; unknown ones are ignored, for it may have gone by itself."""
        ...

    async def aclose(self) -> None:
        """End everything, from any state, within two seconds: CLOSING, then IDLE. Harmless twice."""
        ...
