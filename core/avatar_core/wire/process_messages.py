"""What every process of a bench is told by the one that started it, and tells it; and what a worker adds."""

from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from avatar_core.wire.codec import Within
from avatar_core.wire.control import Vocabulary
from avatar_core.wire.fields import MonotonicS, Name, Ratio, Text


@dataclass(frozen=True, slots=True)
class Stop:
    """Leave the room, free everything and exit. A process whose command pipe ends does the same."""


@dataclass(frozen=True, slots=True)
class ProcessLoad:
    """How the reporting process and its machine do: ratios of the last second, lateness p99 and max of its ticks.

    `waited_ms` is the longest wait for a core of each kind of process that is watched (WatchProcesses),
    `machine_stolen` the share of all cores that the host of a virtual machine gave to others; it counts as busy.
    """

    cpu: Annotated[float, Within(0, 1_024)]
    machine_busy: Ratio
    lateness_p99_ms: Annotated[float, Within(0, 1e9)]
    lateness_max_ms: Annotated[float, Within(0, 1e9)]
    at_s: MonotonicS
    waited_ms: dict[str, Annotated[float, Within(0, 1e9)]] = field(default_factory=dict)
    machine_stolen: Ratio = 0.0


@dataclass(frozen=True, slots=True)
class ProcessFailure:
    """Something went wrong: what, where, what to try. After a fatal one the process ends by itself."""

    what: Text
    where: Text
    hint: Text
    fatal: bool
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """The worker is in the room, publishes, and takes speech."""

    identity: Name
    at_s: MonotonicS


@dataclass(frozen=True, slots=True)
class WorkerEnded:
    """The worker's last words."""

    reason: Literal["stopped", "controller_gone", "room_lost", "failed"]
    detail: Text
    at_s: MonotonicS


WORKER_COMMANDS: Final = Vocabulary("dispatcher to worker", Stop)
WORKER_EVENTS: Final = Vocabulary("worker to dispatcher", WorkerReady, WorkerEnded, ProcessLoad, ProcessFailure)
