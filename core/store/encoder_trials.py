"""Encoder trials: the newest of each real dataset and version."""

from __future__ import annotations

from collections.abc import Sequence

from core.contracts.derive import from_rows, read_rows
from core.contracts.encoder_trial import EncoderTrialRow
from core.store.database import Database, insert


def replace(db: Database, rows: Sequence[EncoderTrialRow]) -> None:
    """Store a trial in place of the last one of the same datasets."""
    with db.transaction() as cursor:
        for real_id, version_id in {(row.real_id, row.version_id) for row in rows}:
            cursor.execute(
                "DELETE FROM encoder_trials WHERE real_id = ? AND version_id = ?",
                [real_id, version_id],
            )
        insert(cursor, EncoderTrialRow, from_rows(EncoderTrialRow, rows))


def trial(db: Database, real_id: int, version_id: int) -> list[EncoderTrialRow]:
    """What the newest trial found, the best encoder first; empty where none was made."""
    table = db.table(
        """SELECT * FROM encoder_trials WHERE real_id = ? AND version_id = ?
           ORDER BY auroc DESC NULLS LAST, encoder""",
        [real_id, version_id],
    )
    return read_rows(EncoderTrialRow, table)
