"""The reference avatars that the project brings, as providers over our own dispatcher."""

from collections import ChainMap
from collections.abc import Callable, MutableMapping

from avatar_core.providers.contract import ProviderTraits
from avatar_core.providers.dispatched import DispatchedProvider
from avatar_core.wire.codec import JsonScalar

_REFERENCE_AVATARS = (
    ("talking-head", "Talking head", False),
    ("sync-pattern", "Sync pattern", True),
    ("audio-wave", "Audio wave", False),
)
_SAMPLE_RATE_HZ = 24_000


def builtin_providers(
    dispatcher_url: Callable[[], str], options: MutableMapping[str, JsonScalar]
) -> list[DispatchedProvider]:
    """All reference avatars, launched with what `options` (size, frame rate, planted faults) then are."""
    return [
        DispatchedProvider(
            ProviderTraits(
                id=generator,
                name=name,
                kind="built-in",
                sample_rate_hz=_SAMPLE_RATE_HZ,
                exact_position=True,
                shows_pattern=shows_pattern,
            ),
            dispatcher_url,
            ChainMap({"generator": generator, "sample_rate": _SAMPLE_RATE_HZ}, options),
        )
        for generator, name, shows_pattern in _REFERENCE_AVATARS
    ]
