"""What else the workspace knows about the same images: the newest spectrum comparison and the
newest fine-tune study.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.contracts.catalog import JobRecord
from core.contracts.words import Domain, JobKind, JobStatus
from core.files import read_table
from core.store.results import Comparison

HEADINGS = {
    "worst_mean": "worst-group accuracy",
    "worst_sd": "its deviation over seeds",
    "balanced_mean": "mean-group accuracy",
    "balanced_sd": "its deviation over seeds",
    "pooled_worst": "worst group, seeds pooled",
    "pooled_worst_n": "its images",
    "pooled_worst_group": "which group",
}
"""Words for columns of a study's summary; the other columns are called by their names."""


@dataclass(frozen=True)
class SpectrumLine:
    """The spectrum of one dataset: radial mean power ``level`` (n,) in dB at ``frequency`` (n,) in
    cycles per pixel. ``distance``: from the real images; ``baseline``: the same for real against
    real (both None for the real dataset itself); ``findings``: what stands out, in sentences;
    ``caution``: what of the files differs and can alone make the findings.
    """

    name: str
    domain: Domain
    distance: float | None
    baseline: float | None
    findings: tuple[str, ...]
    caution: str | None
    frequency: np.ndarray
    level: np.ndarray


@dataclass(frozen=True)
class StudySummary:
    """A fine-tune study in a few lines: its sentences, and its summary as a table."""

    name: str
    sentences: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Related:
    """What a report shows beside the comparison; empty or None: there is none."""

    spectrum: tuple[SpectrumLine, ...] = ()
    study: StudySummary | None = None


def spectrum_jobs(comparison: Comparison, jobs: Iterable[JobRecord]) -> Iterator[JobRecord]:
    """Of ``jobs`` the finished spectrum comparisons of these real images and at least one of these
    versions.
    """
    versions = set(comparison.record.version_ids)
    for job in jobs:
        if job.kind == JobKind.SPECTRUM and job.status == JobStatus.DONE:
            ids = set(job.result.get("dataset_ids", ()))
            if comparison.record.real_id in ids and ids & versions:
                yield job


def related(comparison: Comparison, spectra: Iterable[Path]) -> Related:
    """What stands beside a comparison. ``spectra``: output folders of :func:`spectrum_jobs`, of
    which the first whose files are there is read.
    """
    return Related(_spectrum(comparison, spectra), _study(comparison))


def _spectrum(comparison: Comparison, folders: Iterable[Path]) -> tuple[SpectrumLine, ...]:
    shown = {comparison.record.real_id, *comparison.record.version_ids}
    for folder in folders:
        spectra, curves = folder / "spectra.parquet", folder / "curves.parquet"
        if spectra.is_file() and curves.is_file():
            points = read_table(curves)
            dataset_ids = points["dataset_id"].to_numpy()
            frequency, level = points["frequency"].to_numpy(), points["level"].to_numpy()
            return tuple(
                SpectrumLine(
                    name=str(row["name"]),
                    domain=Domain(row["domain"]),
                    distance=row["distance"],
                    baseline=row["baseline"] if "baseline" in row else row["floor"],
                    findings=tuple(json.loads(row["findings"] or "[]")),
                    caution=row.get("caution"),
                    frequency=frequency[dataset_ids == row["dataset_id"]],
                    level=level[dataset_ids == row["dataset_id"]],
                )
                for row in read_table(spectra).to_pylist()
                if row["dataset_id"] in shown
            )
    return ()


def _study(comparison: Comparison) -> StudySummary | None:
    study = comparison.study()
    if study is None:
        return None
    summary = study.table("summary")
    columns, rows = (summary.column_names, summary.to_pylist()) if summary is not None else ([], [])
    return StudySummary(
        name=study.record.name,
        sentences=tuple(study.record.verdict.get("sentences", ())),
        headings=tuple(HEADINGS.get(name, name.replace("_", " ")) for name in columns),
        rows=tuple(tuple(row.values()) for row in rows),
    )
