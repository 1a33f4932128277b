"""The compare job: vectors of one real dataset and its versions in, every result table out.

This file is the table of contents of the analysis; each line's work is in ``core/analysis``. Inputs
and outputs are listed in ``docs/architecture.md``. Seeded: the same inputs give the same tables,
bit for bit.
"""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import torch

from core.analysis.coverage import assess
from core.analysis.coverage import score as coverage
from core.analysis.metrics import suite as metrics
from core.analysis.metrics.measure import one_thread
from core.contracts import comparison as rows
from core.contracts.comparison import CompareSpec, SideSpec
from core.errors import InputError
from core.jobs.compare import describe, maps, tables
from core.jobs.compare.maps import MapParameters, Side
from core.jobs.folder import JobFolder

SOFTWARE = ("torch", "umap-learn", "hdbscan", "pynndescent", "scikit-learn", "numpy", "numba")
SMALLEST_REAL = 2
SMALL = 20_000  # images of all sides together


def run(job: JobFolder) -> None:
    """Compare. Raises :class:`InputError` for too few images, identical images and vectors that are
    not numbers.
    """
    clock = Clock(job)
    real, versions = _read(job)
    _check(real, versions)
    previous = (
        job.read_table("previous.parquet") if job.input("previous.parquet").exists() else None
    )
    with one_thread_if_small(sum(len(side.rows) for side in (real, *versions))):
        _run(job, clock, real, versions, previous)


def _run(
    job: JobFolder, clock: Clock, real: Side, versions: list[Side], previous: pa.Table | None
) -> None:
    spec = job.read_spec(CompareSpec)
    seed, chosen = spec.seed, spec.parameters
    sides = [real, *versions]
    with clock.stage("maps"):
        drawn = MapParameters(chosen.n_neighbors, chosen.map_cluster_size, seed)
        points = maps.points_table(sides, drawn, previous, job.report, assess.COMPONENTS)
    with clock.stage("coverage"):
        judged = assess.assess(
            real.views,
            [version.views for version in versions],
            seed=seed,
            progress=job.report,
            parameters=assess.Parameters(
                chosen.neighborhood,
                chosen.smoothing,
                chosen.min_cluster_size,
                chosen.threshold,
                chosen.injected,
                chosen.reruns,
            ),
        )
    with clock.stage("metrics"):
        measured = metrics.all_metrics(
            real.views.plain,
            {version.dataset_id: version.views.plain for version in versions},
            real_classes=_labels(real, "class"),
            classes={version.dataset_id: _labels(version, "class") for version in versions},
            k=chosen.k,
            seed=seed,
            progress=job.report,
        )
    with clock.stage("tags and concepts"):
        told = describe.describe(spec, sides, job.report)
    with clock.stage("changes"):
        changes = tables.changes_table(real, versions, judged, seed, job.report)
        contributions = tables.contribution_rows(real, versions, points, seed)
    with clock.stage("tables"):
        points = tables.finish_points(points, sides, judged, measured, told)
        job.write_rows(rows.PointRow, points)
        job.write_rows(rows.CoverageRow, tables.coverage_table(real, versions, judged))
        job.write_rows(rows.GapRow, tables.gaps_table(real, versions, judged, told))
        job.write_rows(rows.ClusterRow, tables.clusters_table(points, sides, judged))
        job.write_rows(rows.VersionRow, tables.versions_table(versions, judged))
        job.write_rows(rows.MetricRow, tables.metrics_table([*measured.rows, *contributions]))
        job.write_rows(rows.SelfTestRow, tables.selftest_table(versions, judged))
        job.write_rows(rows.SplitRow, tables.splits_table(sides, points, told))
        job.write_rows(rows.ChangeRow, changes)
    job.write_json(
        "summary.json",
        {
            "seconds": clock.seconds,
            "software": software(),
            "concept_notes": list(told.notes),
        },
    )
    job.report("done", 1, 1)


class Clock:
    """Seconds by stage, told to the log as they pass."""

    def __init__(self, job: JobFolder) -> None:
        self.job = job
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        started = time.monotonic()
        self.job.raise_if_cancelled()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)
        self.job.log(f"{name}: {self.seconds[name]:.1f} s")


@contextmanager
def one_thread_if_small(images: int) -> Iterator[None]:
    """Keep linear algebra on one thread for small sets.

    Their many short parallel steps wait for each other: beside another busy program a comparison of
    300 images took over four minutes on two threads and less than one on one. Large products gain
    from threads.
    """
    if images > SMALL:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_thread():
            yield
    finally:
        torch.set_num_threads(before)


def software() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in SOFTWARE},
    }


def _read(job: JobFolder) -> tuple[Side, list[Side]]:
    spec = job.read_spec(CompareSpec)

    def side(entry: SideSpec) -> Side:
        simplified = job.input(f"{entry.file}-simplified.npy")
        return Side(
            entry.dataset_id,
            entry.version,
            job.read_table(f"{entry.file}.parquet"),
            coverage.Views(
                job.read_array(f"{entry.file}-plain.npy", mmap=False),
                job.read_array(simplified.name, mmap=False) if simplified.exists() else None,
            ),
        )

    return side(spec.real), [side(entry) for entry in spec.versions]


def _check(real: Side, versions: list[Side]) -> None:
    if len(real.rows) < SMALLEST_REAL:
        raise InputError(
            f"There is only {len(real.rows)} real image",
            "A comparison needs at least two real images.",
        )
    everything = [real.views.plain, *(version.views.plain for version in versions)]
    for side, vectors in zip((real, *versions), everything, strict=True):
        broken = int((~np.isfinite(vectors).all(axis=1)).sum())
        if broken:
            raise InputError(
                f"{broken} vectors of {side.version or 'the real images'} are not numbers (NaN or infinite)",
                "The encoder's weights file may be broken: replace it and embed the images again.",
            )
    if all((vectors == everything[0][0]).all() for vectors in everything):
        raise InputError(
            "All images have the same vector",
            "Check that the folders do not hold one image many times.",
        )


def _labels(side: Side, column: str) -> list[str | None]:
    return side.rows.column(column).to_pylist()
