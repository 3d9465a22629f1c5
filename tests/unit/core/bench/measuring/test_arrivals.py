"""How an avatar's coming is told: by the time since it was called, which a machine's clock would not tell a user."""

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.arrivals import Arrivals
from avatar_core.bench.settings.thresholds import load_trust_limits
from avatar_core.bench.stage.cast import Coming
from avatar_core.bench.standing import Standing
from avatar_core.providers.contract import ProviderTraits
from avatar_core.providers.registry import Registry
from avatar_core.wire import viewer_events
from tests.fakes.clock import ManualClock

WHO = "avatar-wave-1"
TRAITS = ProviderTraits("wave", "Wave", "test", 24_000)


class Told:
    """Arrivals at which nothing has come."""

    def __init__(self) -> None:
        clock = ManualClock(4_300.0)
        self.standing = Standing(clock, Registry([]))
        self.figures = Figures(clock, load_trust_limits())
        self.arrivals = Arrivals(self.standing, self.figures)

    def come(self, kind: str, at_s: float) -> None:
        self.arrivals.coming(Coming(WHO, TRAITS, kind, at_s))

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(event.kind, event.text) for event in self.standing.events]


def test_every_step_is_told_by_the_time_since_the_call() -> None:
    told = Told()
    told.come("called", 4_300.0)
    told.come("created", 4_300.25)
    told.come("joined", 4_301.0)
    told.arrivals.take(viewer_events.TrackSubscribed(WHO, "audio", "voice", 4_301.0))
    told.arrivals.take(viewer_events.FirstMedia(WHO, "video", 4_301.5))
    told.arrivals.take(viewer_events.FirstMedia(WHO, "audio", 4_312.0))
    assert told.said == [
        ("Call", "Wave is asked to join as avatar-wave-1"),
        ("Created", "Wave answered, 0.25 s after the call"),
        ("Joined", "Wave joined, 1.00 s after the call"),
        ("Track", "Audio of avatar-wave-1 is received"),
        ("First", "First picture of avatar-wave-1, 1.50 s after the call"),
        ("First", "First sound of avatar-wave-1, 12.00 s after the call"),
    ]


def test_whoever_was_not_called_is_told_of_without_a_time() -> None:
    told = Told()
    told.arrivals.take(viewer_events.FirstMedia("bench-agent", "audio", 4_301.5))
    assert told.said == [("First", "First sound of bench-agent")]


@pytest.mark.parametrize("answered_s", [0.05, 3.0])
def test_a_provider_that_answers_late_shows_in_create_s_and_not_one_that_answers_at_once(answered_s: float) -> None:
    told = Told()
    told.come("called", 4_300.0)
    told.come("created", 4_300.0 + answered_s)
    told.come("joined", 4_304.0)
    assert told.figures.values("create_s") == pytest.approx([answered_s])


def test_the_identity_of_one_that_is_started_again_counts_from_its_last_call() -> None:
    told = Told()
    told.come("called", 4_300.0)
    told.come("called", 4_310.0)
    told.come("created", 4_310.5)
    assert told.figures.values("create_s") == pytest.approx([0.5])
