"""The compare job: vectors of one real dataset and its versions in, every result table out.

This file is the table of contents of the analysis; each line's work is in ``core/analysis``. Inputs
and outputs are listed in ``docs/architecture.md``. Seeded: the same inputs give the same tables,
bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.analysis.changes.attribution import leave_one_out
from core.analysis.changes.between import PairChange, VersionImages, changes_between
from core.analysis.coverage.assess import assess
from core.analysis.coverage.judgement import Assessment
from core.analysis.coverage.surplus import Surplus
from core.analysis.metrics.suite import Measured, all_metrics
from core.analysis.vectors.maps import MapParameters
from core.contracts import comparison as contract
from core.contracts.compare_spec import CompareSpec
from core.contracts.comparison import MetricRow
from core.contracts.derive import from_rows
from core.jobs.compare import label_rows, rows
from core.jobs.compare.describe import Described, describe
from core.jobs.compare.fold import Folded, fold
from core.jobs.compare.points import Maps, draw_maps, points_table
from core.jobs.compare.readings import outside_clusters, with_singles
from core.jobs.compare.sides import Sides, read_sides
from core.jobs.compare.surplus import surplus_group_rows, surplus_of, surplus_rows
from core.jobs.compare.surroundings import Clock, one_thread_if_small, software
from core.jobs.folder import JobFolder


def run(job: JobFolder) -> None:
    """Compare. Raises :class:`~core.errors.InputError` for too few images, identical images and
    vectors that are not numbers.
    """
    spec, sides, clock = job.read_spec(CompareSpec), read_sides(job), Clock(job)
    with one_thread_if_small(sum(map(len, sides.all))):
        with clock.stage("maps"):
            maps = _maps(job, spec, sides)
        with clock.stage("coverage"):
            assessment = assess(
                sides.real.views,
                [version.views for version in sides.versions],
                seed=spec.seed,
                parameters=spec.parameters,
                units=[side.units for side in sides.all],
                progress=job.report,
            )
            folded = with_singles(sides, fold(sides, assessment), spec.seed)
            judged = folded.judged
        with clock.stage("surplus"):
            surplus = surplus_of(sides, spec.seed, job.report)
        with clock.stage("metrics"):
            measured = all_metrics(
                sides.real.views.plain,
                [version.views.plain for version in sides.versions],
                real_classes=sides.real.classes,
                classes=[version.classes for version in sides.versions],
                k=spec.parameters.k,
                seed=spec.seed,
                progress=job.report,
            )
        with clock.stage("tags and concepts"):
            described = describe(spec, sides, job.report)
        with clock.stage("changes"):
            changes = _changes(job, spec, sides, judged)
            contributions = _contributions(spec, sides, maps)
        with clock.stage("tables"):
            job.write_rows(
                contract.PointRow, points_table(sides, maps, judged, measured, described)
            )
            job.write_rows(contract.ChangeRow, rows.changes_table(sides, judged, changes))
            _write_judgement(job, sides, maps, folded, described, surplus)
            _write_metrics(job, sides, measured, contributions)
    summary = {"seconds": clock.seconds, "software": software()}
    job.write_json("summary.json", {**summary, "concept_notes": list(described.notes)})
    job.report("done", 1, 1)


def _maps(job: JobFolder, spec: CompareSpec, sides: Sides) -> Maps:
    chosen = spec.parameters
    parameters = MapParameters(chosen.n_neighbors, chosen.map_cluster_size, spec.seed)
    there = job.input("previous.parquet").exists()
    previous = job.read_table("previous.parquet") if there else None
    return draw_maps(sides, parameters, previous, job.report)


def _changes(
    job: JobFolder, spec: CompareSpec, sides: Sides, judged: Assessment
) -> list[PairChange]:
    versions = [
        VersionImages(version.views, version.contents, found.tier)
        for version, found in zip(sides.versions, judged.versions, strict=True)
    ]
    return changes_between(sides.real.views, versions, seed=spec.seed, progress=job.report)


def _contributions(spec: CompareSpec, sides: Sides, maps: Maps) -> list[MetricRow]:
    """Metrics without each cluster of the domain-aligned map, so that a change can be traced to
    clusters; none for one version.
    """
    if len(sides.versions) < 2:
        return []
    real, (of_real, *of_versions) = sides.real, sides.split(maps.aligned.clusters)
    found = []
    for version, clusters in zip(sides.versions, of_versions, strict=True):
        values = leave_one_out(
            real.views.plain, version.views.plain, of_real, clusters, seed=spec.seed
        )
        found += rows.contribution_rows(
            version.dataset_id, values, len(real), len(version), spec.seed
        )
    return found


def _write_judgement(
    job: JobFolder,
    sides: Sides,
    maps: Maps,
    folded: Folded,
    described: Described,
    surplus: Sequence[Surplus],
) -> None:
    judged, outside = folded.judged, outside_clusters(sides, maps)
    of_labels = label_rows.label_group_rows(sides, folded, described)
    job.write_rows(contract.CoverageRow, rows.coverage_table(sides, folded, outside))
    for row, found in (
        (contract.LabelCountRow, label_rows.label_count_rows(sides, folded)),
        (contract.LabelNoteRow, label_rows.label_note_rows(sides, folded)),
        (contract.SurplusRow, surplus_rows(sides, surplus)),
        (contract.SurplusGroupRow, surplus_group_rows(sides, surplus, described)),
        (contract.GroupRow, [*of_labels, *rows.group_rows(sides, folded, described)]),
        (contract.ClusterRow, rows.cluster_rows(sides, maps, judged)),
        (contract.VersionRow, rows.version_rows(sides, judged, outside, surplus)),
        (contract.SelfTestRow, rows.selftest_rows(sides, judged)),
        (contract.SplitRow, rows.split_rows(sides, maps, described)),
    ):
        job.write_rows(row, from_rows(row, found))


def _write_metrics(
    job: JobFolder, sides: Sides, measured: Measured, contributions: list[MetricRow]
) -> None:
    found = [*rows.metric_rows(sides, measured.metrics), *contributions]
    job.write_rows(MetricRow, from_rows(MetricRow, found))
