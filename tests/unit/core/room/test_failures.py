import pytest

from avatar_core.room.failures import connect_error, lost_error, not_allowed_error, not_connected_error


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("signal failure: client error: 401 Unauthorized - it expired", "API key and secret"),
        ("IO error: Connection refused (os error 111)", "Nothing listens there"),
        ("failed to lookup address information", "host name is unknown"),
        ("failed to parse the url: relative URL without a base", "ws://127.0.0.1:7880"),
        ("wait_pc_connection timed out", "besides loopback"),
        ("transport timed out", "did not answer in time"),
        ("something new", "up and reachable"),
    ],
)
def test_failed_join_says_where_why_and_what_to_try(reason: str, advice: str) -> None:
    message = str(connect_error("ws://host:7880", reason, token="secret-token"))

    assert message.startswith(f"Could not join the room at ws://host:7880: {reason}. ")
    assert advice in message


def test_token_never_shows_in_a_failed_join() -> None:
    message = str(connect_error("ws://host", "GET /rtc?access_token=abc.def.ghi failed", token="abc.def.ghi"))

    assert "abc" not in message
    assert "access_token=<token>" in message


def test_join_without_a_token_keeps_its_reason_whole() -> None:
    assert "no token" in str(connect_error("ws://host", "no token", token=""))


def test_loss_gives_the_advice_for_its_reason() -> None:
    assert "its own" in str(lost_error("ws://host", "DUPLICATE_IDENTITY"))
    assert "(no reason given). Check the server" in str(lost_error("ws://host", ""))


def test_what_is_not_allowed_names_the_grants() -> None:
    assert "Not allowed to send data in this room (canPublishData)" in str(
        not_allowed_error("send data", "canPublishData")
    )
    assert "(state: new). Connect first." in str(not_connected_error("new"))
