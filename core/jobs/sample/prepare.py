"""Sample: the request is the spec."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import SampleRequest
from core.contracts.specs import from_json
from core.contracts.work import SampleSpec
from core.jobs.folder import JobFolder
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """The spec alone: where to draw."""
    request = from_json(SampleRequest, job.plan)
    JobFolder.create(folder, SampleSpec(request.folder))
