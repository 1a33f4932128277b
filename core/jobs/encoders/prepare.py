"""Encoder trial: the sample's vectors under every encoder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa

from core.contracts.catalog import Dataset, JobRecord
from core.contracts.encoder_trial import EncoderTrialSpec
from core.contracts.requests import EncoderTrialRequest
from core.contracts.specs import from_json
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.jobs.kind import dataset
from core.store import embeddings
from core.store.database import Database

LEAST = 40  # images of each side: the self-test's own limit


def prepare(db: Database, job: JobRecord, folder: Path) -> None:
    """Write the vectors of the images that every encoder has, in one order."""
    request = from_json(EncoderTrialRequest, job.plan)
    spec = EncoderTrialSpec(request.encoders, request.views, request.seed)
    sides = {
        "real": dataset(db, request.real_id),
        "synthetic": dataset(db, request.version_id),
    }
    if folder.exists():
        shutil.rmtree(folder)
    work = JobFolder.create(folder, spec)
    for name, side in sides.items():
        _write_side(db, work, side, name, request.sample // 2)


def _write_side(db: Database, work: JobFolder, side: Dataset, name: str, most: int) -> None:
    spec = work.read_spec(EncoderTrialSpec)
    sampled = embeddings.sampled_contents(db, side.id, most)
    wanted = sampled.column("content_id").to_pylist()
    found = {
        (place, view): embeddings.content_vectors(db, wanted, encoder, view)
        for place, encoder in enumerate(spec.encoders)
        for view in spec.views
    }
    everywhere = set(wanted).intersection(*(ids for ids, _ in found.values()))
    if len(everywhere) < LEAST:
        raise InputError(
            f"Only {len(everywhere)} images of {side.label} could be embedded under every encoder",
            f"A trial needs at least {LEAST} on each side.",
        )
    for (place, view), (ids, vectors) in found.items():
        kept = np.array([content in everywhere for content in ids])
        work.write_input_array(f"e{place:02d}-{name}-{view}.npy", vectors[kept])
    kept = pa.array([content in everywhere for content in wanted])
    work.write_input_table(f"{name}.parquet", sampled.filter(kept))
