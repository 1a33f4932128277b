"""Embed: vectors, thumbnails and attributes go into the database, shard by shard."""

from __future__ import annotations

from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import EmbedResult
from core.contracts.specs import from_json
from core.contracts.work import EncoderRun
from core.errors import InputError
from core.jobs.folder import JobFolder
from core.store import embeddings
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> EmbedResult:
    """Store everything; the shards on disk go, since twice would be waste."""
    work = JobFolder(folder)
    encoder, stored = _store(db, work)
    for shard in work.outputs("shard-*.parquet"):
        shard.unlink()
    return EmbedResult(
        stored.embedded,
        stored.broken,
        stored.reasons,
        encoder.id,
        encoder.device,
        encoder.precision,
    )


def salvage(db: Database, job: JobRecord, folder: Path) -> None:
    """Store the finished shards; they stay in the folder too, for a resume."""
    work = JobFolder(folder)
    if work.outputs("shard-*.parquet"):
        _store(db, work)


def _store(db: Database, work: JobFolder) -> tuple[EncoderRun, embeddings.Stored]:
    encoder = from_json(EncoderRun, work.read_json("encoder.json"))
    known = embeddings.encoder_record(db, encoder.id)
    if known and known.weights_hash and known.weights_hash != encoder.weights_hash:
        raise InputError(
            f"The weights of {encoder.id} changed since this workspace embedded with them",
            "Put the old weights back, or make a new workspace: vectors of two weights cannot be "
            "compared.",
        )
    with db.transaction() as cursor:
        stored = embeddings.ingest(cursor, encoder, work.outputs("shard-*.parquet"))
    return encoder, stored
