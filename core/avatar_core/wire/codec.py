"""Strict JSON for frozen dataclasses: what a field's annotation says is what is accepted.

Encode and decode only; the messages themselves are in the other modules.
"""

import dataclasses
import functools
import json
import math
import types
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from avatar_core.errors import WireError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

JsonScalar = str | int | float | bool | None


@dataclasses.dataclass(frozen=True, slots=True)
class Within:
    """Annotation of a number: the smallest and the largest value accepted."""

    low: float
    high: float

    def check(self, value: Any, where: str) -> None:
        """Raise WireError where `value` lies outside."""
        if not self.low <= value <= self.high:
            raise WireError(f"{where}: {value!r} is outside {self.low:g} to {self.high:g}")


@dataclasses.dataclass(frozen=True, slots=True)
class Length:
    """Annotation of a text, a list or a mapping: the smallest and the largest number of elements accepted."""

    low: int
    high: int

    def check(self, value: Any, where: str) -> None:
        """Raise WireError where `value` is shorter or longer."""
        if not self.low <= len(value) <= self.high:
            raise WireError(f"{where}: length {len(value)} is outside {self.low} to {self.high}")


def parse_object(payload: str | bytes, *, where: str, max_bytes: int) -> dict[str, Any]:
    """Parse a JSON object of at most `max_bytes`; raises WireError for anything else, NaN and Infinity included."""
    raw = payload.encode() if isinstance(payload, str) else payload
    if len(raw) > max_bytes:
        raise WireError(f"{where}: {len(raw)} bytes, at most {max_bytes} are accepted")
    try:
        value = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as failure:
        raise WireError(f"{where}: not JSON ({failure})") from failure
    if not isinstance(value, dict):
        raise WireError(f"{where}: expected an object, got {_kind(value)}")
    return value


def to_json(value: Any) -> str:
    """The compact JSON text of a dataclass or mapping; raises WireError for NaN and Infinity."""
    try:
        return json.dumps(_plain(value), separators=(",", ":"), allow_nan=False)
    except ValueError as failure:
        raise WireError(f"{type(value).__name__} cannot be encoded: {failure}") from failure


def to_fields(value: Any) -> dict[str, Any]:
    """The fields of a dataclass as JSON values, nested ones included."""
    return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def from_fields(cls: type[T], raw: Mapping[str, Any], *, where: str, ignore_unknown: bool) -> T:
    """Build the dataclass `cls` from JSON values.

    A missing or ill-typed field, or a value outside its limits, raises WireError that names the field; an unknown
    field does too unless `ignore_unknown`.
    """
    known = {field.name: field for field in dataclasses.fields(cls)}
    if not ignore_unknown and (unknown := sorted(raw.keys() - known.keys())):
        raise WireError(f"{where}: unknown field {unknown[0]!r}")
    hints = _hints(cls)
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in raw:
            values[name] = _read(hints[name], raw[name], f"{where}.{name}", ignore_unknown)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise WireError(f"{where}: field {name!r} is missing")
    return cls(**values)


@functools.cache
def _hints(cls: Hashable) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _read(hint: Any, raw: Any, where: str, ignore_unknown: bool) -> Any:
    origin = get_origin(hint)
    if origin is Annotated:
        base, *limits = get_args(hint)
        value = _read(base, raw, where, ignore_unknown)
        for limit in limits:
            limit.check(value, where)
        return value
    if origin in (Union, types.UnionType):
        return _read_union(get_args(hint), raw, where, ignore_unknown)
    if origin is Literal:
        if isinstance(raw, str) and raw in get_args(hint):
            return raw
        raise WireError(f"{where}: expected one of {', '.join(get_args(hint))}, got {_kind(raw)} {str(raw)[:40]!r}")
    if origin is tuple:
        return _read_tuple(get_args(hint), raw, where, ignore_unknown)
    if origin is dict:
        if not isinstance(raw, dict):
            raise WireError(f"{where}: expected an object, got {_kind(raw)}")
        return {key: _read(get_args(hint)[1], item, f"{where}[{key!r}]", ignore_unknown) for key, item in raw.items()}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(raw, dict):
            raise WireError(f"{where}: expected an object, got {_kind(raw)}")
        return from_fields(hint, raw, where=where, ignore_unknown=ignore_unknown)
    return _read_scalar(hint, raw, where)


def _read_scalar(hint: Any, raw: Any, where: str) -> JsonScalar:
    # bool is an int in Python and an int is a fine float in JSON, so the exact type decides.
    if hint is float and type(raw) in (int, float):
        try:
            value = float(raw)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise WireError(f"{where}: expected a finite number")
        return value
    if type(raw) is hint:
        return raw  # type: ignore[no-any-return]
    raise WireError(f"{where}: expected {_NAMES[hint]}, got {_kind(raw)}")


def _read_union(arms: tuple[Any, ...], raw: Any, where: str, ignore_unknown: bool) -> Any:
    if raw is None and type(None) in arms:
        return None
    failures = []
    for arm in arms:
        if arm is not type(None):
            try:
                return _read(arm, raw, where, ignore_unknown)
            except WireError as failure:
                failures.append(failure)
    raise failures[-1]


def _read_tuple(arms: tuple[Any, ...], raw: Any, where: str, ignore_unknown: bool) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise WireError(f"{where}: expected a list, got {_kind(raw)}")
    if arms[-1] is Ellipsis:
        arms = (arms[0],) * len(raw)
    elif len(raw) != len(arms):
        raise WireError(f"{where}: expected {len(arms)} elements, got {len(raw)}")
    return tuple(
        _read(arm, item, f"{where}[{i}]", ignore_unknown) for i, (arm, item) in enumerate(zip(arms, raw, strict=True))
    )


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_fields(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


_NAMES = types.MappingProxyType(
    {str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
)


def _kind(raw: Any) -> str:
    if isinstance(raw, dict):
        return "an object"
    return "a list" if isinstance(raw, list) else _NAMES[type(raw)]
