"""One DuckDB file: opening it, its schema, transactions, and Arrow in and out.

DuckDB allows one process to write. Inside that process every thread takes a cursor of its own;
writes go one after the other through a lock, so that two threads never conflict on a row.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.errors import InputError, SchemaTooNew, StorageFull, WorkspaceLocked
from core.store.migrations import MIGRATIONS


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
        """Number of migrations this file has had."""
        exists = self.value(
            "SELECT count(*) FROM information_schema.tables WHERE table_name = 'meta'"
        )
        if not exists:
            return 0
        return int(self.value("SELECT value FROM meta WHERE key = 'schema'") or 0)

    def _migrate(self) -> None:
        version = self.schema_version
        if version > len(MIGRATIONS):
            raise SchemaTooNew(
                f"{self.path} was written by a newer Gapscope (its schema is {version}, this one knows {len(MIGRATIONS)})",
                "Update Gapscope, or open another workspace; nothing was changed.",
            )
        if version == len(MIGRATIONS):
            return
        if self.read_only:
            raise InputError(
                f"{self.path} has an older schema ({version})",
                "Open it once for writing to update it.",
            )
        with self.transaction() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS meta (key VARCHAR PRIMARY KEY, value VARCHAR)"
            )
            for step in MIGRATIONS[version:]:
                cursor.execute(step)
            cursor.execute(
                "INSERT OR REPLACE INTO meta VALUES ('schema', ?)", [str(len(MIGRATIONS))]
            )


def insert_by_name(
    cursor: duckdb.DuckDBPyConnection, table: str, source: str, **fixed: Any
) -> None:
    """Insert the rows of ``source`` (SQL after FROM) into ``table``, column by name, with ``fixed``
    columns added.

    Columns the table lacks are added to it with the source's type, so that a task may tell more
    than the schema foresaw and nothing it told is lost.
    """
    if fixed:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(f'{name} INTEGER' for name in fixed)})"
        )
    known = {row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()}
    described = cursor.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    offered = [
        column for column in described if column[1] != '"NULL"'
    ]  # nothing but nulls: no type to keep
    for name, kind, *_ in offered:
        if name not in known:
            cursor.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}')
    columns = [f'"{name}"' for name, *_ in offered if name not in fixed]
    constants = [f"{value!r} AS {name}" for name, value in fixed.items()]
    cursor.execute(
        f"INSERT INTO {table} BY NAME SELECT {', '.join(constants + columns)} FROM {source}"
    )


def parquet_source(paths: Sequence[Path]) -> str:
    """SQL that reads Parquet files, for use after FROM."""
    quoted = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{quoted}], union_by_name = true)"


def _connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # autoinstall off: no extension is ever fetched behind the user's back
        return duckdb.connect(
            str(path),
            read_only=read_only,
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False},
        )
    except duckdb.IOException as error:
        text = str(error)
        if "lock" in text.lower():
            raise WorkspaceLocked(
                f"Another process has {path} open",
                "Close the other Gapscope (the app, or a command that still runs), or use another workspace.",
            ) from error
        if "not a valid DuckDB database" in text:
            raise InputError(
                f"{path} is not a DuckDB database", "Choose another file for the workspace."
            ) from error
        if "No space left" in text:
            raise StorageFull(
                f"The disk that holds {path} is full", "Free some space and try again."
            ) from error
        raise InputError(
            f"{path} cannot be opened: {text.splitlines()[0]}",
            "Check the path and its permissions.",
        ) from error
    except OSError as error:
        raise InputError(
            f"The folder {path.parent} cannot be made: {error.strerror}", "Choose another folder."
        ) from error


def _storage_error(error: duckdb.Error, path: Path) -> Exception:
    if "No space left" in str(error) or "not enough space" in str(error).lower():
        return StorageFull(
            f"The disk that holds {path} is full",
            "Free some space and try again; what was stored before is kept.",
        )
    return error
