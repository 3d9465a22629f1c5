"""Listening to the outputs below a proxy: the current one, and replaced ones that still owe an answer."""

from collections.abc import Callable

from avatar_core.playback.contract import (
    AudioOutput,
    PlaybackFinishedEvent,
    PlaybackProgressedEvent,
    PlaybackStartedEvent,
)


class Listening:
    """Connections to the playback signals of several outputs; each handler learns which output spoke."""

    def __init__(
        self,
        *,
        started: Callable[[AudioOutput, PlaybackStartedEvent], None],
        progressed: Callable[[AudioOutput, PlaybackProgressedEvent], None],
        finished: Callable[[AudioOutput, PlaybackFinishedEvent], None],
    ) -> None:
        self._started = started
        self._progressed = progressed
        self._finished = finished
        self._connections: dict[AudioOutput, tuple[Callable[[], None], ...]] = {}

    def begin(self, sink: AudioOutput) -> None:
        """Listen to `sink`; nothing where it is listened to."""
        if sink not in self._connections:
            self._connections[sink] = (
                sink.playback_started.connect(lambda event: self._started(sink, event)),
                sink.playback_progressed.connect(lambda event: self._progressed(sink, event)),
                sink.playback_finished.connect(lambda event: self._finished(sink, event)),
            )

    def end(self, sink: AudioOutput) -> None:
        """Listen to `sink` no longer."""
        for disconnect in self._connections.pop(sink, ()):
            disconnect()

    def end_all(self) -> None:
        """Listen to nobody any longer."""
        for sink in tuple(self._connections):
            self.end(sink)
