"""Launch options and the worker's own token: what is accepted, what is refused, in which words."""

import pytest

from avatar_core.avatar.faults.planted import Faults
from avatar_core.avatar.generator import AvatarOptions
from avatar_core.avatar.worker_options import WorkerIdentity, read_options, read_own_token
from avatar_core.errors import ConfigError
from avatar_core.tokens import TokenClaims, VideoGrants, mint_token

GENERATORS = ("talking-head", "sync-pattern")


def test_no_options_give_the_defaults() -> None:
    options = read_options({}, GENERATORS)
    assert (options.generator, options.avatar, options.faults) == ("talking-head", AvatarOptions(), Faults())


def test_options_shape_the_worker_and_foreign_keys_are_left_alone() -> None:
    options = read_options(
        {
            "generator": "sync-pattern",
            "width": 640,
            "height": 360,
            "fps": 25,
            "sample_rate": 48_000,
            "grace_s": 1,
            "fault.offset_ms": 80,
            "fault.never_join": True,
            "somebody-elses": "x",
        },
        GENERATORS,
    )
    assert options.avatar == AvatarOptions(640, 360, 25.0, 48_000, 1)
    assert (options.generator, options.grace_s) == ("sync-pattern", 1.0)
    assert options.faults == Faults({"offset_ms": 80.0, "never_join": True})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"generator": "hologram"}, "no generator is called 'hologram'; known are sync-pattern, talking-head"),
        ({"fault.explode": True}, "No fault is called 'explode'. Known are offset_ms, "),
        ({"fault.never_join": 1}, "never_join=true"),
        ({"width": "wide"}, "options.width: expected a whole number"),
        ({"width": 2}, "video_width is 2 px"),
        ({"grace_s": -1}, "choose 0 to 3600"),
        ({"fault.gap_ms": -5}, "choose 20 to 900 ms"),
    ],
)
def test_wrong_options_are_named(options: dict[str, str | int | bool], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_options(options, GENERATORS)


def token(**attributes: str) -> str:
    claims = TokenClaims("avatar-1", VideoGrants(room_join=True, room="r"), kind="agent", attributes=attributes)
    return mint_token(claims, api_key="key", api_secret="a-secret-of-more-than-32-bytes-for-tests")


def test_token_tells_who_the_worker_is_and_whom_it_obeys() -> None:
    assert read_own_token(token(**{"lk.publish_on_behalf": "agent-x"})) == WorkerIdentity("avatar-1", "agent-x")


@pytest.mark.parametrize("text", ["", "a", "a.b.c", "a.e30.c", "a.bnVsbA.c", "ä.ö.ü"])
def test_what_is_no_token_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ConfigError, match="token"):
        read_own_token(text)


def test_token_without_a_controller_is_refused() -> None:
    """B26: never whoever comes first."""
    with pytest.raises(ConfigError, match=r"lk\.publish_on_behalf"):
        read_own_token(token())
