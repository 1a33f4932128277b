"""Studies: their records, and the tables that finetune jobs wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from core.contracts.words import RecordStatus
from core.files import read_table
from core.store.database import Database

STUDY_PREFIX = "study_"


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


def _study(row: dict[str, Any]) -> StudyRecord:
    empty = {"version_ids": "[]", "parameters": "{}", "software": "{}", "verdict": "{}"}
    read = {name: json.loads(row[name] or default) for name, default in empty.items()}
    return StudyRecord(**{**row, **read})


def studies(db: Database) -> list[StudyRecord]:
    """All studies, the newest first."""
    return [_study(row) for row in db.rows("SELECT * FROM studies ORDER BY id DESC")]


def study(db: Database, study_id: int) -> StudyRecord | None:
    """One study by id, or None."""
    row = db.row("SELECT * FROM studies WHERE id = ?", [study_id])
    return _study(row) if row else None


def add_study(
    db: Database,
    *,
    name: str,
    real_id: int,
    version_ids: Sequence[int],
    parameters: Mapping[str, object],
) -> int:
    """Insert a study that waits for its job; its id."""
    with db.transaction() as cursor:
        row = cursor.execute(
            """INSERT INTO studies (name, real_id, version_ids, parameters, status, created_at)
               VALUES (?, ?, ?, ?, 'waiting', now()::TIMESTAMP) RETURNING id""",
            [name, real_id, json.dumps(list(version_ids)), json.dumps(parameters)],
        ).fetchone()
    assert row is not None
    return int(row[0])


def set_job(db: Database, study_id: int, job_id: str) -> None:
    """Remember which job makes a study."""
    db.execute("UPDATE studies SET job_id = ? WHERE id = ?", [job_id, study_id])


def set_failed(db: Database, study_id: int) -> None:
    """The study will not come, as it stands."""
    db.execute("UPDATE studies SET status = ? WHERE id = ?", [RecordStatus.FAILED, study_id])


def set_done(
    cursor: duckdb.DuckDBPyConnection, study_id: int, verdict: Mapping[str, object]
) -> None:
    """The study is there; ``verdict``: its sentences."""
    cursor.execute(
        """UPDATE studies SET status = ?, finished_at = now()::TIMESTAMP, verdict = ?,
           software = ? WHERE id = ?""",
        [
            RecordStatus.DONE,
            json.dumps(verdict),
            json.dumps(verdict.get("software", {})),
            study_id,
        ],
    )


def ingest(cursor: duckdb.DuckDBPyConnection, study_id: int, outputs: Path) -> None:
    """Store every table a finetune job wrote as ``study_<name>``, in place of earlier ones of the
    same study.
    """
    for file in sorted(outputs.glob("*.parquet")):
        if "-" in file.stem:
            continue  # a trial's own shard: its rows are in the collected tables
        table = STUDY_PREFIX + file.stem
        cursor.register("incoming", read_table(file))
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {table} AS SELECT {study_id} AS study_id, * FROM incoming"
            " LIMIT 0"
        )
        cursor.execute(f"DELETE FROM {table} WHERE study_id = ?", [study_id])
        cursor.execute(
            f"INSERT INTO {table} BY NAME SELECT {study_id} AS study_id, * FROM incoming"
        )
        cursor.unregister("incoming")


def study_table(db: Database, study_id: int, name: str) -> pa.Table | None:
    """One of a study's tables (trials, groups, curves, summary, …), or None if the study has none of
    that name.
    """
    table = STUDY_PREFIX + name
    if not db.value("SELECT count(*) FROM information_schema.tables WHERE table_name = ?", [table]):
        return None
    return db.table(f"SELECT * EXCLUDE (study_id) FROM {table} WHERE study_id = ?", [study_id])
