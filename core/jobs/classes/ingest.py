"""Typed classes: they take the place of the comparison's last ones."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import ClassesRequest, ClassesResult
from core.contracts.specs import from_json
from core.store import typed_classes
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> ClassesResult:
    """Store the names, each content's class, and how far they can be trusted."""
    request = from_json(ClassesRequest, job.plan)
    typed_classes.replace(db, request.comparison_id, folder / "outputs")
    return ClassesResult(request.comparison_id)
