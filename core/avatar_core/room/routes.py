"""Who handles what, by name and by peer: the table behind RPC methods and stream topics of one connection.

Tables belong to a connection, never to a class: two connections of one process share nothing (PROTOCOLS B1, B2).
"""

from collections.abc import Callable
from typing import Generic, TypeVar

H = TypeVar("H")


class Routes(Generic[H]):
    """Handlers under a name, each for one peer's identity or, with None, for any peer that has none of its own."""

    def __init__(self, *, what: str) -> None:
        self._what = what
        self._handlers: dict[tuple[str, str | None], H] = {}

    def add(self, name: str, peer: str | None, handler: H) -> Callable[[], None]:
        """Route `name` from `peer` to `handler`; returns the call that ends it (harmless twice).

        Raises ValueError when the place is taken: a second handler would silently take the first one's calls.
        """
        key = (name, peer)
        if key in self._handlers:
            raise ValueError(f"{self._what} {name!r} already has a handler for {peer or 'any participant'}")
        self._handlers[key] = handler

        def remove() -> None:
            if self._handlers.get(key) is handler:
                del self._handlers[key]

        return remove

    def find(self, name: str, peer: str) -> H | None:
        """The handler for `name` from `peer`: its own before the one for any participant."""
        return self._handlers.get((name, peer)) or self._handlers.get((name, None))

    def names(self) -> frozenset[str]:
        """Every name that has a handler."""
        return frozenset(name for name, _ in self._handlers)

    def clear(self) -> None:
        """Forget every handler."""
        self._handlers.clear()
