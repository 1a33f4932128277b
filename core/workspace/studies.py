"""The workspace's verbs for the From-Fake-to-Real test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.contracts.study import StudySpec as StudyParameters
from core.contracts.study import study_spec as from_spec
from core.encoders import registry
from core.errors import InputError
from core.finetune.plan import StudyPlan as Plan
from core.finetune.plan import check
from core.finetune.study_images import read_images
from core.finetune.thinning import thin_table as thin
from core.settings import Settings
from core.store import results, vectors
from core.store.catalog import Dataset
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.results import StudyRecord


class Study:
    """Read access to one study's results."""

    def __init__(self, db: Database, study_id: int) -> None:
        record = results.study(db, study_id)
        if record is None:
            raise InputError(
                f"There is no study {study_id} in this workspace", "Choose another one."
            )
        self._db = db
        self.record: StudyRecord = record
        self.id = record.id

    def table(self, name: str) -> pa.Table | None:
        """One of the study's tables: trials, groups, curves, summary, bias, embedding, confusion
        (None: not there).
        """
        return results.study_table(self._db, self.id, name)

    def as_dict(self) -> dict[str, Any]:
        """What ``finetune --json`` writes."""
        tables = {}
        for name in ("trials", "groups", "summary", "bias"):
            table = self.table(name)
            tables[name] = table.to_pylist() if table is not None else []
        groups = tables.pop("groups")
        for trial in tables["trials"]:
            trial["groups"] = {
                f"{row['class']} × {row['bias']}": {"n": row["n"], "accuracy": row["accuracy"]}
                for row in groups
                if row["trial"] == trial["trial"] and row["domain"] == "real"
            }
        return {
            **tables,
            "verdict": self.record.verdict,
            "parameters": self.record.parameters,
            "study": self.id,
        }


class Studies:
    """Mixed into Workspace: what it can do with studies."""

    db: Database
    settings: Settings

    if TYPE_CHECKING:  # what Workspace provides

        def _submit(self, kind: str, title: str, plan: dict[str, Any], after: list[str]) -> str: ...
        def wait(self, job_id: str) -> JobRecord: ...
        def set_labels(self, dataset: Dataset, labels: str | None) -> Dataset: ...
        def submit_scan(self, dataset: Dataset, *, after: Sequence[str] = ()) -> str: ...
        def submit_embed(
            self,
            datasets: Sequence[Dataset],
            encoder: str = "auto",
            *,
            views: Sequence[str] = (),
            allow_download: bool = False,
            after: Sequence[str] = (),
        ) -> str: ...

    def studies(self) -> list[StudyRecord]:
        """All studies, the newest first."""
        return results.studies(self.db)

    def study(self, study_id: int) -> Study:
        """One study, ready to be read."""
        return Study(self.db, study_id)

    def study_plan(self, real: Dataset, versions: Sequence[Dataset], **parameters: Any) -> Plan:
        """What a study would do with these labels: group table, synthetic counts, bias numbers,
        problems. Trains nothing.
        """
        asked = from_spec(parameters)
        return check(read_images(_thinned(self.labelled_images(real, versions), asked)), asked)

    def submit_finetune(
        self,
        real: Dataset,
        versions: Sequence[Dataset] | Dataset,
        *,
        name: str | None = None,
        labels: str | None = None,
        allow_download: bool = False,
        **parameters: Any,
    ) -> str:
        """Start a study; its job id, whose result names the study.

        ``parameters`` are the fields of :class:`core.contracts.study.StudySpec`. Whatever
        can be known to be wrong now (labels, groups, weights) is said now, as :class:`InputError`
        or :class:`EncoderNotReady`.
        """
        chosen = [versions] if isinstance(versions, Dataset) else list(versions)
        datasets = [real, *chosen]
        for dataset in datasets:
            if labels and labels != dataset.labels:
                self.set_labels(dataset, labels)
        missing = [dataset for dataset in datasets if dataset.scanned_at is None]
        for dataset in missing:
            self.wait(self.submit_scan(dataset))
        parameters["backbone"] = registry.resolve(parameters.get("backbone", "auto"), self.settings)
        if not allow_download:
            registry.require_ready(parameters["backbone"], self.settings)
        self.study_plan(real, chosen, **parameters).raise_for_errors()
        asked = json.loads(from_spec(parameters).as_json())
        title = (
            name or f"FFR test of {', '.join(dataset.label for dataset in chosen)} on {real.label}"
        )
        study_id = results.add_study(
            self.db,
            name=title,
            real_id=real.id,
            version_ids=[d.id for d in chosen],
            parameters=asked,
        )
        head = asked["trainable"] == "head"
        after = []
        if head:
            after.append(
                self.submit_embed(
                    datasets, asked["backbone"], views=("plain",), allow_download=allow_download
                )
            )
        job_id = self._submit(
            "finetune",
            title,
            {
                "study_id": study_id,
                "encoder": asked["backbone"] if head else None,
                "device": self.settings.device,
                "weights": str(self.settings.weights) if self.settings.weights else None,
            },
            after,
        )
        results.update_record(self.db, "studies", study_id, job_id=job_id)
        return job_id

    def finetune(
        self, real: Dataset, versions: Sequence[Dataset] | Dataset, **parameters: Any
    ) -> Study:
        """Run a study and wait for it. See :meth:`submit_finetune`."""
        job_id = self.submit_finetune(real, versions, **parameters)
        return self.study(self.wait(job_id).result["study_id"])

    def labelled_images(self, real: Dataset, versions: Sequence[Dataset]) -> pa.Table:
        """Readable images of a study with labels: row, dataset_id, domain, version, path, file,
        content_id, class, bias, split.
        """
        return labelled_images(self.db, real.id, [version.id for version in versions])


def labelled_images(db: Database, real_id: int, version_ids: Sequence[int]) -> pa.Table:
    """Rows of :meth:`Studies.labelled_images`."""
    return db.table(
        """
        SELECT row_number() OVER (ORDER BY d.domain, d.position, i.path) - 1 AS row, d.id AS dataset_id, d.domain, d.version,
               i.path, d.folder || '/' || i.path AS file, i.content_id, i.class, i.bias, i.split
        FROM images i JOIN datasets d ON d.id = i.dataset_id
        WHERE d.id IN (SELECT unnest(?)) AND i.status = 'ok' ORDER BY row""",
        [[real_id, *version_ids]],
    )


def study_images(
    db: Database, record: StudyRecord, encoder: str | None
) -> tuple[pa.Table, np.ndarray | None]:
    """A study's images and, with an encoder, their vectors in the same row order ((n, d) float32)."""
    table = _thinned(
        labelled_images(db, record.real_id, record.version_ids), from_spec(record.parameters)
    )
    if encoder is None:
        return table, None
    parts, kept = [], []
    for dataset_id in dict.fromkeys(table.column("dataset_id").to_pylist()):
        rows, array = vectors.dataset_vectors(db, dataset_id, encoder)
        where = dict(zip(rows.column("path").to_pylist(), range(rows.num_rows), strict=True))
        members = pc.indices_nonzero(pc.equal(table.column("dataset_id"), dataset_id)).to_pylist()
        for place, path in zip(
            members, table.column("path").take(members).to_pylist(), strict=True
        ):
            if path in where:
                kept.append(place)
                parts.append(array[where[path]])
    return _renumbered(table.take(kept)), np.stack(parts) if parts else np.empty((0, 0), np.float32)


def _thinned(table: pa.Table, parameters: StudyParameters) -> pa.Table:
    """The images a study works on: all of them, or with groups thinned to the bias ratio that it
    asks for.
    """
    if not parameters.bias_ratio:
        return table
    return _renumbered(thin(table, parameters.bias_ratio, parameters.split_seed))


def _renumbered(table: pa.Table) -> pa.Table:
    return table.set_column(0, "row", pa.array(range(table.num_rows), pa.int64()))
