"""Scan: the last scan's rows go along, so that unchanged files are not read again."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import ScanRequest
from core.contracts.specs import from_json
from core.contracts.work import ScanSpec
from core.jobs.folder import JobFolder
from core.jobs.kind import dataset
from core.store import dataset_table
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """Write the spec and ``known.parquet``."""
    scanned = dataset(db, from_json(ScanRequest, job.plan).dataset_id)
    work = JobFolder.create(folder, ScanSpec(scanned.folder, scanned.labels))
    work.write_input_table("known.parquet", dataset_table.images(db, scanned.id))
