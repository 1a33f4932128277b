"""Scan: the rows of the folder take the place of the old ones."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import ScanRequest, ScanResult
from core.contracts.specs import from_json
from core.jobs.folder import JobFolder
from core.store import dataset_table
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> ScanResult:
    """Store the rows and the summary in one transaction."""
    work = JobFolder(folder)
    summary = work.read_json("summary.json")
    dataset_id = from_json(ScanRequest, job.plan).dataset_id
    with db.transaction() as cursor:
        dataset_table.replace_images(cursor, dataset_id, work.outputs("images-*.parquet"), summary)
    return ScanResult(summary["images"], summary["unreadable"], summary["duplicates"])
