"""What is kept out of the log of LiveKit's SDK, and that all else stays in it."""

import logging
from collections.abc import Iterator

import pytest

from avatar_core.sdk_log import calm_sdk_log

WHERE = "livekit::rtc_engine::rtc_session:2526:livekit::rtc_engine::rtc_session - failed to negotiate the publisher: "


@pytest.fixture
def sdk() -> Iterator[logging.Logger]:
    logger = logging.getLogger("livekit")
    before = list(logger.filters)
    calm_sdk_log()
    yield logger
    logger.filters[:] = before


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (WHERE + 'Rtc(RtcError { message: "Failed to set local offer sdp: Called in wrong state: closed" })', False),
        (WHERE + "Connection(Timeout)", True),
        ("Failed to set degradation preference: Called in wrong state: closed", True),
    ],
)
def test_only_a_negotiation_after_the_end_is_left_out(
    sdk: logging.Logger, caplog: pytest.LogCaptureFixture, message: str, told: bool
) -> None:
    sdk.error("%s", message)
    assert [record.getMessage() for record in caplog.records] == ([message] if told else [])
