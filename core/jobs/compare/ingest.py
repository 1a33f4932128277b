"""Compare: the result tables go into the database, all in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.compare_spec import ANALYSIS
from core.contracts.requests import CompareRequest, CompareResult
from core.contracts.specs import from_json
from core.contracts.words import JobKind
from core.jobs.folder import JobFolder
from core.store import comparison_table, job_table
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> CompareResult:
    """Store the result tables and mark the comparison as done."""
    comparison_id = from_json(CompareRequest, job.plan).comparison_id
    summary = JobFolder(folder).read_json("summary.json")
    software = {**summary["software"], "analysis": str(ANALYSIS)}
    seconds = {**_seconds_before(db, job), **summary["seconds"]}
    with db.transaction() as cursor:
        comparison_table.ingest(cursor, comparison_id, folder / "outputs")
        comparison_table.set_done(cursor, comparison_id, software, seconds)
    return CompareResult(comparison_id)


def failed(db: Database, job: JobRecord) -> None:
    """The comparison will not come."""
    comparison_table.set_failed(db, from_json(CompareRequest, job.plan).comparison_id)


def _seconds_before(db: Database, job: JobRecord) -> dict[str, float]:
    """Seconds of the scans and the embedding that this comparison waited for; 0 where nothing had
    to be done.
    """
    seconds = {JobKind.SCAN.value: 0.0, JobKind.EMBED.value: 0.0}
    for before in _jobs_before(db, job.after):
        if before.kind in seconds and before.started_at and before.finished_at:
            took = (before.finished_at - before.started_at).total_seconds()
            seconds[before.kind] = round(seconds[before.kind] + took, 3)
    return seconds


def _jobs_before(db: Database, job_ids: Iterable[str]) -> Iterable[JobRecord]:
    for job_id in job_ids:
        before = job_table.job(db, job_id)
        if before is not None:
            yield before
            yield from _jobs_before(db, before.after)
