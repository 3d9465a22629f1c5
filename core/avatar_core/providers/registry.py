"""The providers on offer, in the order in which they are shown. Made by the program that needs it, not a global."""

from collections.abc import Iterable, Iterator

from avatar_core.errors import ProviderNotFound
from avatar_core.providers.contract import Provider


class Registry:
    """Providers by id."""

    def __init__(self, providers: Iterable[Provider] = ()) -> None:
        self._providers: dict[str, Provider] = {}
        for provider in providers:
            self.add(provider)

    def __iter__(self) -> Iterator[Provider]:
        return iter(self._providers.values())

    def __len__(self) -> int:
        return len(self._providers)

    def add(self, provider: Provider) -> None:
        """Offer one more; ValueError for an id that is taken."""
        if provider.traits.id in self._providers:
            raise ValueError(f"there is a provider {provider.traits.id!r} already")
        self._providers[provider.traits.id] = provider

    def get(self, provider_id: str) -> Provider:
        """The provider of that id; raises ProviderNotFound, which names those there are."""
        try:
            return self._providers[provider_id]
        except KeyError:
            known = ", ".join(self._providers)
            raise ProviderNotFound(f"There is no provider {provider_id!r}. There are: {known}.") from None
