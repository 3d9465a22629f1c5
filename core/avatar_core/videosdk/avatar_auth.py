"""VideoSDK's `agents.avatar.avatar_auth`: what an avatar joins with, by their names (PROTOCOLS V1)."""

import secrets
from dataclasses import dataclass, field

import jwt

from avatar_core.clock import wall_time

LINKED_AGENT_ID = "videosdk.linked_agent_id"
"""Exported by videosdk-agents 1.0.30, and used nowhere in it."""


@dataclass(frozen=True)
class AvatarAuthCredentials:
    """Who an avatar is in a meeting, and the token that lets it in, which shows in no repr. `attributes` go nowhere."""

    participant_id: str
    token: str = field(repr=False)
    attributes: dict[str, str] | None = None


@dataclass(frozen=True)
class AvatarJoinInfo:
    """The body of a request to a dispatcher (PROTOCOLS V2)."""

    room_name: str
    token: str = field(repr=False)
    participant_id: str | None = None
    signaling_base_url: str | None = None


def generate_avatar_credentials(
    api_key: str, secret: str, *, participant_id: str | None = None, ttl_seconds: int = 3600
) -> AvatarAuthCredentials:
    """Sign a token that lets `participant_id`, or `avatar_` and 8 hex digits, into any meeting of the account (V1).

    Raises ValueError for an empty key or secret, and for a life that is none: the server would only say 401.
    """
    if not api_key or not secret:
        raise ValueError("VideoSDK's API key and secret key are both needed to sign a token")
    if ttl_seconds <= 0:
        raise ValueError(f"a token that lives {ttl_seconds} s lets nobody in")
    identity = participant_id or f"avatar_{secrets.token_hex(4)}"
    now = int(wall_time())
    claims = {
        "apikey": api_key,
        "permissions": ["allow_join"],
        "version": 2,
        "iat": now,
        "exp": now + ttl_seconds,
        "participantId": identity,
    }
    return AvatarAuthCredentials(identity, jwt.encode(claims, secret, algorithm="HS256"))
