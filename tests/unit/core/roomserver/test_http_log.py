"""What aiohttp logs of requests that it can't parse."""

import logging

import pytest
from aiohttp.http_exceptions import BadHttpMessage

from avatar_core.roomserver.http_log import HttpLog


@pytest.mark.error_logs("BadHttpMessage", "a handler failed")
def test_malformed_request_is_not_quoted_and_failures_keep_their_traceback(caplog: pytest.LogCaptureFixture) -> None:
    log = HttpLog(logging.getLogger("test http"))
    log.exception("Error handling request from %s", "127.0.0.1", exc_info=BadHttpMessage("Authorization: Bearer t0ken"))
    log.exception("a handler failed", exc_info=ValueError("why it did"))
    assert "from 127.0.0.1: BadHttpMessage" in caplog.text
    assert "t0ken" not in caplog.text
    assert "why it did" in caplog.text
