"""What follows from a row contract: Arrow schema, DDL, validation, documentation.

A contract is a frozen dataclass. A *row* (a subclass of nothing, with ``TABLE`` naming its table)
declares each column once: its name, its type (one of the names below) and, by :func:`about`, its
meaning, unit or range. This module derives everything else, so that a column is named once in
Python. :mod:`core.contracts.specs` does the same for what a job is told.

``class`` is a column of many tables and a keyword of Python: a field ``class_`` is the column
``class``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import ContractError

Int = Annotated[int, "int32"]
Long = Annotated[int, "int64"]
Single = Annotated[float, "float32"]
Double = Annotated[float, "float64"]
Text = Annotated[str, "string"]
Flag = Annotated[bool, "bool"]
Bytes = Annotated[bytes, "binary"]
Time = Annotated[Any, "timestamp"]
Texts = Annotated[tuple[str, ...], "strings"]
Singles = Annotated[tuple[float, ...], "singles"]
Json = Annotated[Any, "json"]  # stored as JSON text; tuples of dataclasses come back as such

_ARROW: dict[str, pa.DataType] = {
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us"),
    "strings": pa.list_(pa.string()),
    "singles": pa.list_(pa.float32()),
    "json": pa.string(),
}
_SQL = {
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "binary": "BLOB",
    "timestamp": "TIMESTAMP",
    "strings": "VARCHAR[]",
    "singles": "FLOAT[]",
    "json": "JSON",
}

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """One column of a row contract. ``kind``: one of the type names above; ``item``: the dataclass
    that a JSON column holds a tuple of; ``sql``: constraint or default for the DDL.
    """

    name: str
    attribute: str
    kind: str
    nullable: bool
    about: str
    sql: str
    item: type | None


def about(text: str, *, sql: str = "", item: type | None = None) -> Any:
    """Declare a column: its meaning with unit or range; ``sql`` is appended to its DDL; ``item`` is
    the dataclass of which a JSON column holds a list.
    """
    return field(metadata={"about": text, "sql": sql, "item": item})


# --- rows -----------------------------------------------------------------------------------------


def columns(row: type) -> tuple[Column, ...]:
    """The columns of a row contract in their order."""
    return _columns(row)


@cache
def _columns(row: type) -> tuple[Column, ...]:
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(item, hints[item.name]) for item in fields(row))


def schema(row: type) -> pa.Schema:
    """The Arrow schema of a row contract."""
    return _schema(row)


@cache
def _schema(row: type) -> pa.Schema:
    return pa.schema([pa.field(c.name, _ARROW[c.kind], c.nullable) for c in columns(row)])


@cache
def enumerations(row: type) -> dict[str, type[StrEnum]]:
    """The columns of a row contract whose values are an enumeration's, with that enumeration."""
    found = {}
    for name, hint in get_type_hints(row, include_extras=True).items():
        for part in (hint, *get_args(hint)):
            if isinstance(part, type) and issubclass(part, StrEnum):
                found[name.removesuffix("_")] = part
    return found


def ddl(row: type, *, owner: str | None = None, table: str | None = None) -> str:
    """``CREATE TABLE`` for a row contract. ``owner``: the column that names the comparison or study
    which the rows belong to, put first.
    """
    lines = [f"{owner} INTEGER NOT NULL"] if owner else []
    for one in columns(row):
        null = "" if one.nullable or "PRIMARY KEY" in one.sql else " NOT NULL"
        lines.append(f'"{one.name}" {_SQL[one.kind]}{null}{" " + one.sql if one.sql else ""}')
    return f"CREATE TABLE {table or table_name(row)} (\n    " + ",\n    ".join(lines) + "\n);"


def table_name(row: type) -> str:
    """The name of a row contract's table."""
    return str(row.TABLE)  # type: ignore[attr-defined]


def from_columns(row: type, values: Mapping[str, Any]) -> pa.Table:
    """A table of this contract from whole columns (arrays, lists, Arrow arrays) by attribute name.

    Numbers that are not finite become null where the column may be null. Raises
    :class:`ContractError` for a missing, surplus or ill-typed column.
    """
    known = columns(row)
    _check_names(row, [c.attribute for c in known], values, "was given")
    arrays = []
    for one in known:
        try:
            arrays.append(_array(values[one.attribute], one))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise ContractError(f"{row.__name__}.{one.name}: {error}") from error
    table = pa.Table.from_arrays(arrays, schema=schema(row))
    validate(row, table)
    return table


def conform(row: type, table: pa.Table) -> pa.Table:
    """``table`` with its columns in the contract's order and types, or :class:`ContractError`."""
    names = {c.name: c.attribute for c in columns(row)}
    return from_columns(
        row, {names.get(name, name): table.column(name) for name in table.column_names}
    )


def from_rows(row: type[T], rows: Iterable[T]) -> pa.Table:
    """A table of this contract from its rows."""
    found = list(rows)
    return from_columns(
        row, {c.attribute: [getattr(one, c.attribute) for one in found] for c in columns(row)}
    )


def read_rows(row: type[T], table: pa.Table) -> list[T]:
    """Rows of this contract from a table that has at least its columns. JSON columns are read."""
    names = columns(row)
    values = [_read(table.column(c.name).to_pylist(), c) for c in names]
    return [row(*parts) for parts in zip(*values, strict=True)]


def validate(row: type, table: pa.Table, where: str = "") -> None:
    """Raise :class:`ContractError`, naming the column, where ``table`` is not of this contract."""
    wanted, place = schema(row), f" in {where}" if where else ""
    _check_names(row, wanted.names, dict.fromkeys(table.column_names), f"is{place}")
    for item in wanted:
        column = table.column(item.name)
        if column.type != item.type:
            raise ContractError(
                f"{row.__name__}.{item.name}{place} is {column.type}, not {item.type}"
            )
        if not item.nullable and column.null_count:
            raise ContractError(f"{row.__name__}.{item.name}{place} has {column.null_count} nulls")


def markdown(row: type) -> str:
    """The contract as the Markdown table of ``docs/architecture.md``."""
    lines = [
        f"**{table_name(row)}** · {first_line(row)}",
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    for one in columns(row):
        kind = _SQL[one.kind] + (" or null" if one.nullable else "")
        lines.append(f"| `{one.name}` | {kind} | {one.about} |")
    return "\n".join(lines)


def first_line(contract: type) -> str:
    """The first sentence of a contract's docstring."""
    return " ".join((contract.__doc__ or "").split("\n\n")[0].split())


# --- inside ---------------------------------------------------------------------------------------


def _column(item: Field[Any], hint: Any) -> Column:
    nullable = False
    if get_origin(hint) in (Union, UnionType):
        nullable = True
        hint = next(part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Annotated:
        kind = get_args(hint)[1]
    elif isinstance(hint, type) and issubclass(hint, StrEnum):
        kind = "string"
    else:
        raise TypeError(
            f"{item.name}: {hint} is no column type; use those of core.contracts.derive"
        )
    meta = item.metadata
    name = item.name.removesuffix("_")
    return Column(
        name,
        item.name,
        kind,
        nullable,
        meta.get("about", ""),
        meta.get("sql", ""),
        meta.get("item"),
    )


def _array(values: Any, column: Column) -> pa.Array | pa.ChunkedArray:
    kind = _ARROW[column.kind]
    if isinstance(values, pa.ChunkedArray | pa.Array):
        if pa.types.is_floating(values.type):
            values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, values.type))
        return values.cast(kind)
    if column.kind == "json":
        return pa.array([_dumped(value) for value in values], kind)
    if column.kind.startswith("float"):
        if hasattr(values, "dtype") and values.dtype.kind == "f":
            return pa.array(values, mask=~(abs(values) < math.inf)).cast(kind)
        values = [None if v is None or not math.isfinite(v) else float(v) for v in values]
    elif not hasattr(values, "dtype"):
        values = [v.item() if hasattr(v, "item") else v for v in values]
    return pa.array(values, kind) if not hasattr(values, "dtype") else pa.array(values).cast(kind)


def _dumped(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, tuple | list):
        value = [
            asdict(one) if is_dataclass(one) and not isinstance(one, type) else one for one in value
        ]
    return json.dumps(value, allow_nan=False)


def _read(values: list[Any], column: Column) -> list[Any]:
    if column.kind in ("strings", "singles"):
        return [None if value is None else tuple(value) for value in values]
    if column.kind != "json":
        return values
    read = [None if value is None else json.loads(value) for value in values]
    if column.item is None:
        return read
    known = {item.name for item in fields(column.item)}
    return [
        tuple(column.item(**{k: v for k, v in one.items() if k in known}) for one in value or ())
        for value in read
    ]


def _check_names(row: type, wanted: Iterable[str], given: Mapping[str, Any], verb: str) -> None:
    names = list(wanted)
    for name in names:
        if name not in given:
            raise ContractError(f"{row.__name__} wants a column {name!r}, which {verb} not there")
    for name in given:
        if name not in names:
            raise ContractError(f"{row.__name__} has no column {name!r}, which {verb} there")
