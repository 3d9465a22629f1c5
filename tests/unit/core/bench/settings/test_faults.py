"""Whom a fault can be planted in: a run that plants nothing would prove nothing."""

import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.bench.settings.faults import check_plantable
from avatar_core.errors import ConfigError
from avatar_core.providers.contract import ProviderTraits

OURS = ProviderTraits("videosdk-avatar", "VideoSDK avatar", "built-in", 24_000)
THEIRS = ProviderTraits("videosdk-dispatched", "VideoSDK dispatcher", "dispatched", 24_000)
FACELESS = ProviderTraits("direct-voice", "Direct voice", "built-in", 24_000, has_face=False)


def test_avatars_of_ours_take_every_fault() -> None:
    check_plantable(Faults({"lost_finished": True, "wrong_identity": True, "gap_ms": 100}), OURS)


@pytest.mark.parametrize("traits", [THEIRS, FACELESS], ids=lambda traits: traits.id)
def test_who_has_no_worker_of_ours_takes_none_and_it_is_said(traits: ProviderTraits) -> None:
    check_plantable(Faults(), traits)
    with pytest.raises(ConfigError, match=rf"lost_finished, gap_ms can't be planted in {traits.name}"):
        check_plantable(Faults({"lost_finished": True, "gap_ms": 100}), traits)


def test_what_somebody_else_in_the_room_does_can_be_planted_beside_any() -> None:
    check_plantable(Faults({"wrong_identity": True}), THEIRS)
