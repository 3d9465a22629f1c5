import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatar_core.metrics.offset import OffsetPairing, OffsetSample

PERIOD_S = 1.0


def play(
    offset_s: float, events: int, *, no_flash: frozenset[int] = frozenset(), no_beep: frozenset[int] = frozenset()
) -> tuple[OffsetPairing, list[OffsetSample]]:
    """A pattern whose pictures come `offset_s` after its sound, without the flashes and beeps that are named."""
    pairing = OffsetPairing()
    beeps = [(10 + event * PERIOD_S, pairing.beep) for event in range(events) if event not in no_beep]
    flashes = [(10 + event * PERIOD_S + offset_s, pairing.flash) for event in range(events) if event not in no_flash]
    samples = [tell(at_s) for at_s, tell in sorted(beeps + flashes, key=lambda event: event[0])]
    return pairing, [sample for sample in samples if sample is not None]


@pytest.mark.parametrize("offset_s", [-0.4, -0.045, 0.0, 0.02, 0.4])
def test_positive_means_that_the_picture_is_late(offset_s: float) -> None:
    pairing, samples = play(offset_s, 5)
    assert [sample.offset_ms for sample in samples] == pytest.approx([offset_s * 1000] * 5)
    assert (pairing.lone_beeps, pairing.lone_flashes) == (0, 0)


def test_a_sample_is_dated_when_the_later_of_the_two_came() -> None:
    assert [sample.at_s for sample in play(0.1, 2)[1]] == pytest.approx([10.1, 11.1])
    assert [sample.at_s for sample in play(-0.1, 2)[1]] == pytest.approx([10.0, 11.0])


def test_a_missing_flash_costs_its_own_sample_and_pairs_with_no_neighbour() -> None:
    pairing, samples = play(0.12, 6, no_flash=frozenset({2, 3}))
    assert [sample.offset_ms for sample in samples] == pytest.approx([120.0] * 4)
    assert (pairing.lone_beeps, pairing.lone_flashes) == (2, 0)


def test_a_missing_beep_costs_its_own_sample_and_pairs_with_no_neighbour() -> None:
    pairing, samples = play(0.3, 6, no_beep=frozenset({1}))
    assert [sample.offset_ms for sample in samples] == pytest.approx([300.0] * 5)
    assert (pairing.lone_beeps, pairing.lone_flashes) == (0, 1)


def test_beep_and_flash_of_two_events_are_no_pair() -> None:
    pairing, samples = play(0.1, 4, no_beep=frozenset({0, 2}), no_flash=frozenset({1, 3}))
    assert samples == []
    assert pairing.lone_beeps + pairing.lone_flashes == 3


def test_each_flash_is_used_once() -> None:
    pairing = OffsetPairing()
    assert pairing.flash(10.0) is None
    assert pairing.beep(10.02) is not None
    assert pairing.beep(10.04) is None


def test_the_nearest_of_two_is_taken() -> None:
    pairing = OffsetPairing()
    pairing.flash(10.0)
    pairing.flash(10.3)
    sample = pairing.beep(10.25)
    assert sample is not None
    assert sample.offset_ms == pytest.approx(50.0)


def test_a_sample_names_the_picture_of_its_flash() -> None:
    pairing = OffsetPairing()
    pairing.flash(10.0, 300)
    pairing.beep(11.02)
    samples = (pairing.flash(11.0, 330), pairing.flash(12.0, 360), pairing.beep(12.01))
    assert [sample.picture if sample is not None else None for sample in samples] == [330, None, 360]


def test_lonely_events_do_not_pile_up() -> None:
    pairing = OffsetPairing()
    for event in range(1_000):
        pairing.beep(float(event))
    assert pairing.lone_beeps == 999


@given(
    offset_s=st.floats(-0.44, 0.44),
    no_flash=st.frozensets(st.integers(0, 9)),
    no_beep=st.frozensets(st.integers(0, 9)),
)
def test_whatever_is_lost_every_sample_is_of_one_event(
    offset_s: float, no_flash: frozenset[int], no_beep: frozenset[int]
) -> None:
    _, samples = play(offset_s, 10, no_flash=no_flash, no_beep=no_beep)
    expected_ms = [offset_s * 1000] * (10 - len(no_flash | no_beep))
    assert [sample.offset_ms for sample in samples] == pytest.approx(expected_ms, abs=1e-6)
