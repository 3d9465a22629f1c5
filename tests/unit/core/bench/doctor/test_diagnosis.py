import pytest

from avatar_core.bench.doctor.diagnosis import check_python
from avatar_core.bench.doctor.report import State


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10, 14), State.FAIL), ((3, 11, 0), State.OK), ((3, 13, 1), State.OK)],
)
def test_python_is_ok_from_3_11_on(version: tuple[int, int, int], state: State) -> None:
    check = check_python(version)
    assert check.state is state
    assert check.found.startswith(".".join(map(str, version)))
