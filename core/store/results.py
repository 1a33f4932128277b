"""Comparisons and studies: their records, and the result tables that jobs wrote."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.store.database import Database, insert_by_name, parquet_source
from core.store.migrations import RESULT_TABLES

STUDY_PREFIX = "study_"


@dataclass(frozen=True)
class ComparisonRecord:
    """One real dataset against versions under one encoder and one set of parameters.

    ``status``: waiting, done or failed. ``seconds``: by stage.
    """

    id: int
    name: str
    encoder: str
    seed: int
    real_id: int
    version_ids: list[int]
    parameters: dict[str, Any]
    fingerprint: str | None
    real_fingerprint: str | None
    status: str
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None
    software: dict[str, str]
    seconds: dict[str, float]


@dataclass(frozen=True)
class StudyRecord:
    """One FFR experiment. ``verdict`` holds its sentences once it is done."""

    id: int
    name: str
    real_id: int
    version_ids: list[int]
    parameters: dict[str, Any]
    status: str
    job_id: str | None
    created_at: datetime
    finished_at: datetime | None
    software: dict[str, str]
    verdict: dict[str, Any]


def _decode(row: dict[str, Any], **defaults: str) -> dict[str, Any]:
    return {**row, **{name: json.loads(row[name] or default) for name, default in defaults.items()}}


def _comparison(row: dict[str, Any]) -> ComparisonRecord:
    return ComparisonRecord(
        **_decode(row, version_ids="[]", parameters="{}", software="{}", seconds="{}")
    )


def _study(row: dict[str, Any]) -> StudyRecord:
    return StudyRecord(
        **_decode(row, version_ids="[]", parameters="{}", software="{}", verdict="{}")
    )


# --- comparisons ----------------------------------------------------------------------------------


def comparisons(db: Database) -> list[ComparisonRecord]:
    """All comparisons, the newest first."""
    return [_comparison(row) for row in db.rows("SELECT * FROM comparisons ORDER BY id DESC")]


def comparison(db: Database, comparison_id: int) -> ComparisonRecord | None:
    """One comparison by id, or None."""
    row = db.row("SELECT * FROM comparisons WHERE id = ?", [comparison_id])
    return _comparison(row) if row else None


def add_comparison(
    db: Database,
    *,
    name: str,
    encoder: str,
    seed: int,
    real_id: int,
    version_ids: list[int],
    parameters: dict[str, Any],
) -> int:
    """Insert a comparison that waits for its job; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO comparisons (name, encoder, seed, real_id, version_ids, parameters, status, created_at)
               VALUES (?, ?, ?, ?, ?, ?, 'waiting', now()::TIMESTAMP) RETURNING id""",
            [name, encoder, seed, real_id, json.dumps(version_ids), json.dumps(parameters)],
        ).fetchone()
    assert row is not None
    return int(row[0])


def update_record(db: Database, table: str, record_id: int, **columns: Any) -> None:
    """Set columns of one comparison or study; dictionaries and lists are stored as JSON."""
    with db.transaction() as cursor:
        for name, value in columns.items():
            stored = json.dumps(value) if isinstance(value, dict | list) else value
            cursor.execute(f"UPDATE {table} SET {name} = ? WHERE id = ?", [stored, record_id])


def find_done(db: Database, fingerprint: str) -> int | None:
    """The newest finished comparison with this fingerprint, or None."""
    return db.value(
        "SELECT max(id) FROM comparisons WHERE fingerprint = ? AND status = 'done'", [fingerprint]
    )


def ingest_comparison(cursor: duckdb.DuckDBPyConnection, comparison_id: int, outputs: Path) -> None:
    """Store the tables that a compare job wrote, in place of earlier ones of the same comparison."""
    for table in RESULT_TABLES:
        cursor.execute(f"DELETE FROM {table} WHERE comparison_id = ?", [comparison_id])
        file = outputs / f"{table}.parquet"
        if file.exists():
            insert_by_name(cursor, table, parquet_source([file]), comparison_id=comparison_id)


def remove_comparison(db: Database, comparison_id: int) -> None:
    """Forget a comparison and its results."""
    with db.transaction() as cursor:
        for table in RESULT_TABLES:
            cursor.execute(f"DELETE FROM {table} WHERE comparison_id = ?", [comparison_id])
        cursor.execute("DELETE FROM comparisons WHERE id = ?", [comparison_id])


# --- studies --------------------------------------------------------------------------------------


def studies(db: Database) -> list[StudyRecord]:
    """All studies, the newest first."""
    return [_study(row) for row in db.rows("SELECT * FROM studies ORDER BY id DESC")]


def study(db: Database, study_id: int) -> StudyRecord | None:
    """One study by id, or None."""
    row = db.row("SELECT * FROM studies WHERE id = ?", [study_id])
    return _study(row) if row else None


def add_study(
    db: Database, *, name: str, real_id: int, version_ids: list[int], parameters: dict[str, Any]
) -> int:
    """Insert a study that waits for its job; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO studies (name, real_id, version_ids, parameters, status, created_at)
               VALUES (?, ?, ?, ?, 'waiting', now()::TIMESTAMP) RETURNING id""",
            [name, real_id, json.dumps(version_ids), json.dumps(parameters)],
        ).fetchone()
    assert row is not None
    return int(row[0])


def ingest_study(cursor: duckdb.DuckDBPyConnection, study_id: int, outputs: Path) -> None:
    """Store every table a finetune job wrote as ``study_<name>``, in place of earlier ones of the
    same study.
    """
    for file in sorted(outputs.glob("*.parquet")):
        if "-" in file.stem:
            continue  # a trial's own shard: its rows are in the collected tables
        table = STUDY_PREFIX + file.stem
        insert_by_name(
            cursor, table, f"(SELECT * FROM {parquet_source([file])} LIMIT 0)", study_id=study_id
        )
        cursor.execute(f"DELETE FROM {table} WHERE study_id = ?", [study_id])
        insert_by_name(cursor, table, parquet_source([file]), study_id=study_id)


def study_table(db: Database, study_id: int, name: str) -> pa.Table | None:
    """One of a study's tables (trials, groups, curves, summary, …), or None if the study has none
    of that name.
    """
    table = STUDY_PREFIX + name
    if not db.value("SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [table]):
        return None
    return db.table(f"SELECT * EXCLUDE (study_id) FROM {table} WHERE study_id = ?", [study_id])
