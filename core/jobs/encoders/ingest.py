"""Encoder trial: its rows take the place of the last trial of the same datasets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.derive import read_rows
from core.contracts.encoder_trial import EncoderScoreRow, EncoderTrialRow
from core.contracts.requests import EncoderTrialRequest, EncoderTrialResult
from core.contracts.specs import from_json
from core.files import read_table
from core.store import embeddings, encoder_trials
from core.store.database import Database


def ingest(db: Database, job: JobRecord, folder: Path) -> EncoderTrialResult:
    """Store what was found, with what each encoder costs."""
    request = from_json(EncoderTrialRequest, job.plan)
    table = read_table(folder / "outputs" / f"{EncoderScoreRow.TABLE}.parquet")
    now = datetime.now().replace(microsecond=0)
    rows = [
        EncoderTrialRow(
            **vars(score),
            real_id=request.real_id,
            version_id=request.version_id,
            seconds=_seconds(db, score.encoder, len(request.views)),
            tried_at=now,
        )
        for score in read_rows(EncoderScoreRow, table)
    ]
    encoder_trials.replace(db, rows)
    return EncoderTrialResult(request.real_id, request.version_id)


def _seconds(db: Database, encoder: str, views: int) -> float | None:
    """For 1,000 images, from the rate that the first embed job measured."""
    known = embeddings.encoder_record(db, encoder)
    detail = known.detail if known else {}
    rate = (detail.get("rates") or {}).get(detail.get("precision"))
    return 1000 * views / float(rate) if rate else None
