"""What the fields of messages between the processes of one bench accept.

Times `at_s` are seconds of CLOCK_MONOTONIC, which all processes of one machine share.
"""

from typing import Annotated, Literal

from avatar_core.wire.codec import Length, Within

Name = Annotated[str, Length(1, 256)]
Text = Annotated[str, Length(0, 4_000)]
Secret = Annotated[str, Length(1, 16_000)]
MonotonicS = Annotated[float, Within(0, 1e12)]
Pixels = Annotated[int, Within(1, 8_192)]
Count = Annotated[int, Within(0, 2**53)]
Ratio = Annotated[float, Within(0, 1)]
Decibels = Annotated[float, Within(-200, 0)]
Path = Annotated[str, Length(1, 4_096)]
MediaKind = Literal["audio", "video"]
