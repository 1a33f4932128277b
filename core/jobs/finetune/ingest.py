"""Finetune: the study's tables go into the database; checkpoints stay in the job folder."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import StudyRequest, StudyResult
from core.contracts.specs import from_json
from core.jobs.folder import JobFolder
from core.store import study_table
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> StudyResult:
    """Store the tables and mark the study as done, all in one transaction."""
    study_id = from_json(StudyRequest, job.plan).study_id
    verdict = JobFolder(folder).read_json("verdict.json")
    with db.transaction() as cursor:
        study_table.ingest(cursor, study_id, folder / "outputs")
        study_table.set_done(cursor, study_id, verdict)
    return StudyResult(study_id)


def failed(db: Database, job: JobRecord) -> None:
    """The study will not come, as it stands."""
    study_table.set_failed(db, from_json(StudyRequest, job.plan).study_id)
