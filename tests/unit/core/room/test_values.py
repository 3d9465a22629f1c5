import pytest

from avatar_core.room.values import ConnectionState, StateChanged

STATES = list(ConnectionState)


@pytest.mark.parametrize("previous", STATES)
@pytest.mark.parametrize("current", STATES)
def test_only_the_way_back_from_reconnecting_is_a_reconnect(previous, current) -> None:
    expected = (previous, current) == (ConnectionState.RECONNECTING, ConnectionState.CONNECTED)

    assert StateChanged(previous, current).reconnected == expected
