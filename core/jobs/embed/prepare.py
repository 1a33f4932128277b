"""Embed: which contents have no vectors yet."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.derive import conform
from core.contracts.requests import EmbedRequest, EmbedResult
from core.contracts.specs import from_json
from core.contracts.work import EmbedSpec, SourceRow
from core.jobs.folder import JobFolder
from core.store import embeddings
from core.store.database import Database


def prepare(db: Database, job: JobRecord, folder: Path) -> EmbedResult | None:
    """List the contents without vectors; if there are none, there is nothing to do."""
    request = from_json(EmbedRequest, job.plan)
    missing = embeddings.to_embed(
        db, request.dataset_ids, request.encoder, request.views, sample=request.sample
    )
    if missing.num_rows == 0:
        return EmbedResult()
    work = JobFolder(folder)
    if work.prepared:  # resumed: the shards on disk belong to the list that is there
        if work.input("images.parquet").exists():
            return None
        shutil.rmtree(folder)
    known = embeddings.encoder_record(db, request.encoder)
    spec = EmbedSpec(
        request.encoder,
        request.views,
        device=request.device,
        # all vectors of a workspace share one precision: what was measured first stays
        precision=known.detail.get("precision", "auto") if known else "auto",
        threads=request.threads,
        allow_download=request.allow_download,
        weights=request.weights,
    )
    JobFolder.create(folder, spec).write_input_table("images.parquet", conform(SourceRow, missing))
    return None
