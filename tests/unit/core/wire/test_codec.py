"""Strict JSON for dataclasses: each field is what its annotation says, or the error names it."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest

from avatar_core.errors import WireError
from avatar_core.wire.codec import JsonScalar, Length, Within, from_fields, parse_object, to_fields, to_json


@dataclass(frozen=True)
class Inner:
    value: int


@dataclass(frozen=True)
class Everything:
    text: Annotated[str, Length(1, 5)]
    number: Annotated[float, Within(-1, 1)]
    count: int
    flag: bool
    kind: Literal["a", "b"]
    inner: Inner
    many: Annotated[tuple[Inner, ...], Length(0, 2)]
    pair: tuple[float, str]
    options: dict[str, JsonScalar] = field(default_factory=dict)
    maybe: float | None = None


GOOD: dict[str, Any] = {
    "text": "hi",
    "number": 1,
    "count": 3,
    "flag": True,
    "kind": "b",
    "inner": {"value": 1},
    "many": [{"value": 2}],
    "pair": [0.5, "x"],
    "options": {"a": 1, "b": "c", "d": None, "e": False, "f": 0.5},
}


def read(raw: dict[str, Any], *, ignore_unknown: bool = False) -> Everything:
    return from_fields(Everything, raw, where="thing", ignore_unknown=ignore_unknown)


def test_every_kind_of_field_comes_through() -> None:
    value = read(GOOD)
    assert value == Everything(
        "hi", 1.0, 3, True, "b", Inner(1), (Inner(2),), (0.5, "x"), {"a": 1, "b": "c", "d": None, "e": False, "f": 0.5}
    )
    assert type(value.number) is float


def test_encoding_and_decoding_are_inverse() -> None:
    value = read(GOOD)
    assert read(parse_object(to_json(value), where="thing", max_bytes=1_000)) == value
    assert read(to_fields(value)) == value


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("text", "", "length 0"),
        ("text", "123456", "length 6"),
        ("text", 1, "expected a text, got a whole number"),
        ("number", 1.5, "outside"),
        ("number", True, "expected a number"),
        ("number", "1", "expected a number, got a text"),
        ("number", 10**400, "finite"),
        ("count", 1.0, "expected a whole number"),
        ("count", True, "expected a whole number, got true or false"),
        ("flag", 1, "expected true or false"),
        ("kind", "c", "one of a, b"),
        ("kind", ["a"], "one of a, b"),
        ("inner", {}, "'value' is missing"),
        ("inner", 3, "expected an object"),
        ("inner", {"value": "x"}, "thing.inner.value"),
        ("many", [{"value": 1}] * 3, "length 3"),
        ("many", [{"value": None}], r"thing.many\[0\].value"),
        ("many", {"value": 1}, "expected a list"),
        ("pair", [0.5], "expected 2 elements"),
        ("options", {"a": [1]}, r"options\['a'\]"),
        ("options", [], "expected an object"),
        ("maybe", "x", "expected a number"),
    ],
)
def test_wrong_value_is_refused_and_named(name: str, wrong: object, said: str) -> None:
    with pytest.raises(WireError, match=said):
        read({**GOOD, name: wrong})


def test_missing_field_is_refused_unless_it_has_a_default() -> None:
    with pytest.raises(WireError, match="'count' is missing"):
        read({key: value for key, value in GOOD.items() if key != "count"})
    assert read({key: value for key, value in GOOD.items() if key != "options"}).options == {}


def test_unknown_field_is_refused_or_ignored_as_asked() -> None:
    with pytest.raises(WireError, match="unknown field 'new'"):
        read({**GOOD, "new": 1})
    assert read({**GOOD, "new": 1, "inner": {"value": 1, "newer": 2}}, ignore_unknown=True) == read(GOOD)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        "3",
        '"text"',
        "null",
        '{"a": NaN}',
        '{"a": Infinity}',
        b"\xff\xfe",
        "[" * 100_000,
        "{}" + " " * 200_000,
    ],
)
def test_what_is_no_small_object_is_refused(payload: str | bytes) -> None:
    with pytest.raises(WireError, match="thing"):
        parse_object(payload, where="thing", max_bytes=120_000)


def test_what_is_no_number_cannot_be_sent() -> None:
    with pytest.raises(WireError, match="Everything"):
        to_json(read({**GOOD, "maybe": None}).__class__("hi", float("nan"), 1, True, "a", Inner(1), (), (0.0, "")))
