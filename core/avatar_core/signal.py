"""Typed callbacks: a fact is announced, whoever connected hears it. No bus, no names as strings."""

import logging
from collections.abc import Callable
from typing import Generic, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Signal(Generic[T]):
    """One kind of fact. A handler that raises is logged and counted; it never stops the emitter or the others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handler_failures = 0
        self._handlers: list[Callable[[T], None]] = []

    def connect(self, handler: Callable[[T], None]) -> Callable[[], None]:
        """Call `handler` with each fact from now on; returns the call that ends it (harmless twice)."""
        self._handlers.append(handler)

        def disconnect() -> None:
            if handler in self._handlers:
                self._handlers.remove(handler)

        return disconnect

    def emit(self, fact: T) -> None:
        """Tell every handler connected at this moment, in the order they connected."""
        for handler in tuple(self._handlers):
            try:
                handler(fact)
            except Exception:
                self.handler_failures += 1
                _log.exception("a handler of signal %s failed", self.name)
