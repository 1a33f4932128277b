"""The workspace's verbs for the From-Fake-to-Real test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from core.encoders import registry
from core.errors import InputError
from core.settings import Settings
from core.store import catalog, results, vectors
from core.store.catalog import Dataset
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.results import StudyRecord


class Study:
    """Read access to one study's results."""

    def __init__(self, db: Database, study_id: int) -> None:
        record = results.study(db, study_id)
        if record is None:
            raise InputError(f"There is no study {study_id} in this workspace", "Choose another one.")
        self._db = db
        self.record: StudyRecord = record
        self.id = record.id

    def table(self, name: str) -> pa.Table | None:
        """One of the study's tables: trials, groups, curves, summary, bias, embedding, confusion (None: not there)."""
        return results.study_table(self._db, self.id, name)

    def as_dict(self) -> dict[str, Any]:
        """What ``finetune --json`` writes."""
        tables = {name: self.table(name) for name in ("trials", "summary", "bias")}
        return {**{name: table.to_pylist() if table is not None else [] for name, table in tables.items()},
                "verdict": self.record.verdict, "parameters": self.record.parameters, "study": self.id}


class Studies:
    """Mixed into Workspace: what it can do with studies."""

    db: Database
    settings: Settings

    def _submit(self, kind: str, title: str, plan: dict[str, Any], after: list[str]) -> str:
        raise AssertionError("Workspace provides this")

    def wait(self, job_id: str) -> JobRecord:
        """Wait for a job."""
        raise AssertionError("Workspace provides this")

    def studies(self) -> list[StudyRecord]:
        """All studies, the newest first."""
        return results.studies(self.db)

    def study(self, study_id: int) -> Study:
        """One study, ready to be read."""
        return Study(self.db, study_id)

    def labelled_images(self, real: Dataset, versions: Sequence[Dataset]) -> pa.Table:
        """Readable images of a study with labels: row, dataset_id, domain, version, path, file, content_id, class, bias, split."""
        return labelled_images(self.db, real.id, [version.id for version in versions])


def labelled_images(db: Database, real_id: int, version_ids: Sequence[int]) -> pa.Table:
    """Rows of :meth:`Studies.labelled_images`."""
    return db.table("""
        SELECT row_number() OVER (ORDER BY d.domain, d.position, i.path) - 1 AS row, d.id AS dataset_id, d.domain, d.version,
               i.path, d.folder || '/' || i.path AS file, i.content_id, i.class, i.bias, i.split
        FROM images i JOIN datasets d ON d.id = i.dataset_id
        WHERE d.id IN (SELECT unnest(?)) AND i.status = 'ok' ORDER BY row""", [[real_id, *version_ids]])


def study_images(db: Database, record: StudyRecord, encoder: str | None) -> tuple[pa.Table, np.ndarray | None]:
    """A study's images and, with an encoder, their vectors in the same row order ((n, d) float32)."""
    table = labelled_images(db, record.real_id, record.version_ids)
    if encoder is None:
        return table, None
    parts, kept = [], []
    for dataset_id in dict.fromkeys(table.column("dataset_id").to_pylist()):
        rows, array = vectors.dataset_vectors(db, dataset_id, encoder)
        where = dict(zip(rows.column("path").to_pylist(), range(rows.num_rows), strict=True))
        for row in table.filter(pa.compute.equal(table.column("dataset_id"), dataset_id)).to_pylist():
            if row["path"] in where:
                kept.append(row["row"])
                parts.append(array[where[row["path"]]])
    table = table.take(kept)
    table = table.set_column(0, "row", pa.array(range(len(kept)), pa.int64()))
    return table, np.stack(parts) if parts else np.empty((0, 0), np.float32)


__all__ = ["Studies", "Study", "catalog", "registry"]
