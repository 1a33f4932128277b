"""Spectrum: pictures and curves stay as files in the job folder, read whole or not at all."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import SpectrumRequest, SpectrumResult
from core.contracts.specs import from_json
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> SpectrumResult:
    """Whose spectra the folder holds."""
    return SpectrumResult(job.folder, from_json(SpectrumRequest, job.plan).dataset_ids)
