"""The jobs table: what waits, runs, is done, failed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from core.contracts.catalog import JobRecord, JobRow
from core.contracts.words import JobKind, JobStatus
from core.store.database import Database


def jobs(db: Database, limit: int = 500) -> list[JobRecord]:
    """Jobs, the newest first."""
    return db.records(
        JobRow, JobRecord, "SELECT * FROM jobs ORDER BY created_at DESC, id DESC LIMIT ?", [limit]
    )


def job(db: Database, job_id: str) -> JobRecord | None:
    """One job by id, or None."""
    rows = db.records(JobRow, JobRecord, "SELECT * FROM jobs WHERE id = ?", [job_id])
    return rows[0] if rows else None


def active(db: Database) -> list[JobRecord]:
    """Jobs that wait or run, the oldest first."""
    return db.records(
        JobRow,
        JobRecord,
        """SELECT * FROM jobs WHERE status IN ('waiting', 'running') ORDER BY created_at, id""",
    )


def add(
    db: Database,
    job_id: str,
    kind: JobKind,
    title: str,
    plan: Mapping[str, object],
    after: Sequence[str],
) -> None:
    """Insert a job that waits; its folder is named after it."""
    db.execute(
        """INSERT INTO jobs (id, kind, title, status, folder, plan, after, created_at)
           VALUES (?, ?, ?, 'waiting', ?, ?, ?, now()::TIMESTAMP)""",
        [job_id, kind, title, job_id, json.dumps(plan), json.dumps(list(after))],
    )


def set_status(
    db: Database,
    job_id: str,
    status: JobStatus,
    *,
    what: str | None = None,
    remedy: str | None = None,
    result: Mapping[str, object] | None = None,
) -> None:
    """Move a job to a status, with its times."""
    times = {
        JobStatus.RUNNING: "started_at = now()::TIMESTAMP, finished_at = NULL,",
        JobStatus.WAITING: "started_at = NULL, finished_at = NULL,",
    }
    stamp = times.get(status, "finished_at = now()::TIMESTAMP,")
    db.execute(
        f"UPDATE jobs SET {stamp} status = ?, what = ?, remedy = ?, result = ? WHERE id = ?",
        [status, what, remedy, json.dumps(result or {}), job_id],
    )
