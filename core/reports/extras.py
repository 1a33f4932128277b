"""What else the workspace knows about the same images: the newest spectrum comparison and the
newest fine-tune study.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from core.reports.source import ComparisonLike, WorkspaceLike


@dataclass(frozen=True)
class SpectrumFound:
    """``rows``: one for each dataset (name, domain, distance, low, high, baseline, findings);
    ``curves``: rows of dataset_id, frequency, level, low, high.
    """

    rows: list[dict[str, Any]]
    curves: list[dict[str, Any]]


def spectrum_of(ws: WorkspaceLike, comparison: ComparisonLike) -> SpectrumFound | None:
    """The newest finished spectrum comparison of this real dataset and at least one of these
    versions, or None.
    """
    wanted = {dataset.id for dataset in comparison.versions}
    for job in ws.jobs.list():
        ids = (
            set(job.result.get("dataset_ids", ()))
            if job.kind == "spectrum" and job.status == "done"
            else set()
        )
        if comparison.record.real_id not in ids or not ids & wanted:
            continue
        outputs = ws.jobs.path(job.id) / "outputs"
        files = (outputs / "spectra.parquet", outputs / "curves.parquet")
        if all(file.is_file() for file in files):
            shown = wanted | {comparison.record.real_id}
            spectra, curves = (
                [row for row in pq.read_table(file).to_pylist() if row["dataset_id"] in shown]
                for file in files
            )
            return SpectrumFound(
                [{**row, "findings": json.loads(row.get("findings") or "[]")} for row in spectra],
                curves,
            )
    return None


def finetune_of(ws: WorkspaceLike, comparison: ComparisonLike) -> dict[str, Any] | None:
    """The newest finished study of this real dataset and at least one of these versions: name,
    summary rows, sentences; or None.
    """
    wanted = {dataset.id for dataset in comparison.versions}
    for record in ws.studies.list():
        if (
            record.status == "done"
            and record.real_id == comparison.record.real_id
            and wanted & set(record.version_ids)
        ):
            told = ws.studies.get(record.id).as_dict()
            return {
                "name": record.name,
                "summary": told["summary"],
                "sentences": (told["verdict"] or {}).get("sentences", []),
            }
    return None
