"""Studies: their records, and the tables that finetune jobs wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from core.contracts.derive import table_name
from core.contracts.study_rows import STUDY_ROWS, StudyRecord, StudyRow, output_name
from core.contracts.words import RecordStatus
from core.files import read_table
from core.store.database import Database, insert


def studies(db: Database) -> list[StudyRecord]:
    """All studies that were not removed, the newest first."""
    return db.records(
        StudyRow,
        StudyRecord,
        "SELECT * FROM studies WHERE removed_at IS NULL ORDER BY id DESC",
    )


def study(db: Database, study_id: int) -> StudyRecord | None:
    """One study by id, or None."""
    rows = db.records(StudyRow, StudyRecord, "SELECT * FROM studies WHERE id = ?", [study_id])
    return rows[0] if rows else None


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
    """Store every table a finetune job wrote, in place of earlier ones of the same study. Raises
    :class:`~core.errors.ContractError` for a table that is not what its contract says.
    """
    for row in STUDY_ROWS:
        cursor.execute(f"DELETE FROM {table_name(row)} WHERE study_id = ?", [study_id])
        file = outputs / output_name(row)
        if file.exists():  # a study without saliency maps has no table of them
            insert(cursor, row, read_table(file), where=file.name, study_id=study_id)


def drop_study(db: Database, study_id: int) -> None:
    """Delete a study and its tables."""
    with db.transaction() as cursor:
        for row in STUDY_ROWS:
            cursor.execute(f"DELETE FROM {table_name(row)} WHERE study_id = ?", [study_id])
        cursor.execute("DELETE FROM studies WHERE id = ?", [study_id])


def study_table(db: Database, study_id: int, name: str) -> pa.Table | None:
    """One of a study's tables (trials, groups, curves, summary, …), or None if the study has none
    of that name.
    """
    known = {table_name(row).removeprefix("study_"): row for row in STUDY_ROWS}
    if name not in known:
        return None
    table = db.table(
        f"SELECT * EXCLUDE (study_id) FROM {table_name(known[name])} WHERE study_id = ?",
        [study_id],
    )
    return table if table.num_rows else None
