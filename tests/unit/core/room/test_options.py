import pytest

from avatar_core.room.options import ConnectOptions


@pytest.mark.parametrize("field", ["timeout_s", "attempt_timeout_s", "max_stream_bytes"])
@pytest.mark.parametrize("value", [0, -1])
def test_limit_that_is_not_positive_is_a_mistake(field: str, value: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ConnectOptions(**{field: value})
