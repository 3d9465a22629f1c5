"""Errors a user can meet. Each says what happened, where, and what to try; programming errors stay builtin.

BenchError
├── ConfigError          bad arguments, settings or environment
├── TokenError           an access token that is malformed, forged, expired or lacks a grant
├── RoomError
│   ├── RoomConnectError the room could not be joined
│   └── RoomLost         a joined room went away
├── RoomServerError      the embedded room could not start or go on
├── ProviderError
│   ├── ProviderNotFound
│   ├── ProviderStartError
│   └── ProviderTimeout
├── PlaybackError        an audio output could not do what was asked
├── SourceError          a file or device that gives no sound (avatar_core.media.source)
└── WireError            a payload that breaks its format
"""


class BenchError(Exception):
    """Base of everything the bench reports to its user."""


class ConfigError(BenchError):
    """Bad arguments, settings or environment."""


class TokenError(BenchError):
    """An access token that is malformed, forged, expired, or lacks a grant. Never holds the token itself."""


class RoomError(BenchError):
    """Something about a room."""


class RoomConnectError(RoomError):
    """The room could not be joined."""


class RoomLost(RoomError):
    """A joined room went away."""


class RoomServerError(BenchError):
    """The embedded room could not start or go on."""


class ProviderError(BenchError):
    """Something about an avatar provider."""


class ProviderNotFound(ProviderError):
    """No provider of that name is registered."""


class ProviderStartError(ProviderError):
    """The provider refused or failed to start."""


class ProviderTimeout(ProviderError):
    """The provider did not become ready in time."""


class PlaybackError(BenchError):
    """An audio output could not do what was asked."""


class WireError(BenchError):
    """A payload that breaks its format."""
