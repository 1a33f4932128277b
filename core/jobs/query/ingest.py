"""Query: the vectors stay as files in the job folder."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import QueryRequest, QueryResult
from core.contracts.specs import from_json
from core.jobs.query.prepare import image_aside
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> QueryResult:
    """Under which encoder the folder's vectors are; the image that was put aside goes."""
    request = from_json(QueryRequest, job.plan)
    if request.content_id is not None:
        image_aside(folder.parent, request.content_id).unlink(missing_ok=True)
    return QueryResult(request.encoder)
