"""Spectrum: the files of every dataset."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import SpectrumRequest
from core.contracts.specs import from_json
from core.contracts.spectrum_rows import SpectrumSide, SpectrumSpec
from core.jobs.folder import JobFolder
from core.jobs.kind import dataset
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """List the readable files of every dataset."""
    request = from_json(SpectrumRequest, job.plan)
    datasets = [dataset(db, dataset_id) for dataset_id in request.dataset_ids]
    sides = tuple(
        SpectrumSide(one.id, one.version, one.domain, f"d{index:02d}", one.label)
        for index, one in enumerate(datasets)
    )
    work = JobFolder.create(folder, SpectrumSpec(sides, request.sample, request.seed, request.crop))
    for one, side in zip(datasets, sides, strict=True):
        files = db.table(
            """SELECT path, content_id, ? || '/' || path AS file FROM images
               WHERE dataset_id = ? AND status = 'ok' ORDER BY path""",
            [one.folder, one.id],
        )
        work.write_input_table(f"{side.file}.parquet", files)
