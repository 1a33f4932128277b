"""The jobs table: what waits, runs, is done, failed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.store.database import Database

ACTIVE = ("waiting", "running")


@dataclass(frozen=True)
class JobRecord:
    """One job. ``status``: waiting, running, done, failed, cancelled or interrupted (its process
    went away).

    ``plan`` is what the workspace needs to prepare inputs and ingest outputs; ``after`` lists jobs
    that must be done first; ``what`` and ``remedy`` say why it failed; ``result`` is what came of
    it.
    """

    id: str
    kind: str
    title: str
    status: str
    folder: str
    plan: dict[str, Any]
    after: list[str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    what: str | None
    remedy: str | None
    result: dict[str, Any]

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.status in ACTIVE

    @property
    def resumable(self) -> bool:
        """Whether it can be started again where it stopped."""
        return self.status in ("failed", "cancelled", "interrupted")


def _job(row: dict[str, Any]) -> JobRecord:
    return JobRecord(
        **{
            **row,
            "plan": json.loads(row["plan"]),
            "after": json.loads(row["after"]),
            "result": json.loads(row["result"] or "{}"),
        }
    )


def jobs(db: Database, limit: int = 500) -> list[JobRecord]:
    """Jobs, the newest first."""
    return [
        _job(row)
        for row in db.rows("SELECT * FROM jobs ORDER BY created_at DESC, id DESC LIMIT ?", [limit])
    ]


def job(db: Database, job_id: str) -> JobRecord | None:
    """One job by id, or None."""
    row = db.row("SELECT * FROM jobs WHERE id = ?", [job_id])
    return _job(row) if row else None


def active(db: Database) -> list[JobRecord]:
    """Jobs that wait or run, the oldest first."""
    return [
        _job(row)
        for row in db.rows(
            "SELECT * FROM jobs WHERE status IN ('waiting', 'running') ORDER BY created_at, id"
        )
    ]


def add(
    db: Database,
    *,
    job_id: str,
    kind: str,
    title: str,
    folder: str,
    plan: dict[str, Any],
    after: list[str],
) -> None:
    """Insert a job that waits."""
    db.execute(
        """INSERT INTO jobs (id, kind, title, status, folder, plan, after, created_at)
                  VALUES (?, ?, ?, 'waiting', ?, ?, ?, now()::TIMESTAMP)""",
        [job_id, kind, title, folder, json.dumps(plan), json.dumps(after)],
    )


def set_status(
    db: Database,
    job_id: str,
    status: str,
    *,
    what: str | None = None,
    remedy: str | None = None,
    result: dict[str, Any] | None = None,
) -> None:
    """Move a job to a status, with its times."""
    stamp = {
        "running": "started_at = now()::TIMESTAMP, finished_at = NULL,",
        "waiting": "started_at = NULL, finished_at = NULL,",
    }.get(status, "finished_at = now()::TIMESTAMP,")
    db.execute(
        f"UPDATE jobs SET {stamp} status = ?, what = ?, remedy = ?, result = ? WHERE id = ?",
        [status, what, remedy, json.dumps(result or {}), job_id],
    )
