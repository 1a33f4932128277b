"""Sample: the images are where they belong; nothing goes into the database."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import SampleRequest, SampleResult
from core.contracts.specs import from_json
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> SampleResult:
    """Where the sample project is."""
    return SampleResult(from_json(SampleRequest, job.plan).folder)
