"""The most that waited in each second, as figures."""

import pytest

from avatar_core.bench.figures.figures import Figures
from avatar_core.bench.measuring.backlog import Backlog
from avatar_core.bench.settings.thresholds import load_trust_limits
from tests.fakes.clock import ManualClock


class Looked:
    """A backlog looked at ten times a second."""

    def __init__(self) -> None:
        self.clock = ManualClock(100.0)
        self.figures = Figures(self.clock, load_trust_limits())
        self.backlog = Backlog(self.figures, self.clock)

    def see(self, *depths: float) -> None:
        for depth in depths:
            self.backlog.saw("chain_unsent_s", depth)
            self.clock.move(0.1)

    @property
    def told(self) -> list[float]:
        return self.figures.values("chain_unsent_s")


def test_a_short_jam_is_the_figure_of_its_second_and_of_no_other() -> None:
    looked = Looked()
    looked.see(*[0.0] * 5, 3.0, *[0.0] * 25)
    assert looked.told == [3.0, 0.0]


def test_the_last_second_before_a_pause_is_dated_where_it_was_seen() -> None:
    looked = Looked()
    looked.see(1.0, 2.0)
    looked.clock.move(60.0)
    looked.see(0.5)
    assert [(sample.time_s, sample.value) for sample in looked.figures.samples()] == [(pytest.approx(100.1), 2.0)]


def test_each_queue_has_its_own_seconds() -> None:
    looked = Looked()
    looked.backlog.saw("worker_buffered_s", 9.0)
    looked.see(*[1.0] * 13)
    assert looked.told == [1.0]
    assert looked.figures.values("worker_buffered_s") == []
