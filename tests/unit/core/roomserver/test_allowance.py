"""The token bucket."""

import pytest

from avatar_core.roomserver.allowance import Allowance


def test_burst_is_there_at_once_and_the_rest_accrues() -> None:
    allowance = Allowance(per_second=10, burst=5)
    assert [allowance.take(3, 0.0), allowance.take(3, 0.0), allowance.take(3, 0.0)] == [3, 2, 0]
    assert allowance.take(3, 0.25) == 2


def test_no_more_than_the_burst_is_saved_up() -> None:
    allowance = Allowance(per_second=10, burst=5)
    assert allowance.take(5, 0.0) == 5
    assert allowance.take(100, 3600.0) == 5


def test_charges_on_credit_say_how_long_to_wait() -> None:
    allowance = Allowance(per_second=10, burst=2)
    assert [allowance.charge(1, 0.0), allowance.charge(1, 0.0)] == [0.0, 0.0]
    assert [allowance.charge(1, 0.0), allowance.charge(1, 0.0)] == pytest.approx([0.1, 0.2])
    assert allowance.charge(1, 0.2) == pytest.approx(0.1)


def test_nothing_is_granted_on_credit() -> None:
    allowance = Allowance(per_second=10, burst=2)
    allowance.charge(5, 0.0)
    assert allowance.take(1, 0.0) == 0
    assert allowance.take(1, 0.4) == 1
