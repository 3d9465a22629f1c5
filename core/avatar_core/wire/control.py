"""The channel between our processes: one JSON object per line, versioned, bounded, strictly typed.

Sans I/O: `Vocabulary` turns messages into lines and back, `LineDecoder` cuts lines out of whatever a pipe yields.
The messages are in the other modules; pipes and tasks belong to the processes that speak.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from avatar_core.errors import WireError
from avatar_core.wire.codec import from_fields, parse_object, to_fields, to_json

PROTOCOL_VERSION: Final = 1
MAX_LINE_BYTES: Final = 64 * 1024


class Vocabulary:
    """The messages that one direction of a channel may carry: frozen dataclasses, told apart by their class's name."""

    def __init__(self, name: str, *messages: type[Any]) -> None:
        for message in messages:
            if reserved := {"v", "type"} & message.__dataclass_fields__.keys():
                raise ValueError(f"{message.__name__}: the field name {min(reserved)!r} belongs to the envelope")
        self.name = name
        self._by_tag = {_tag(message): message for message in messages}
        self._tags = {message: tag for tag, message in self._by_tag.items()}

    @property
    def messages(self) -> frozenset[type[Any]]:
        """The classes that may be sent."""
        return frozenset(self._tags)

    def encode(self, message: object) -> bytes:
        """One line with its newline; raises WireError for a message that is foreign here or too long."""
        tag = self._tags.get(type(message))
        if tag is None:
            raise WireError(f"{self.name}: {type(message).__name__} is not a message of this channel")
        line = to_json({"v": PROTOCOL_VERSION, "type": tag, **to_fields(message)}).encode() + b"\n"
        if len(line) > MAX_LINE_BYTES:
            raise WireError(f"{self.name}: a {tag} of {len(line)} bytes is too long, at most {MAX_LINE_BYTES}")
        return line

    def decode(self, line: bytes) -> Any:
        """The message of one line; raises WireError for another version, an unknown type, field, or wrong value."""
        raw = parse_object(line, where=self.name, max_bytes=MAX_LINE_BYTES)
        version, tag = raw.pop("v", None), raw.pop("type", None)
        if version != PROTOCOL_VERSION:
            raise WireError(f"{self.name}: version {version!r}, this process speaks {PROTOCOL_VERSION}")
        if not isinstance(tag, str) or (cls := self._by_tag.get(tag)) is None:
            raise WireError(f"{self.name}: unknown message type {str(tag)[:40]!r}")
        return from_fields(cls, raw, where=f"{self.name} {tag}", ignore_unknown=False)


class LineDecoder:
    """Cuts the bytes of one direction into messages of a vocabulary; holds at most one unfinished line."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._pending = bytearray()
        self._in_overlong_line = False

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Yield each message completed by `chunk`.

        Raises WireError at a bad line; that line is gone, and the next `feed` (with b"" too) goes on behind it.
        """
        self._pending += chunk
        return self._complete_lines()

    def close(self) -> None:
        """Say that no more bytes come; raises WireError if they ended within a line (the peer died while writing)."""
        if self._pending:
            raise WireError(f"{self._vocabulary.name}: the peer ended within a message ({len(self._pending)} bytes)")

    def _complete_lines(self) -> Iterator[Any]:
        while (end := self._pending.find(b"\n")) >= 0:
            line = bytes(self._pending[:end])
            del self._pending[: end + 1]
            if self._in_overlong_line:
                self._in_overlong_line = False
            elif line:
                yield self._vocabulary.decode(line)
        if len(self._pending) > MAX_LINE_BYTES:
            self._pending.clear()
            if not self._in_overlong_line:
                self._in_overlong_line = True
                raise WireError(f"{self._vocabulary.name}: a line is longer than {MAX_LINE_BYTES} bytes")


def _tag(message: type[Any]) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", message.__name__).lower()
