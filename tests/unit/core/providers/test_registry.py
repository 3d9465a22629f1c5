import pytest

from avatar_core.errors import ProviderNotFound
from avatar_core.providers.builtin import builtin_providers
from avatar_core.providers.registry import Registry


def registry() -> Registry:
    return Registry(builtin_providers(lambda: "http://127.0.0.1:1", {"width": 640}))


def test_the_reference_avatars_come_in_the_order_in_which_they_are_shown() -> None:
    assert [provider.traits.id for provider in registry()] == ["talking-head", "sync-pattern", "audio-wave"]
    assert len(registry()) == 3


def test_the_reference_avatars_report_positions_and_one_shows_the_pattern() -> None:
    traits = [provider.traits for provider in registry()]
    assert all(each.exact_position and each.kind == "built-in" for each in traits)
    assert [each.id for each in traits if each.shows_pattern] == ["sync-pattern"]


def test_a_provider_is_found_by_its_id() -> None:
    assert registry().get("audio-wave").traits.name == "Audio wave"


def test_an_unknown_id_is_refused_by_naming_the_known_ones() -> None:
    with pytest.raises(ProviderNotFound, match=r"'nobody'.*talking-head, sync-pattern, audio-wave"):
        registry().get("nobody")


def test_an_id_is_given_once() -> None:
    held = registry()
    with pytest.raises(ValueError, match="talking-head"):
        held.add(held.get("talking-head"))
