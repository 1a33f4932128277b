"""Typed classes: the stored vectors of a comparison's images, and where they lie on its map."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import ClassesRequest
from core.contracts.specs import from_json
from core.contracts.typed_classes import ClassesSpec
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.store import comparison_table, embeddings, typed_classes
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """Write vectors and points. Raises InputError where the comparison is gone, or no image has
    vectors.
    """
    request = from_json(ClassesRequest, job.plan)
    record = comparison_table.comparison(db, request.comparison_id)
    if record is None:
        raise InputError("The comparison was removed", "Compare again, then type the names.")
    spec = ClassesSpec(
        encoder=request.encoder,
        names=request.names,
        datasets=(record.real_id, *record.version_ids),
        views=request.views,
        weights=request.weights,
    )
    if folder.exists():
        shutil.rmtree(folder)
    work = JobFolder.create(folder, spec)
    work.write_input_table("points.parquet", typed_classes.points(db, record.id))
    for place, dataset_id in enumerate(spec.datasets):
        for view in spec.views:
            rows, array = embeddings.dataset_vectors(db, dataset_id, spec.encoder, view)
            if not rows.num_rows:
                raise InputError(
                    f"Dataset {dataset_id} has no vectors of {spec.encoder}",
                    "Choose the encoder that the comparison was made with.",
                )
            work.write_input_array(f"d{place:02d}-{view}.npy", array)
            work.write_input_table(f"d{place:02d}.parquet", rows.select(["content_id"]))
