"""Comparisons: their records, and the result tables that compare jobs wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from core.contracts.comparison import RESULT_ROWS, ComparisonRecord, ComparisonRow
from core.contracts.derive import table_name
from core.contracts.typed_classes import TYPED_ROWS
from core.contracts.words import RecordStatus
from core.errors import ContractError
from core.files import read_table
from core.store.database import Database, insert


def comparisons(db: Database) -> list[ComparisonRecord]:
    """All comparisons that were not removed, the newest first."""
    return db.records(
        ComparisonRow,
        ComparisonRecord,
        "SELECT * FROM comparisons WHERE removed_at IS NULL ORDER BY id DESC",
    )


def comparison(db: Database, comparison_id: int) -> ComparisonRecord | None:
    """One comparison by id, or None."""
    rows = db.records(
        ComparisonRow, ComparisonRecord, "SELECT * FROM comparisons WHERE id = ?", [comparison_id]
    )
    return rows[0] if rows else None


def add_comparison(
    db: Database,
    *,
    name: str,
    encoder: str,
    seed: int,
    real_id: int,
    version_ids: Sequence[int],
    parameters: Mapping[str, object],
) -> int:
    """Insert a comparison that waits for its job; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO comparisons
               (name, encoder, seed, real_id, version_ids, parameters, status, created_at)
               VALUES (?, ?, ?, ?, ?, ?, 'waiting', now()::TIMESTAMP) RETURNING id""",
            [name, encoder, seed, real_id, json.dumps(list(version_ids)), json.dumps(parameters)],
        ).fetchone()
    assert row is not None
    return int(row[0])


def set_job(db: Database, comparison_id: int, job_id: str) -> None:
    """Remember which job makes a comparison."""
    db.execute("UPDATE comparisons SET job_id = ? WHERE id = ?", [job_id, comparison_id])


def set_fingerprint(db: Database, comparison_id: int, fingerprint: str, real: str) -> None:
    """Remember what a comparison's answer depends on, and its real images' part of that."""
    db.execute(
        "UPDATE comparisons SET fingerprint = ?, real_fingerprint = ? WHERE id = ?",
        [fingerprint, real, comparison_id],
    )


def set_failed(db: Database, comparison_id: int) -> None:
    """The comparison will not come."""
    db.execute(
        "UPDATE comparisons SET status = ? WHERE id = ?", [RecordStatus.FAILED, comparison_id]
    )


def set_done(
    cursor: duckdb.DuckDBPyConnection,
    comparison_id: int,
    software: Mapping[str, str],
    seconds: Mapping[str, float],
) -> None:
    """The comparison is there."""
    cursor.execute(
        """UPDATE comparisons SET status = ?, finished_at = now()::TIMESTAMP, software = ?,
           seconds = ? WHERE id = ?""",
        [RecordStatus.DONE, json.dumps(software), json.dumps(seconds), comparison_id],
    )


def find_done(db: Database, fingerprint: str) -> int | None:
    """The newest finished comparison with this fingerprint, or None."""
    return db.value(
        """SELECT max(id) FROM comparisons
           WHERE fingerprint = ? AND status = 'done' AND removed_at IS NULL""",
        [fingerprint],
    )


def ingest(cursor: duckdb.DuckDBPyConnection, comparison_id: int, outputs: Path) -> None:
    """Store the tables that a compare job wrote, in place of earlier ones of the same comparison.

    Raises :class:`ContractError` for a table that is missing or not what its contract says.
    """
    _clear(cursor, comparison_id)
    for row in RESULT_ROWS:
        file = outputs / f"{table_name(row)}.parquet"
        if not file.exists():
            raise ContractError(f"The comparison's job wrote no {file.name}")
        insert(cursor, row, read_table(file), where=file.name, comparison_id=comparison_id)


def drop_comparison(db: Database, comparison_id: int) -> None:
    """Delete a comparison and its results."""
    with db.transaction() as cursor:
        _clear(cursor, comparison_id)
        cursor.execute("DELETE FROM comparisons WHERE id = ?", [comparison_id])


def _clear(cursor: duckdb.DuckDBPyConnection, comparison_id: int) -> None:
    for row in (*RESULT_ROWS, *TYPED_ROWS):
        cursor.execute(f"DELETE FROM {table_name(row)} WHERE comparison_id = ?", [comparison_id])
