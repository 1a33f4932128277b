"""Spectra: comparing frequency spectra, and the curves and pictures that such jobs left.

Their results stay files in the job's folder (see :mod:`core.jobs.spectrum.task`): they are read
here and nowhere else.
"""

from __future__ import annotations

import builtins
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.contracts.catalog import Dataset, JobRecord
from core.contracts.requests import SpectrumRequest
from core.contracts.specs import from_json
from core.contracts.words import Domain, JobKind, JobStatus
from core.files import read_table
from core.workspace.job_queue import Jobs

CURVE = ("frequency", "level", "low", "high", "mean_low", "mean_high")


@dataclass(frozen=True)
class SpectrumRun:
    """A spectrum comparison that was asked for: of which datasets, by which seed, in which job."""

    job: JobRecord
    dataset_ids: tuple[int, ...]
    seed: int

    @property
    def done(self) -> bool:
        """Whether it can be read."""
        return self.job.status == JobStatus.DONE


@dataclass(frozen=True, eq=False)
class SpectrumCurve:
    """Power by frequency, each (rings,): ``frequency`` in cycles per pixel, the rest in dB.

    ``level`` is the mean over images; ``low`` to ``high`` is where 80 % of the images lie,
    ``mean_low`` to ``mean_high`` the 95 % interval of the mean.
    """

    frequency: np.ndarray
    level: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mean_low: np.ndarray
    mean_high: np.ndarray


@dataclass(frozen=True)
class SpectrumDistance:
    """How far a version's spectrum is from the real one, in dB with 95 % intervals.

    ``baseline``: the same number for one half of the real images against the other. ``findings``:
    what stands out, in sentences. ``caution``: what of the files differs from the real ones and can
    alone make the findings; None: nothing, or not looked at by an earlier release.
    """

    distance: float
    low: float
    high: float
    baseline: float
    baseline_low: float
    baseline_high: float
    findings: tuple[str, ...]
    caution: str | None


@dataclass(frozen=True, eq=False)
class MeasuredSpectrum:
    """One dataset's spectrum over ``images`` images.

    ``mean``: float32 (size, size) in dB, frequency zero in the middle; ``difference``: the same
    minus the real one. ``difference`` and ``distance`` are None for the real dataset. ``note``:
    crops and images left out, in words.
    """

    dataset_id: int
    domain: Domain
    name: str
    images: int
    note: str
    curve: SpectrumCurve
    mean: np.ndarray
    difference: np.ndarray | None
    distance: SpectrumDistance | None


class Spectra:
    """The spectrum comparisons of one workspace."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def submit(
        self, datasets: Sequence[Dataset], *, sample: int = 300, seed: int = 0, crop: int = 256
    ) -> str:
        """Start a spectrum comparison; its job id."""
        names = ", ".join(dataset.label for dataset in datasets)
        ids = tuple(dataset.id for dataset in datasets)
        return self._jobs.submit(SpectrumRequest(ids, sample, seed, crop), f"Spectrum of {names}")

    def list(self, datasets: Sequence[Dataset] | None = None) -> builtins.list[SpectrumRun]:
        """Every spectrum comparison, the newest first; of exactly these datasets if some are
        given.
        """
        wanted = None if datasets is None else {dataset.id for dataset in datasets}
        runs = [_run(job) for job in self._jobs.list() if job.kind == JobKind.SPECTRUM]
        return [run for run in runs if wanted is None or set(run.dataset_ids) == wanted]

    def read(self, job_id: str) -> tuple[MeasuredSpectrum, ...] | None:
        """What a finished spectrum comparison measured, one entry a dataset, the real one first;
        None where its files are gone.
        """
        outputs = self._jobs.path(job_id) / "outputs"
        try:
            rows = read_table(outputs / "spectra.parquet").to_pylist()
            curves = read_table(outputs / "curves.parquet")
            curve_of = np.array(curves.column("dataset_id").to_pylist())
            columns = {name: curves.column(name).to_numpy() for name in CURVE}
            measured = []
            for index, row in enumerate(rows):
                own = curve_of == row["dataset_id"]
                curve = SpectrumCurve(**{name: values[own] for name, values in columns.items()})
                measured.append(_measured(row, index, outputs, curve))
        except FileNotFoundError:
            return None
        return tuple(sorted(measured, key=lambda one: one.domain != Domain.REAL))


def _run(job: JobRecord) -> SpectrumRun:
    request = from_json(SpectrumRequest, job.plan)
    return SpectrumRun(job, request.dataset_ids, request.seed)


def _measured(
    row: dict[str, Any], index: int, outputs: Path, curve: SpectrumCurve
) -> MeasuredSpectrum:
    difference = outputs / f"difference-{index:02d}.npy"
    return MeasuredSpectrum(
        dataset_id=int(row["dataset_id"]),
        domain=Domain(row["domain"]),
        name=row["name"] or "?",
        images=row["images"],
        note=row["note"] or "",
        curve=curve,
        mean=np.load(outputs / f"mean-{index:02d}.npy", allow_pickle=False),
        difference=np.load(difference, allow_pickle=False) if difference.exists() else None,
        distance=None if row["distance"] is None else _distance(row),
    )


def _distance(row: dict[str, Any]) -> SpectrumDistance:
    # "floor" is what folders of earlier versions call the real-vs-real baseline
    name = "baseline" if "baseline" in row else "floor"
    return SpectrumDistance(
        row["distance"],
        row["low"],
        row["high"],
        row[name],
        row[f"{name}_low"],
        row[f"{name}_high"],
        tuple(json.loads(row["findings"] or "[]")),
        row.get("caution"),
    )
