"""The size of what the reference avatars publish, as somebody writes it: `640x360`."""

import re

from avatar_core.errors import ConfigError

_SIZE = re.compile(r"(\d{1,5})\s*[xX]\s*(\d{1,5})", re.ASCII)


def read_avatar_size(text: str, source: str) -> tuple[int, int]:
    """Width and height in pixels; ConfigError, with the `source` of the text, for what is no size, or none of ours."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ConfigError(f"{text!r} is no size of an avatar's pictures ({source}). Write it like 640x360.")
    # Here, so that a command line without a size starts without numpy.
    from avatar_core.avatar.generator import AvatarOptions

    width, height = int(match[1]), int(match[2])
    try:
        AvatarOptions(video_width=width, video_height=height)
    except ConfigError as error:
        raise ConfigError(f"{error} ({source})") from None
    return width, height
