import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest

from avatar_core.errors import TokenError
from avatar_core.tokens import LEEWAY_S, MAX_TOKEN_BYTES, TokenClaims, VideoGrants, mint_token, verify_token

KEY = "bench-key"
SECRET = "a-secret-of-more-than-thirty-two-bytes"
NOW_S = 1_700_000_000.0
CLAIMS = TokenClaims(identity="ada", grants=VideoGrants(room_join=True, room="studio"))


def verify(token: str, *, api_key: str = KEY, api_secret: str = SECRET, now_s: float = NOW_S) -> TokenClaims:
    return verify_token(token, api_key=api_key, api_secret=api_secret, now_s=now_s)


def mint(claims: TokenClaims = CLAIMS, *, ttl_s: float = 600, now_s: float = NOW_S) -> str:
    return mint_token(claims, api_key=KEY, api_secret=SECRET, ttl_s=ttl_s, now_s=now_s)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(payload: bytes, *, header: bytes = b'{"alg":"HS256","typ":"JWT"}', secret: str = SECRET) -> str:
    """A token made by hand, so that the code under test is not its own judge."""
    signed = f"{b64(header)}.{b64(payload)}"
    return f"{signed}.{b64(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def sign_fields(fields: Mapping[str, Any]) -> str:
    payload = {"iss": KEY, "sub": "ada", "exp": NOW_S + 600, "nbf": NOW_S, **fields}
    return sign(json.dumps({key: value for key, value in payload.items() if value is not None}).encode())


def test_minted_token_is_verified_to_the_same_claims() -> None:
    claims = TokenClaims(
        identity="avatar-1",
        grants=VideoGrants(
            room_join=True,
            room="studio",
            can_publish=True,
            can_subscribe=False,
            can_publish_data=True,
            can_publish_sources=("camera", "screen_share_audio"),
            can_update_own_metadata=True,
            hidden=True,
        ),
        name="Ávatar",
        kind="agent",
        metadata='{"a": 1}',
        attributes={"lk.publish_on_behalf": "ada"},
    )

    assert verify(mint(claims)) == claims


def test_unset_grants_are_not_written_so_that_the_server_applies_its_defaults() -> None:
    payload = json.loads(base64.urlsafe_b64decode(mint().split(".")[1] + "=="))

    assert payload["video"] == {"roomJoin": True, "room": "studio"}
    assert "metadata" not in payload


def test_token_minted_now_is_valid_now() -> None:
    token = mint_token(CLAIMS, api_key=KEY, api_secret=SECRET)

    assert verify_token(token, api_key=KEY, api_secret=SECRET) == CLAIMS


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (TokenClaims(identity="", grants=VideoGrants()), "identity"),
        (TokenClaims(identity="ada", grants=VideoGrants(), kind="robot"), "kind"),
        (TokenClaims(identity="ada", grants=VideoGrants(room_join=True)), "room"),
    ],
)
def test_claims_that_no_server_accepts_are_not_minted(claims: TokenClaims, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        mint(claims)


@pytest.mark.parametrize(("api_key", "api_secret"), [("", SECRET), (KEY, "")])
def test_empty_credentials_are_a_programming_error(api_key: str, api_secret: str) -> None:
    with pytest.raises(ValueError, match="API key"):
        mint_token(CLAIMS, api_key=api_key, api_secret=api_secret)
    with pytest.raises(ValueError, match="API key"):
        verify(sign(b"{}", secret=""), api_key=api_key, api_secret=api_secret)


def test_expired_token_is_refused_after_the_leeway_only() -> None:
    token = mint(ttl_s=600)

    assert verify(token, now_s=NOW_S + 600 + LEEWAY_S - 1) == CLAIMS
    with pytest.raises(TokenError, match="expired 60 s ago"):
        verify(token, now_s=NOW_S + 600 + LEEWAY_S)


def test_token_of_the_future_is_refused_before_the_leeway() -> None:
    token = mint()

    assert verify(token, now_s=NOW_S - LEEWAY_S) == CLAIMS
    with pytest.raises(TokenError, match=r"not valid before 3600 s from now \(nbf\)"):
        verify(token, now_s=NOW_S - 3600)


def test_token_without_not_before_is_accepted() -> None:
    assert verify(sign_fields({"nbf": None})).identity == "ada"


def test_wrong_secret_is_refused() -> None:
    with pytest.raises(TokenError, match="signature does not fit"):
        verify(mint(), api_secret="another-secret-of-thirty-two-bytes-and-more")


def test_wrong_api_key_is_refused() -> None:
    with pytest.raises(TokenError, match="another API key"):
        verify(mint(), api_key="other-key")


def test_changed_payload_is_refused() -> None:
    header, _, signature = mint().split(".")
    payload = b64(json.dumps({"iss": KEY, "sub": "eve", "exp": NOW_S + 600}).encode())

    with pytest.raises(TokenError, match="signature does not fit"):
        verify(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "", None, 7])
def test_any_algorithm_but_hs256_is_refused(algorithm: object) -> None:
    header = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    payload = json.dumps({"iss": KEY, "sub": "ada", "exp": NOW_S + 600}).encode()

    with pytest.raises(TokenError):
        verify(sign(payload, header=header))
    with pytest.raises(TokenError):
        verify(f"{b64(header)}.{b64(payload)}.")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "..",
        "a.b",
        "not a token",
        "\ud800.\ud800.\ud800",
        "ä.ö.ü",
        f"{b64(b'[' * 20_000)}.e30.e30",
        f"{b64(b'9' * 20_000)}.e30.e30",
        f"{b64(b'[]')}.e30.e30",
        sign(b"\xff\xfe"),
        sign(b"[" * 30_000),
    ],
)
def test_what_is_not_a_json_web_token_is_refused(token: str) -> None:
    with pytest.raises(TokenError, match="not a JSON web token"):
        verify(token)


@pytest.mark.parametrize("payload", [b"[]", b'"text"', b"3", b"null"])
def test_payload_must_be_an_object(payload: bytes) -> None:
    with pytest.raises(TokenError, match="payload is not an object"):
        verify(sign(payload))


@pytest.mark.parametrize("field", ["sub", "name", "metadata"])
def test_half_a_surrogate_pair_is_refused(field: str) -> None:
    with pytest.raises(TokenError, match="no Unicode"):
        verify(sign_fields({field: "\ud800"}))


def test_oversized_token_is_refused_unread() -> None:
    claims = TokenClaims(identity="ada", grants=VideoGrants(), metadata="m" * MAX_TOKEN_BYTES)

    with pytest.raises(TokenError, match="longer than"):
        verify(mint(claims))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"sub": None}, "no identity"),
        ({"sub": ""}, "no identity"),
        ({"sub": 7}, "sub is not text"),
        ({"iss": None}, "another API key"),
        ({"iss": [KEY]}, "iss is not text"),
        ({"exp": None}, "no expiry"),
        ({"exp": "tomorrow"}, "exp is not a time"),
        ({"exp": True}, "exp is not a time"),
        ({"exp": float("nan")}, "exp is not a time"),
        ({"exp": float("inf")}, "exp is not a time"),
        ({"exp": 10**400}, "exp is not a time"),
        ({"nbf": {}}, "nbf is not a time"),
        ({"nbf": -1}, "nbf is not a time"),
        ({"name": 1}, "name is not text"),
        ({"kind": "robot"}, "kind is none of"),
        ({"kind": ["agent"]}, "kind is not text"),
        ({"metadata": {"a": 1}}, "metadata is not text"),
        ({"attributes": "a=1"}, "attributes is not an object"),
        ({"attributes": {"a": 1}}, "attributes are not all text"),
        ({"video": "all"}, "video is not an object"),
        ({"video": {"roomJoin": "yes"}}, "video.roomJoin is neither"),
        ({"video": {"canPublish": 1}}, "video.canPublish is neither"),
        ({"video": {"canSubscribe": []}}, "video.canSubscribe is neither"),
        ({"video": {"canPublishData": "no"}}, "video.canPublishData is neither"),
        ({"video": {"canUpdateOwnMetadata": 0}}, "video.canUpdateOwnMetadata is neither"),
        ({"video": {"hidden": "x"}}, "video.hidden is neither"),
        ({"video": {"room": 5}}, "video.room is not text"),
        ({"video": {"canPublishSources": "camera"}}, "canPublishSources is not a list"),
        ({"video": {"canPublishSources": [1]}}, "canPublishSources is not a list"),
    ],
)
def test_field_of_a_wrong_type_or_missing_is_refused_by_name(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(TokenError, match=reason):
        verify(sign_fields(fields))


def test_null_and_unknown_fields_are_as_good_as_missing() -> None:
    token = sign(
        json.dumps(
            {
                "iss": KEY,
                "sub": "ada",
                "exp": NOW_S + 600,
                "name": None,
                "attributes": None,
                "sip": {"admin": True},
                "video": {"roomJoin": None, "canPublish": None, "canPublishSources": None, "roomAdmin": True},
            }
        ).encode()
    )

    assert verify(token) == TokenClaims(identity="ada", grants=VideoGrants())


def test_refusal_holds_neither_token_nor_secret() -> None:
    token = mint()
    for wrong in (token[:-4] + "AAAA", token.replace(".", "!"), token[:40]):
        with pytest.raises(TokenError) as refused:
            verify(wrong)
        assert SECRET not in str(refused.value)
        assert not any(part and part in str(refused.value) for part in token.split("."))
        assert refused.value.__cause__ is None


def test_join_is_allowed_for_the_named_room_alone() -> None:
    grants = VideoGrants(room_join=True, room="studio")

    assert grants.may_join("studio")
    assert not grants.may_join("Studio")
    assert not VideoGrants(room="studio").may_join("studio")


def test_silent_token_allows_to_publish_subscribe_and_send_data() -> None:
    grants = VideoGrants()

    assert grants.may_publish()
    assert grants.may_publish("camera")
    assert grants.may_subscribe()
    assert grants.may_publish_data()


def test_listed_sources_shut_out_the_others() -> None:
    grants = VideoGrants(can_publish_sources=("microphone",))

    assert grants.may_publish("microphone")
    assert not grants.may_publish("camera")
    assert not VideoGrants(can_publish=False, can_publish_sources=("microphone",)).may_publish("microphone")


def test_data_follows_publish_unless_it_is_granted_by_itself() -> None:
    assert not VideoGrants(can_publish=False).may_publish_data()
    assert VideoGrants(can_publish=False, can_publish_data=True).may_publish_data()
    assert not VideoGrants(can_publish=True, can_publish_data=False).may_publish_data()
    assert not VideoGrants(can_subscribe=False).may_subscribe()
