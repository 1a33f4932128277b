"""What the analysis found, as rows of the contracts in :mod:`core.contracts.comparison`. Nothing is
decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from core.analysis.changes.attribution import DIMENSIONS
from core.analysis.changes.between import PairChange
from core.analysis.coverage.judgement import Assessment, ClusterJudgement, VersionAssessment
from core.analysis.coverage.outside import lacking
from core.analysis.coverage.surplus import Surplus
from core.analysis.explain.gaps import GapExplanation, explain_gap
from core.analysis.explain.place import common_place, place_sentence
from core.analysis.explain.splits import split_classes
from core.analysis.metrics.suite import ScopedMetric
from core.analysis.types import Bools, Ints
from core.analysis.vectors.clustering import NOISE
from core.contracts.comparison import (
    ChangeRow,
    ClusterRow,
    CoverageRow,
    EffectEvidence,
    GroupRow,
    LabelEvidence,
    MetricRow,
    SelfTestRow,
    SplitRow,
    TagEvidence,
    VersionRow,
)
from core.contracts.derive import from_columns, schema
from core.contracts.words import ClassSource, DecidedBy, GroupKind, MetricScope, Space
from core.jobs.compare.describe import Described
from core.jobs.compare.fold import Folded, cluster_id
from core.jobs.compare.points import Maps
from core.jobs.compare.readings import OutsideClusters
from core.jobs.compare.sides import Side, Sides

MOSTLY = 0.5  # of a cluster's images absent, from which the cluster is not covered

Evidence = TypeVar("Evidence", TagEvidence, EffectEvidence, LabelEvidence)


def coverage_table(sides: Sides, folded: Folded, outside: Sequence[OutsideClusters]) -> pa.Table:
    """One row for each real image and version."""
    judged = folded.judged
    parts = [
        from_columns(
            CoverageRow,
            {
                **_coverage(sides.real, version, found, out),
                "cluster": judged.real_cluster,
                "group_id": counted.group_id,
            },
        )
        for version, found, counted, out in zip(
            sides.versions, judged.versions, folded.versions, outside, strict=True
        )
    ]
    return pa.concat_tables(parts)


def group_rows(sides: Sides, folded: Folded, described: Described) -> list[GroupRow]:
    """One row for each cluster of real images and version, each explained by the images that no
    label's group has: an absent one for what is missing, another for what it holds should it be
    absent on closer look.
    """
    judged, of_clusters = folded.judged, []
    for place, version in enumerate(sides.versions):
        found, counted = judged.versions[place], folded.versions[place]
        for cluster in found.clusters:
            own = np.flatnonzero(counted.group_id == cluster_id(cluster.cluster))
            # of a cluster that a label took wholly, its images still say what it is
            members = own if len(own) else np.flatnonzero(judged.real_cluster == cluster.cluster)
            explained = explain(members, judged, place, sides, described)
            of_clusters.append(_cluster_group(version, cluster, found.absent[own], explained))
    return of_clusters


def cluster_rows(sides: Sides, maps: Maps, judged: Assessment) -> list[ClusterRow]:
    """Cluster sizes by space and dataset. ``covered``: in the space ``real`` as the list judges it;
    in the joint spaces whether it holds images of the version, more than practically none
    (:func:`core.analysis.coverage.outside.lacking`); ``surplus``: whether it holds practically no
    real ones.
    """
    rows = [
        *_joint_clusters(Space.JOINT, sides, maps.joint.clusters),
        *_joint_clusters(Space.ALIGNED, sides, maps.aligned.clusters),
    ]
    for cluster, count in zip(*np.unique(judged.real_cluster, return_counts=True), strict=True):
        rows.append(ClusterRow(Space.REAL, int(cluster), None, int(count), None, None))
    for version, found in zip(sides.versions, judged.versions, strict=True):
        rows += [
            ClusterRow(
                Space.REAL,
                one.cluster,
                version.dataset_id,
                round(one.rendered),
                bool(found.absent[judged.real_cluster == one.cluster].mean() < MOSTLY),
                None,
            )
            for one in found.clusters
        ]
    return rows


def version_rows(
    sides: Sides,
    judged: Assessment,
    outside: Sequence[OutsideClusters],
    surplus: Sequence[Surplus],
) -> list[VersionRow]:
    """One row a version: how much is absent, how sure that is, in numbers and in one sentence."""
    return [
        VersionRow(
            version_id=version.dataset_id,
            version=version.name,
            position=position,
            images=len(version),
            outside=int(out.joint.sum()),
            outside_aligned=int(out.aligned.sum()),
            surplus=len(unneeded.listed),
            **asdict(found.summary),
        )
        for position, (version, found, out, unneeded) in enumerate(
            zip(sides.versions, judged.versions, outside, surplus, strict=True)
        )
    ]


def selftest_rows(sides: Sides, judged: Assessment) -> list[SelfTestRow]:
    """What the self-test injected and what the list found of it."""
    return [
        SelfTestRow(version_id=version.dataset_id, **asdict(gap))
        for version, found in zip(sides.versions, judged.versions, strict=True)
        for gap in found.selftest
    ]


def metric_rows(sides: Sides, metrics: Sequence[ScopedMetric]) -> list[MetricRow]:
    """Every metric of every version, over all images and class by class."""
    return [
        MetricRow(
            version_id=sides.versions[one.version].dataset_id,
            scope=one.scope,
            part=one.part,
            **{item.name: getattr(one.metric, item.name) for item in fields(one.metric)},
        )
        for one in metrics
    ]


def contribution_rows(
    version_id: int,
    values: Mapping[str, Mapping[int | None, float]],
    n_real: int,
    n_synthetic: int,
    seed: int,
) -> list[MetricRow]:
    """Metrics without each cluster, by name and cluster (None: none left out), as
    :func:`core.analysis.changes.attribution.leave_one_out` measures them.
    """
    return [
        MetricRow(
            version_id=version_id,
            scope=MetricScope.WITHOUT,
            part=None if cluster is None else str(cluster),
            name=name,
            value=value,
            low=None,
            high=None,
            n_real=n_real,
            n_synthetic=n_synthetic,
            baseline=None,
            baseline_low=None,
            baseline_high=None,
            seed=seed,
            parameters={"dimensions": DIMENSIONS},
            note=None,
        )
        for name, by_cluster in values.items()
        for cluster, value in by_cluster.items()
    ]


def changes_table(sides: Sides, judged: Assessment, changes: Sequence[PairChange]) -> pa.Table:
    """One row for each real image and pair of versions."""
    parts = [
        _changed(
            sides.real,
            (sides.versions[pair.first], sides.versions[pair.second]),
            (judged.versions[pair.first], judged.versions[pair.second]),
            pair,
            judged.real_cluster,
        )
        for pair in changes
    ]
    return pa.concat_tables(parts) if parts else schema(ChangeRow).empty_table()


def split_rows(sides: Sides, maps: Maps, described: Described) -> list[SplitRow]:
    """Classes whose real and synthetic images live in different clusters, by every source of
    classes there is.
    """
    clusters, starts = sides.split(maps.joint.clusters), sides.starts
    sources = {
        ClassSource.LABEL: [label for side in sides.all for label in side.classes],
        ClassSource.ZERO_SHOT: described.zero_shot,
        ClassSource.TAG: described.tag,
    }
    rows = []
    for source, names in sources.items():
        if names is None or not any(names):
            continue
        for place, side in enumerate(sides.versions, start=1):
            own = names[starts[place] : starts[place + 1]]
            found = split_classes(clusters[0], names[: starts[1]], clusters[place], own)
            rows += [
                SplitRow(
                    class_=split.name,
                    source=source,
                    version_id=side.dataset_id,
                    n_real=split.n_real,
                    n_synthetic=split.n_synthetic,
                    separation=split.separation,
                    real_cluster=split.real_cluster,
                    synthetic_cluster=split.synthetic_cluster,
                    note=split.note,
                )
                for split in found
                if source == ClassSource.LABEL or split.separation is not None
            ]
    return rows


def explain(
    members: Ints, judged: Assessment, place: int, sides: Sides, described: Described
) -> GapExplanation:
    """A group's ``members`` compared with the covered real images outside it, for the version in
    that ``place`` of the comparison.
    """
    covered = np.flatnonzero(~judged.versions[place].absent)
    others = np.setdiff1d(covered if len(covered) else np.arange(len(sides.real)), members)
    scores = described.concept_scores
    explained = explain_gap(
        members,
        others,
        tagged=described.tagged,
        attributes=described.attributes,
        classes=sides.real.classes,
        biases=sides.real.biases,
        concepts=(described.phrases, scores) if scores is not None else None,
        keys=sides.real.contents,
    )
    where = common_place(described.places[place], members, others) if described.places else None
    if where is None:
        return explained
    sentence = place_sentence(where, described.place_names)
    return replace(explained, reason=f"{explained.reason} {sentence}")


def evidence_columns(explained: GapExplanation) -> dict[str, Any]:
    """What sets a group apart, as columns of :class:`GroupRow`."""
    evidence = explained.evidence
    return {
        "tags": _rounded((*evidence.tags, *evidence.families)),
        "attributes": _rounded(evidence.attributes),
        "concepts": _rounded(evidence.concepts),
        "classes": _rounded(evidence.labels),
    }


def _coverage(
    real: Side,
    version: Side,
    found: VersionAssessment,
    outside: OutsideClusters,
) -> dict[str, Sequence[object] | np.ndarray]:
    paths, ids = np.array(version.paths, object), np.array(version.contents, object)
    first = found.nearest[:, 0]
    return {
        "version_id": np.full(len(real), version.dataset_id),
        "path": real.paths,
        "content_id": real.contents,
        "score": found.score.astype(float),
        "distance": found.distance.astype(float),
        "nearest_path": paths[first],
        "nearest_id": ids[first],
        "nearest_ids": [row.tolist() for row in ids[found.nearest]],
        "tier": found.tier,
        "absent": found.absent,
        "single": found.single,
        "outside": outside.joint,
        "outside_aligned": outside.aligned,
        "q": found.q.astype(float),
        "rank": found.rank,
    }


def _cluster_group(
    version: Side, cluster: ClusterJudgement, own_absent: Bools, explained: GapExplanation
) -> GroupRow:
    judged = {**asdict(cluster), "own": len(own_absent), "absent": int(own_absent.sum())}
    return GroupRow(
        version_id=version.dataset_id,
        group_id=cluster_id(cluster.cluster),
        kind=GroupKind.CLUSTER,
        column=None,
        value=None,
        decided_by=DecidedBy.VECTORS,
        **judged,
        name=explained.name,
        explanation=explained.reason,
        **evidence_columns(explained),
    )


def _rounded(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Numbers to four significant digits: what a stored sentence needs."""
    rounded = []
    for one in evidence:
        numbers: dict[str, Any] = {
            name: float(f"{value:.4g}")
            for name, value in asdict(one).items()
            if isinstance(value, float)
        }
        rounded.append(replace(one, **numbers))
    return tuple(rounded)


def _joint_clusters(space: Space, sides: Sides, labels: Ints) -> list[ClusterRow]:
    of_real, *of_versions = sides.split(labels)
    names, counts = np.unique(of_real, return_counts=True)
    real = dict(zip(names.tolist(), counts.tolist(), strict=True))
    rows = [ClusterRow(space, name, None, count, None, None) for name, count in real.items()]
    for side, own in zip(sides.versions, of_versions, strict=True):
        open_clusters, unneeded = lacking(of_real, own), lacking(own, of_real)
        for name in np.unique(labels).tolist():
            count, judged = int((own == name).sum()), name != NOISE and name in real
            if count or judged:
                covered = not open_clusters[name] if judged else None
                surplus = bool(unneeded[name]) if count and name != NOISE else None
                rows.append(ClusterRow(space, name, side.dataset_id, count, covered, surplus))
    return rows


def _changed(
    real: Side,
    versions: tuple[Side, Side],
    judged: tuple[VersionAssessment, VersionAssessment],
    pair: PairChange,
    real_cluster: Ints,
) -> pa.Table:
    paths, ids = [], []
    for version, found in zip(versions, judged, strict=True):
        first = found.nearest[:, 0]
        paths.append(np.array(version.paths, object)[first])
        ids.append(np.array(version.contents, object)[first])
    columns = {
        "from_id": np.full(len(real), versions[0].dataset_id),
        "to_id": np.full(len(real), versions[1].dataset_id),
        "path": real.paths,
        "content_id": real.contents,
        "state": pair.states.tolist(),
        "change": pair.change.change.astype(float),
        "regressed": pair.regressed,
        "before_path": paths[0],
        "before_id": ids[0],
        "after_path": paths[1],
        "after_id": ids[1],
        "cluster": real_cluster,
    }
    return from_columns(ChangeRow, columns)
