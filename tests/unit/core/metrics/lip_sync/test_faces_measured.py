"""How exact the offset of faces is, held to its targets; about ten minutes."""

import pytest

from tests.faces.targets import rows


@pytest.mark.slow
def test_every_target_is_met_and_no_pair_out_of_sync_gets_an_answer() -> None:
    missed = [row.line() for row in rows() if not row.held]
    assert missed == []
