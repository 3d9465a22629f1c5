import pytest

from avatar_core.room.options import ConnectOptions, video_bitrate_bps


@pytest.mark.parametrize("field", ["timeout_s", "attempt_timeout_s", "max_stream_bytes"])
@pytest.mark.parametrize("value", [0, -1])
def test_limit_that_is_not_positive_is_a_mistake(field: str, value: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ConnectOptions(**{field: value})


@pytest.mark.parametrize(
    ("width", "height", "fps", "low", "high"),
    [(320, 180, 30, 400_000, 400_000), (1280, 720, 30, 2_400_000, 2_600_000), (3840, 2160, 60, 8_000_000, 8_000_000)],
)
def test_bitrate_grows_with_the_picture_within_limits(width: int, height: int, fps: float, low: int, high: int) -> None:
    assert low <= video_bitrate_bps(width, height, fps) <= high
