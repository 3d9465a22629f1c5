"""A meeting of an account: which token lets whom in, and that no secret shows."""

import jwt
import pytest

from avatar_core.errors import ProviderStartError
from avatar_core.videosdk.account import MeetingAccount

KEYS = {"api_key": "the-key", "secret_key": "the-secret-of-at-least-32-bytes!"}


def test_with_keys_each_participant_has_a_token_of_its_own() -> None:
    account = MeetingAccount("abcd-efgh", "python", **KEYS)
    place = account.place("agent", "avatar")
    claims = jwt.decode(place.token, KEYS["secret_key"], algorithms=["HS256"])
    assert (claims["participantId"], place.participant_id, place.peer) == ("agent", "agent", "avatar")
    assert (place.sdk, place.meeting_id, place.url) == ("videosdk", "abcd-efgh", "")


def test_a_given_token_lets_everybody_in() -> None:
    account = MeetingAccount("abcd-efgh", "python", auth_token="given")
    assert account.token("agent") == account.token("avatar") == "given"


def test_without_anything_the_settings_are_named() -> None:
    with pytest.raises(ProviderStartError, match="VIDEOSDK_SECRET_KEY, or VIDEOSDK_AUTH_TOKEN"):
        MeetingAccount("abcd-efgh", "python", api_key="half").token("agent")


def test_no_secret_shows() -> None:
    account = MeetingAccount("abcd-efgh", "python", auth_token="given", **KEYS)
    assert not any(secret in repr(account) for secret in ("given", *KEYS.values()))
