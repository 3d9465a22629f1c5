"""Words for what went wrong with a room: which url, why, and what to try. Pure; never a token in a message."""

from avatar_core.errors import RoomConnectError, RoomError, RoomLost

# What the SDK says, and what helps. The first that is found in the SDK's message is taken.
_ADVICE = (
    ("401", "Check the API key and secret that signed the token, and the clocks of both machines."),
    ("403", "The token does not allow to join this room."),
    ("404", "The address answers, but is no LiveKit server. Check host, port and path."),
    ("refused", "Nothing listens there. Start the server, or check host and port."),
    ("lookup", "The host name is unknown. Check its spelling and the network."),
    ("parse the url", "Give a url like ws://127.0.0.1:7880 or wss://host."),
    ("invalid characters", "The token has characters that no token has. Mint a new one."),
    (
        "wait_pc_connection",
        "Signalling works, media does not: UDP to the server is blocked, or this machine has no network interface "
        "besides loopback, which the SDK does not use.",
    ),
    ("timed out", "The server did not answer in time. Check host, port and firewall."),
)


def connect_error(url: str, reason: str, *, token: str) -> RoomConnectError:
    """The error for a join of `url` that failed with `reason`, cleared of the token should the reason quote it."""
    reason = reason.replace(token, "<token>") if token else reason
    advice = next((words for sign, words in _ADVICE if sign in reason), "Check that the server is up and reachable.")
    return RoomConnectError(f"Could not join the room at {url}: {reason}. {advice}")


def lost_error(url: str, reason: str) -> RoomLost:
    """The error for using a connection to `url` that ended; `reason` is LiveKit's word, or empty."""
    advice = {
        "DUPLICATE_IDENTITY": "Another participant joined under the same identity; give each its own.",
        "PARTICIPANT_REMOVED": "Somebody removed this participant from the room.",
        "ROOM_DELETED": "Somebody deleted the room.",
        "SERVER_SHUTDOWN": "The server was stopped. Start it and reconnect.",
    }.get(reason, "Check the server and the network, then reconnect.")
    return RoomLost(f"The connection to the room at {url} was lost ({reason or 'no reason given'}). {advice}")


def not_allowed_error(what: str, *grants: str) -> RoomError:
    """The error for what the token does not allow; `grants` are the names of those that decide."""
    return RoomError(f"Not allowed to {what} in this room ({', '.join(grants)}). Join with a token that allows it.")


def not_connected_error(state: str) -> RoomError:
    """The error for using a connection that is not up."""
    return RoomError(f"The room is not connected (state: {state}). Connect first.")
