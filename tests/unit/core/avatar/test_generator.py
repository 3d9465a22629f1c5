import pytest

from avatar_core.avatar.generator import AvatarOptions
from avatar_core.errors import ConfigError


@pytest.mark.parametrize("size", [(640, 360), (1280, 720), (1920, 1080)])
@pytest.mark.parametrize("fps", [15, 29.97, 60])
@pytest.mark.parametrize("rate", [16000, 22050, 48000])
def test_the_supported_shapes_are_accepted(size: tuple[int, int], fps: float, rate: int) -> None:
    assert AvatarOptions(*size, fps, rate, 2).video_fps == fps


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("video_width", 100),
        ("video_width", 5000),
        ("video_width", 641),
        ("video_height", 90),
        ("video_height", 361),
        ("video_fps", 0),
        ("video_fps", 240),
        ("audio_sample_rate", 4000),
        ("audio_sample_rate", 192000),
        ("audio_channels", 0),
        ("audio_channels", 6),
    ],
)
def test_what_cannot_be_published_is_refused_by_name(field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=field if value % 2 == 0 or "video" not in field else "even"):
        AvatarOptions(**{field: value})
