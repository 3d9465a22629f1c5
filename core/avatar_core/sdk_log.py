"""The log of LiveKit's SDK, without an error that it tells now and then when a room is left, and nothing is wrong.

Leaving takes the published tracks back, and that begins a negotiation which races with the end of the connection: where
it comes second it fails, as it should. Nothing else fails in that state.
"""

import logging

_LOGGER = "livekit"
_TOO_LATE = ("failed to negotiate the publisher", "Called in wrong state: closed")


def calm_sdk_log() -> None:
    """Keep that error out of every handler of this process; harmless twice."""
    logging.getLogger(_LOGGER).addFilter(_says_more)


def _says_more(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not all(words in message for words in _TOO_LATE)
