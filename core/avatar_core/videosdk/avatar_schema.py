"""VideoSDK's `agents.avatar.avatar_schema`: what a worker's input and its renderer are, by their names."""

import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import av

from avatar_core.media.frames import AudioSegmentEnd

__all__ = ["AudioSegmentEnd", "AvatarInput", "AvatarRenderer"]

_log = logging.getLogger(__name__)


class AvatarInput(ABC):
    """Where a worker's speech comes from: av frames and the ends of segments; the event `reset_stream` interrupts.

    The events are VideoSDK's EventEmitter's: `on`, `off`, `emit`. A handler that raises stops nobody.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[Callable[..., Any]]] = {}

    def on(self, event: str, callback: Callable[..., Any] | None = None) -> Callable[..., Any]:
        """Call `callback` at each `event`; without one this is a decorator."""

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            handlers = self._handlers.setdefault(event, [])
            if handler not in handlers:
                handlers.append(handler)
            return handler

        return register if callback is None else register(callback)

    def off(self, event: str, callback: Callable[..., Any]) -> None:
        """No more; nothing for one that is not there."""
        handlers = self._handlers.get(event, [])
        if callback in handlers:
            handlers.remove(callback)

    def emit(self, event: str, *args: Any) -> None:
        """Tell whoever is registered now."""
        for handler in tuple(self._handlers.get(event, ())):
            try:
                handler(*args)
            except Exception:
                _log.exception("a handler of %s failed", event)

    async def start_stream(self) -> None:  # noqa: B027 - a hook
        """Called before the first frame is taken; nothing unless a subclass has something."""

    @abstractmethod
    def notify_stream_ended(self, playback_position: float, interrupted: bool) -> Coroutine[None, None, None] | None:
        """Answer the oldest segment: seconds of it that were heard, and whether it was cut."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[av.AudioFrame | AudioSegmentEnd]:
        """Frames, and an AudioSegmentEnd behind each segment."""

    async def aclose(self) -> None:  # noqa: B027 - a hook
        """Nothing to put away unless a subclass has something."""


class AvatarRenderer(ABC):
    """What draws a face: speech in; av pictures, av sound and the ends of segments out."""

    @abstractmethod
    async def push_stream_chunk(self, frame: av.AudioFrame | AudioSegmentEnd) -> None:
        """Take speech, or its end."""

    @abstractmethod
    def reset_stream(self) -> Coroutine[None, None, None] | None:
        """Forget what was taken, at once."""

    @abstractmethod
    def __aiter__(self) -> AsyncIterator[av.VideoFrame | av.AudioFrame | AudioSegmentEnd]:
        """Pictures with their sound, and the end behind each segment."""
