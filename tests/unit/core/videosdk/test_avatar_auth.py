"""The token that lets an avatar into a VideoSDK meeting (PROTOCOLS V1)."""

import re

import jwt
import pytest

from avatar_core.clock import wall_time
from avatar_core.videosdk.avatar import generate_avatar_credentials

SECRET = "a-secret-of-thirty-two-bytes-or-more"


def test_token_has_exactly_the_claims_of_videosdk() -> None:
    """V1."""
    before = int(wall_time())
    credentials = generate_avatar_credentials("key", SECRET, participant_id="face", ttl_seconds=60)
    claims = jwt.decode(credentials.token, SECRET, algorithms=["HS256"])
    assert jwt.get_unverified_header(credentials.token) == {"alg": "HS256", "typ": "JWT"}
    assert before <= claims["iat"] <= wall_time()
    assert claims == {
        "apikey": "key",
        "permissions": ["allow_join"],
        "version": 2,
        "iat": claims["iat"],
        "exp": claims["iat"] + 60,
        "participantId": "face",
    }
    assert credentials.participant_id == "face"


def test_participant_is_named_where_nobody_names_it() -> None:
    """V1."""
    names = {generate_avatar_credentials("key", SECRET).participant_id for _ in range(20)}
    assert len(names) == 20
    assert all(re.fullmatch(r"avatar_[0-9a-f]{8}", name) for name in names)


@pytest.mark.parametrize(("key", "secret", "ttl"), [("", SECRET, 60), ("key", "", 60), ("key", SECRET, 0)])
def test_what_no_server_would_accept_is_refused_here(key: str, secret: str, ttl: int) -> None:
    with pytest.raises(ValueError, match="token"):
        generate_avatar_credentials(key, secret, ttl_seconds=ttl)
