"""Finetune: labelled images, and for `head` their vectors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contracts.catalog import JobRecord
from core.contracts.requests import StudyRequest
from core.contracts.specs import from_json
from core.contracts.study import StudySpec, study_spec
from core.contracts.study_rows import StudyRecord
from core.errors import InputError
from core.finetune.thinning import thin_table
from core.jobs.folder import JobFolder
from core.store import embeddings, study_table
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """Write images with labels, and vectors where the study trains on them."""
    request = from_json(StudyRequest, job.plan)
    record = study_table.study(db, request.study_id)
    if record is None:
        raise InputError("The study was removed", "Start it again.")
    work = JobFolder(folder)
    if work.prepared and work.input("images.parquet").exists():
        return  # resumed: finished trials are there
    spec = replace(study_spec(record.parameters), weights=request.weights, device=request.device)
    table, vectors = study_images(db, record, spec, request.encoder)
    work = JobFolder.create(folder, spec)
    work.write_input_table("images.parquet", table)
    if vectors is not None:
        work.write_input_array("vectors.npy", vectors)


def study_images(
    db: Database, record: StudyRecord, spec: StudySpec, encoder: str | None
) -> tuple[pa.Table, np.ndarray | None]:
    """A study's images and, with an encoder, their vectors, row for row ((n, d) float32)."""
    images = labelled_images(db, record.real_id, record.version_ids)
    table = thinned(images, spec)
    if encoder is None:
        return table, None
    parts, kept = [], []
    for dataset_id in dict.fromkeys(table.column("dataset_id").to_pylist()):
        rows, array = embeddings.dataset_vectors(db, dataset_id, encoder)
        where = dict(zip(rows.column("path").to_pylist(), range(rows.num_rows), strict=True))
        members = pc.indices_nonzero(pc.equal(table.column("dataset_id"), dataset_id)).to_pylist()
        paths = table.column("path").take(members).to_pylist()
        for place, path in zip(members, paths, strict=True):
            if path in where:
                kept.append(place)
                parts.append(array[where[path]])
    return renumbered(table.take(kept)), np.stack(parts) if parts else np.empty((0, 0), np.float32)


def labelled_images(db: Database, real_id: int, version_ids: list[int]) -> pa.Table:
    """Readable images of a study with labels: row, dataset_id, domain, version, path, file,
    content_id, class, bias, split.
    """
    return db.table(
        """
        SELECT row_number() OVER (ORDER BY d.domain, d.position, i.path) - 1 AS row,
               d.id AS dataset_id, d.domain, d.version, i.path, d.folder || '/' || i.path AS file,
               i.content_id, i.class, i.bias, i.split
        FROM images i JOIN datasets d ON d.id = i.dataset_id
        WHERE d.id IN (SELECT unnest(?)) AND i.status = 'ok' ORDER BY row""",
        [[real_id, *version_ids]],
    )


def thinned(table: pa.Table, spec: StudySpec) -> pa.Table:
    """The images a study works on: all of them, or with groups thinned to the bias ratio that it
    asks for.
    """
    if not spec.bias_ratio:
        return table
    return renumbered(thin_table(table, spec.bias_ratio, spec.split_seed))


def renumbered(table: pa.Table) -> pa.Table:
    """``row`` counts from 0 again."""
    return table.set_column(0, "row", pa.array(range(table.num_rows), pa.int64()))
