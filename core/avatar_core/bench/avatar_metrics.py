"""LiveKit's AvatarMetrics of a session, each with our own times of the same moment beside it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from avatar_core.clock import Clock, wall_time
from avatar_core.playback.contract import AudioOutput, PlaybackStartedEvent
from avatar_core.playback.segment import Segment
from avatar_core.providers.joining import AvatarMetrics

_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class TimedAvatarMetrics:
    """`metrics` as LiveKit has them, and what they rest on in monotonic seconds.

    Of a join from the start of the provider to the avatar that is whole, `segment_id` empty; of a segment from its
    first frame to its first sound.
    """

    metrics: AvatarMetrics
    segment_id: str
    from_s: float
    to_s: float


class AvatarMetricsLog:
    """Owned by the session; the newest 1,000 are kept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[TimedAvatarMetrics] = deque(maxlen=_KEPT)
        self._opened_s: dict[str, float] = {}
        self._disconnects: list[Callable[[], None]] = []
        self._provider_id = ""

    @property
    def all(self) -> tuple[TimedAvatarMetrics, ...]:
        """Oldest first."""
        return tuple(self._kept)

    def joined(self, metrics: AvatarMetrics, join_s: float) -> None:
        """An avatar is whole now, `join_s` after its start, and speaks from now on."""
        self._provider_id = metrics.model_provider
        now_s = self._clock.now()
        self._kept.append(TimedAvatarMetrics(metrics, "", now_s - join_s, now_s))

    def listen(self, head: AudioOutput) -> None:
        """Follow the chain that begins with `head`, and no other any more."""
        for disconnect in self._disconnects:
            disconnect()
        self._disconnects = [
            head.segment_opened.connect(self._on_opened),
            head.playback_started.connect(self._on_started),
            head.playback_finished.connect(lambda event: self._forget(event.segment)),
        ]

    def _on_opened(self, segment: Segment) -> None:
        self._opened_s[segment.id] = self._clock.now()

    def _on_started(self, event: PlaybackStartedEvent) -> None:
        opened_s = self._opened_s.pop(event.segment.id, None) if event.segment is not None else None
        if opened_s is None or event.segment is None:
            return
        told = AvatarMetrics(
            wall_time(), playback_latency=event.created_at - opened_s, model_provider=self._provider_id
        )
        self._kept.append(TimedAvatarMetrics(told, event.segment.id, opened_s, event.created_at))

    def _forget(self, segment: Segment | None) -> None:
        if segment is not None:
            self._opened_s.pop(segment.id, None)
