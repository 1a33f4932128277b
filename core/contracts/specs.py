"""What follows from a spec: JSON, checks of names and ranges, form fields, the fingerprint.

A spec is a frozen dataclass that says what a job is told. A field declared by :func:`parameter`
carries the sentence that pages and ``--help`` show, and its range or choices. An unknown name is
refused with the nearest known one.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, field, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from core.errors import InputError

T = TypeVar("T")


def parameter(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    identity: bool = True,
) -> Any:
    """Declare a spec's field: its default, the sentence that pages and ``--help`` show, its range
    or choices. ``identity`` False: it does not change the result and stays out of the fingerprint.
    """
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "choices": tuple(choices),
        "identity": identity,
    }
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Parameter:
    """One field of a spec, as forms and help texts want it."""

    name: str
    default: Any
    help: str
    low: float | None
    high: float | None
    choices: tuple[Any, ...]


def parameters(spec: type) -> Iterator[Parameter]:
    """Those fields of a spec that were declared by :func:`parameter`."""
    for item in fields(spec):
        if "help" in item.metadata:
            meta = item.metadata
            yield Parameter(
                item.name,
                item.default,
                meta["help"],
                meta.get("low"),
                meta.get("high"),
                meta["choices"],
            )


def to_json(spec: Any) -> dict[str, Any]:
    """A spec as plain JSON."""
    return json.loads(json.dumps(asdict(spec)))


def from_json(spec: type[T], values: Mapping[str, Any]) -> T:
    """A spec from JSON (or from keyword arguments).

    Raises :class:`InputError` for an unknown name, with the nearest known one, for a missing one,
    and for a value outside its range or choices.
    """
    known = {item.name: item for item in fields(spec)}  # type: ignore[arg-type]
    hints = get_type_hints(spec)
    for name in values:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InputError(
                f"There is no parameter {name!r}",
                f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}.",
            )
    missing = [
        name
        for name, item in known.items()
        if item.default is MISSING and item.default_factory is MISSING and name not in values
    ]
    if missing:
        raise InputError(f"The parameter {missing[0]!r} is missing", "Give it a value.")
    found = {name: _restored(hints[name], value) for name, value in values.items()}
    for name, value in found.items():
        _check_range(known[name], value)
    return spec(**found)


def check(spec: Any) -> None:
    """Raise :class:`InputError` where a value of the spec is outside its range or choices."""
    for item in fields(spec):
        _check_range(item, getattr(spec, item.name))


def fingerprint(spec: Any, *others: Any) -> str:
    """A hash of everything in a spec that can change the result, and of ``others`` (JSON): content
    hashes, the analysis revision.
    """
    text = json.dumps([_identity(spec), *others], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _restored(hint: Any, value: Any) -> Any:
    """A JSON value as the field's type wants it: tuples and nested specs."""
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if is_dataclass(hint) and isinstance(value, Mapping):
        return from_json(hint, value)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        if not isinstance(value, list | tuple):
            value = (value,)
        return tuple(_restored(parts[0], one) for one in value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _member(hint, value)
    return float(value) if hint is float and isinstance(value, int) else value


def _member(words: type[StrEnum], value: Any) -> StrEnum:
    try:
        return words(value)
    except ValueError as error:
        near = difflib.get_close_matches(str(value), list(words), n=1)
        raise InputError(
            f"There is no {words.__name__.lower()} {value!r}",
            f"Did you mean {near[0]}?" if near else f"Choose from {', '.join(words)}.",
        ) from error


def _check_range(item: Field[Any], value: Any) -> None:
    meta = item.metadata
    values = value if isinstance(value, tuple) else (value,)
    for one in values:
        if meta.get("choices") and one not in meta["choices"]:
            raise InputError(
                f"{item.name} cannot be {one!r}",
                f"Choose from {', '.join(map(str, meta['choices']))}.",
            )
        low, high = meta.get("low"), meta.get("high")
        if isinstance(one, int | float) and not isinstance(one, bool):
            if low is not None and one < low:
                raise InputError(f"{item.name} cannot be {one}", f"It is at least {low:g}.")
            if high is not None and one > high:
                raise InputError(f"{item.name} cannot be {one}", f"It is at most {high:g}.")


def _identity(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: _identity(getattr(value, item.name))
            for item in fields(value)
            if item.metadata.get("identity", True)
        }
    if isinstance(value, tuple | list):
        return [_identity(one) for one in value]
    return value
