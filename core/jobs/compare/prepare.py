"""Compare: vectors and rows of both sides, and whether the same was asked before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from core.contracts.catalog import Dataset, JobRecord
from core.contracts.compare_spec import ANALYSIS, CompareSpec, SideSpec
from core.contracts.requests import CompareRequest, CompareResult
from core.contracts.specs import fingerprint, from_json
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.jobs.kind import dataset
from core.store import comparison_table, dataset_table, embeddings
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> CompareResult | None:
    """Write vectors and tables; if the same comparison was made before, that one is the result."""
    request = from_json(CompareRequest, job.plan)
    record = comparison_table.comparison(db, request.comparison_id)
    if record is None or record.removed_at is not None:
        raise InputError("The comparison was removed", "Start it again.")
    real = dataset(db, request.real_id)
    versions = [dataset(db, version_id) for version_id in request.version_ids]
    spec = _spec(db, request, real, versions)
    encoder = embeddings.encoder_record(db, request.encoder)
    answer = fingerprint(spec, ANALYSIS, encoder.weights_hash if encoder else None)
    earlier = comparison_table.find_done(db, answer)
    if earlier is not None:
        comparison_table.drop_comparison(db, request.comparison_id)
        return CompareResult(earlier, reused=True)
    comparison_table.set_fingerprint(db, request.comparison_id, answer, spec.real.content)
    if folder.exists():
        shutil.rmtree(folder)
    work = JobFolder.create(folder, spec)
    for one, side in zip((real, *versions), (spec.real, *spec.versions), strict=True):
        _write_vectors(db, work, one, spec, side.file)
    if spec.previous is not None:
        work.write_input_table("previous.parquet", _points(db, spec.previous))
    return None


def _spec(
    db: Database, request: CompareRequest, real: Dataset, versions: list[Dataset]
) -> CompareSpec:
    def side(one: Dataset, file: str) -> SideSpec:
        return SideSpec(one.id, one.version, file, dataset_table.content_fingerprint(db, one.id))

    return CompareSpec(
        encoder=request.encoder,
        seed=request.seed,
        real=side(real, "real"),
        versions=tuple(side(one, f"v{index:02d}") for index, one in enumerate(versions)),
        views=request.views,
        parameters=request.parameters,
        previous=request.previous,
        weights=request.weights,
    )


def _write_vectors(
    db: Database, work: JobFolder, one: Dataset, spec: CompareSpec, file: str
) -> None:
    for view in spec.views:
        rows, array = embeddings.dataset_vectors(db, one.id, spec.encoder, view)
        if rows.num_rows == 0:
            raise InputError(
                f"No image of {one.label} ({one.folder}) could be embedded",
                "Look at the unreadable files on the Datasets page.",
            )
        work.write_input_array(f"{file}-{view}.npy", array)
        work.write_input_table(f"{file}.parquet", rows)


def _points(db: Database, comparison_id: int) -> pa.Table:
    return db.table(
        "SELECT * EXCLUDE (comparison_id) FROM points WHERE comparison_id = ?", [comparison_id]
    )
