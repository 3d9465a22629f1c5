"""LiveKit access tokens: mint and verify them (JWT, HS256), and what their grants allow.

Who may join with which token is decided by the room server; here is only what the token says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from avatar_core.clock import wall_time
from avatar_core.errors import TokenError

MAX_TOKEN_BYTES = 64 * 1024
LEEWAY_S = 60.0  # LiveKit's allowance for clocks that disagree
PARTICIPANT_KINDS = ("standard", "ingress", "egress", "sip", "agent")

_ALGORITHM = "HS256"
_LATEST_S = 2.0**53  # beyond it a float no longer counts seconds


@dataclass(frozen=True)
class VideoGrants:
    """What a participant may do in a room. None stands for LiveKit's default, which the `may_*` methods know.

    `can_publish_sources` holds LiveKit's source names: camera, microphone, screen_share, screen_share_audio.
    """

    room_join: bool = False
    room: str = ""
    can_publish: bool | None = None
    can_subscribe: bool | None = None
    can_publish_data: bool | None = None
    can_publish_sources: tuple[str, ...] = ()
    can_update_own_metadata: bool = False
    hidden: bool = False

    def may_join(self, room: str) -> bool:
        """Whether the holder may join the room of that name."""
        return self.room_join and self.room == room

    def may_publish(self, source: str = "") -> bool:
        """Whether a track may be published; with a `source`, one of that source."""
        if self.can_publish is False:
            return False
        return not source or not self.can_publish_sources or source in self.can_publish_sources

    def may_subscribe(self) -> bool:
        """Whether the tracks of others may be received."""
        return self.can_subscribe is not False

    def may_publish_data(self) -> bool:
        """Whether data packets may be sent; where the token is silent, this follows `can_publish` as in LiveKit."""
        return self.may_publish() if self.can_publish_data is None else self.can_publish_data


@dataclass(frozen=True)
class TokenClaims:
    """Who the holder is and what it may do. `kind` is one of PARTICIPANT_KINDS."""

    identity: str
    grants: VideoGrants
    name: str = ""
    kind: str = "standard"
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def mint_token(
    claims: TokenClaims, *, api_key: str, api_secret: str, ttl_s: float = 6 * 3600, now_s: float | None = None
) -> str:
    """Sign `claims` as a token valid from `now_s` (seconds since the epoch; None = now) for `ttl_s` seconds.

    Raises ValueError for claims that no server would accept: no identity, an unknown kind, a join without a room.
    """
    _require_credentials(api_key, api_secret)
    if not claims.identity:
        raise ValueError("a token needs an identity")
    if claims.kind not in PARTICIPANT_KINDS:
        raise ValueError(f"unknown participant kind {claims.kind!r}; known are {', '.join(PARTICIPANT_KINDS)}")
    if claims.grants.room_join and not claims.grants.room:
        raise ValueError("a token that allows to join must name the room")
    issued_s = wall_time() if now_s is None else now_s
    optional = {"name": claims.name, "metadata": claims.metadata, "attributes": dict(claims.attributes)}
    payload = {
        "iss": api_key,
        "sub": claims.identity,
        "nbf": int(issued_s),
        "exp": int(issued_s + ttl_s),
        "kind": claims.kind,
        "video": _grants_to_json(claims.grants),
        **{key: value for key, value in optional.items() if value},
    }
    return jwt.PyJWS().encode(json.dumps(payload, separators=(",", ":")).encode(), api_secret, algorithm=_ALGORITHM)


def verify_token(token: str, *, api_key: str, api_secret: str, now_s: float | None = None) -> TokenClaims:
    """Check signature, issuer, times and the type of every field of `token`, and return what it says.

    Raises TokenError with a reason that may be shown to anybody: it never holds the token or the secret.
    """
    _require_credentials(api_key, api_secret)
    payload = _Fields(_verified_payload(token, api_secret), of="")
    if payload.text("iss") != api_key:
        raise _refusal("it was issued for another API key")
    _check_times(payload, wall_time() if now_s is None else now_s)
    identity = payload.text("sub")
    if not identity:
        raise _refusal("it has no identity (sub)")
    kind = payload.text("kind") or "standard"
    if kind not in PARTICIPANT_KINDS:
        raise _refusal(f"its kind is none of {', '.join(PARTICIPANT_KINDS)}")
    attributes = payload.mapping("attributes")
    if not all(isinstance(value, str) for value in attributes.values()):
        raise _refusal("its attributes are not all text")
    return TokenClaims(
        identity=identity,
        grants=_grants_from_json(payload.mapping("video")),
        name=payload.text("name"),
        kind=kind,
        metadata=payload.text("metadata"),
        attributes=attributes,
    )


def _require_credentials(api_key: str, api_secret: str) -> None:
    if not api_key or not api_secret:
        raise ValueError("an API key and an API secret are needed")


def _refusal(reason: str) -> TokenError:
    return TokenError(f"access token refused: {reason}")


def _verified_payload(token: str, api_secret: str) -> dict[str, Any]:
    # The signature layer alone is used: PyJWT's checks of claims read the wall clock and quote claims in errors.
    if len(token) > MAX_TOKEN_BYTES:
        raise _refusal(f"it is longer than {MAX_TOKEN_BYTES} bytes")
    if not token.isascii():
        raise _refusal("it is not a JSON web token")
    try:
        payload = json.loads(jwt.PyJWS().decode(token, api_secret, algorithms=[_ALGORITHM]))
    except jwt.InvalidAlgorithmError:
        raise _refusal(f"it is not signed with {_ALGORITHM}") from None
    except jwt.InvalidSignatureError:
        raise _refusal("its signature does not fit the API secret") from None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _refusal("it is not a JSON web token") from None
    if not isinstance(payload, dict):
        raise _refusal("its payload is not an object")
    try:
        json.dumps(payload, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair: no protobuf could carry it on
        raise _refusal("it holds text that is no Unicode") from None
    return payload


def _check_times(payload: "_Fields", now_s: float) -> None:
    expires_s = payload.time_s("exp")
    if expires_s is None:
        raise _refusal("it has no expiry (exp)")
    if expires_s + LEEWAY_S <= now_s:
        raise _refusal(f"it expired {now_s - expires_s:.0f} s ago")
    begins_s = payload.time_s("nbf")
    if begins_s is not None and begins_s - LEEWAY_S > now_s:
        raise _refusal(f"it is not valid before {begins_s - now_s:.0f} s from now (nbf)")


def _grants_to_json(grants: VideoGrants) -> dict[str, Any]:
    fields = {
        "roomJoin": grants.room_join or None,
        "room": grants.room or None,
        "canPublish": grants.can_publish,
        "canSubscribe": grants.can_subscribe,
        "canPublishData": grants.can_publish_data,
        "canPublishSources": list(grants.can_publish_sources) or None,
        "canUpdateOwnMetadata": grants.can_update_own_metadata or None,
        "hidden": grants.hidden or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _grants_from_json(values: dict[str, Any]) -> VideoGrants:
    grants = _Fields(values, of="video.")
    sources = values.get("canPublishSources") or []
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        raise _refusal("its video.canPublishSources is not a list of texts")
    return VideoGrants(
        room_join=bool(grants.flag("roomJoin")),
        room=grants.text("room"),
        can_publish=grants.flag("canPublish"),
        can_subscribe=grants.flag("canSubscribe"),
        can_publish_data=grants.flag("canPublishData"),
        can_publish_sources=tuple(sources),
        can_update_own_metadata=bool(grants.flag("canUpdateOwnMetadata")),
        hidden=bool(grants.flag("hidden")),
    )


class _Fields:
    """Typed reading of a JSON object; null counts as missing, a wrong type is a TokenError."""

    def __init__(self, values: dict[str, Any], *, of: str) -> None:
        self._values = values
        self._of = of

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise _refusal(f"its {self._of}{key} is not text")
        return value or ""

    def flag(self, key: str) -> bool | None:
        value = self._values.get(key)
        if value is not None and not isinstance(value, bool):
            raise _refusal(f"its {self._of}{key} is neither true nor false")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        value = self._values.get(key)
        if value is not None and not isinstance(value, dict):
            raise _refusal(f"its {self._of}{key} is not an object")
        return value or {}

    def time_s(self, key: str) -> float | None:
        value = self._values.get(key)
        if value is None:
            return None
        # The range also shuts out NaN, infinity and integers too large for a float.
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LATEST_S:
            raise _refusal(f"its {self._of}{key} is not a time in seconds")
        return float(value)
