"""One DuckDB file: opening it, its schema, transactions, and Arrow in and out.

DuckDB allows one process to write. Inside that process every thread takes a cursor of its own;
writes go one after the other through a lock, so that two threads never conflict on a row.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from core.contracts import derive
from core.errors import (
    InputError,
    SchemaTooNew,
    StorageFull,
    WorkspaceLocked,
    WorkspaceUnusable,
)
from core.store import schema
from core.store.migrations import MIGRATIONS

T = TypeVar("T")


class Database:
    """An open database file.

    Raises :class:`WorkspaceLocked` if another process holds the file, :class:`SchemaTooNew` if a
    newer Gapscope wrote it, :class:`InputError` if it is no DuckDB file or does not exist
    (read-only).
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._write_lock = threading.RLock()
        if read_only and not path.exists():
            raise InputError(
                f"There is no workspace at {path}",
                "Check the path, or open it for writing to make one.",
            )
        self._connection = _connect(path, read_only)
        try:
            self._migrate()
        except duckdb.Error as error:
            self._connection.close()
            raise _unusable(path, error) from error
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Write everything to the file and let go of it."""
        with self._write_lock:
            self._connection.close()

    # --- reading ----------------------------------------------------------------------------------

    def table(self, sql: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """The answer to a query as an Arrow table."""
        with self._connection.cursor() as cursor:
            # A relation, not a result: a result would be copied row by row on its way to Arrow.
            return cursor.sql(sql, params=list(parameters)).to_arrow_table()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """The answer to a query as a list of dictionaries, for small answers."""
        with self._connection.cursor() as cursor:
            result = cursor.execute(sql, list(parameters))
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def records(
        self, row: type, record: type[T], sql: str, parameters: Sequence[Any] = ()
    ) -> list[T]:
        """The answer as records of a class that has the query's columns as fields; JSON columns of
        the row contract are read (null: the field's own empty value).
        """
        read = {column.name for column in derive.columns(row) if column.kind == "json"}
        enums = derive.enumerations(row)
        return [
            record(
                **{
                    name: json.loads(value or "{}")
                    if name in read
                    else enums[name](value)
                    if name in enums and value is not None
                    else value
                    for name, value in values.items()
                }
            )
            for values in self.rows(sql, parameters)
        ]

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any] | None:
        """The first row of the answer, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The single value of a one-row, one-column answer (None if there is no row)."""
        with self._connection.cursor() as cursor:
            found = cursor.execute(sql, list(parameters)).fetchone()
            return found[0] if found else None

    # --- writing ----------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor inside one transaction: all of it is written, or nothing.

        A transaction inside a transaction of the same thread would wait for itself: pass the cursor
        on instead.
        """
        with self._write_lock, self._connection.cursor() as cursor:
            cursor.execute("BEGIN TRANSACTION")
            try:
                yield cursor
            except BaseException as error:
                cursor.execute("ROLLBACK")
                if isinstance(error, duckdb.Error):
                    raise _storage_error(error, self.path) from error
                raise
            try:
                cursor.execute("COMMIT")
            except duckdb.Error as error:
                raise _storage_error(error, self.path) from error

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """One statement in a transaction of its own."""
        with self.transaction() as cursor:
            cursor.execute(sql, list(parameters))

    def checkpoint(self) -> None:
        """Move what is in the write-ahead log into the file itself."""
        with self._write_lock, self._connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")

    # --- schema -----------------------------------------------------------------------------------

    @property
    def schema_version(self) -> int:
        """Number of migrations this file has had; 0 for one that no Gapscope wrote."""
        if not self._has_table("meta"):
            return 0
        return int(self.value("SELECT value FROM meta WHERE key = 'schema'") or 0)

    def _has_table(self, name: str | None = None) -> bool:
        condition = "WHERE table_name = ?" if name else ""
        return bool(
            self.value(
                f"SELECT count(*) FROM information_schema.tables {condition}",
                [name] if name else [],
            )
        )

    def _migrate(self) -> None:
        version, newest = self.schema_version, len(MIGRATIONS)
        if version > newest:
            raise SchemaTooNew(
                f"{self.path} was written by a newer Gapscope (its schema is {version}, this one "
                f"knows {newest})",
                "Update Gapscope, or open another workspace; nothing was changed.",
            )
        if version == newest:
            return
        if version == 0 and self._has_table():
            raise WorkspaceUnusable(
                f"{self.path} is a DuckDB database, but no Gapscope workspace",
                "Choose another file for the workspace; nothing was changed.",
            )
        if self.read_only:
            raise InputError(
                f"{self.path} has an older schema ({version})",
                "Open it once for writing to update it.",
            )
        with self.transaction() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR)"
            )
            for step in schema.statements() if version == 0 else MIGRATIONS[version:]:
                if callable(step):
                    step(cursor)
                else:
                    cursor.execute(step)
            cursor.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", [str(newest)])


def insert(
    cursor: duckdb.DuckDBPyConnection, row: type, table: pa.Table, *, where: str = "", **owner: int
) -> None:
    """Insert a table of a row contract; ``owner`` is the column that its table has besides
    (``comparison_id=7``). Raises :class:`ContractError`, naming the column, where ``table`` (called
    ``where``) is not of the contract: columns are never added by inserting.
    """
    derive.validate(row, table, where)
    constants = [f"{int(value)} AS {name}" for name, value in owner.items()]
    cursor.register("incoming", table)
    try:
        names = ", ".join(constants + [f'"{name}"' for name in table.column_names])
        cursor.execute(f"INSERT INTO {derive.table_name(row)} BY NAME SELECT {names} FROM incoming")
    finally:
        cursor.unregister("incoming")


def _connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # autoinstall off: no extension is ever fetched behind the user's back
        return duckdb.connect(
            str(path),
            read_only=read_only,
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False},
        )
    except duckdb.Error as error:
        text = str(error)
        if "lock" in text.lower():
            raise WorkspaceLocked(
                f"Another process has {path} open",
                "Close the other Gapscope (the app, or a command that still runs), or use another "
                "workspace.",
            ) from error
        if "not a valid DuckDB database" in text:
            raise WorkspaceUnusable(
                f"{path} is not a DuckDB database", "Choose another file for the workspace."
            ) from error
        if "No space left" in text:
            raise StorageFull(
                f"The disk that holds {path} is full", "Free some space and try again."
            ) from error
        raise _unusable(path, error) from error
    except OSError as error:
        raise WorkspaceUnusable(
            f"The folder {path.parent} cannot be made: {error.strerror}", "Choose another folder."
        ) from error


def _unusable(path: Path, error: duckdb.Error) -> WorkspaceUnusable:
    return WorkspaceUnusable(
        f"{path} cannot be opened: {str(error).splitlines()[0]}",
        "Check the path, its permissions and whether the file is whole, or use another workspace.",
    )


def _storage_error(error: duckdb.Error, path: Path) -> Exception:
    if "No space left" in str(error) or "not enough space" in str(error).lower():
        return StorageFull(
            f"The disk that holds {path} is full",
            "Free some space and try again; what was stored before is kept.",
        )
    return error
