"""The compare job's result tables, as ``docs/architecture.md`` lists them. Arrays in, Arrow out;
nothing is decided here.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from core.analysis.changes import attribution
from core.analysis.changes import between as changes
from core.analysis.coverage.assess import Assessment
from core.analysis.explain import gaps as explain
from core.analysis.explain import splits
from core.analysis.metrics.suite import Measured
from core.jobs.compare.describe import Described
from core.jobs.compare.maps import Side

# of the synthetic images expected in a cluster, below which the joint reading calls it not covered
JOINT_SHARE = 0.1


def finish_points(
    points: pa.Table, sides: Sequence[Side], judged: Assessment, measured: Measured, told: Described
) -> pa.Table:
    """The points table with the real clusters, tags, zero-shot classes and how real each image
    looks.
    """
    total, n = points.num_rows, len(sides[0].rows)
    real_cluster = np.full(total, -1, np.int32)
    real_cluster[:n] = judged.real_cluster
    columns: dict[str, Any] = {
        "real_cluster": real_cluster,
        "tag": _strings(told.tag, total),
        "tag_confidence": _floats(told.tag_confidence, total),
        "zero_shot": _strings(told.zero_shot, total),
        "zero_shot_confidence": _floats(told.zero_shot_confidence, total),
        "looks_real": _floats(_looks_real(sides, measured), total),
    }
    for name, column in columns.items():
        points = points.append_column(
            name, pa.array(column) if isinstance(column, np.ndarray) else column
        )
    return points


def coverage_table(real: Side, versions: Sequence[Side], judged: Assessment) -> pa.Table:
    """One row for each real image and version."""
    parts = []
    for version, found in zip(versions, judged.versions, strict=True):
        paths, ids = version.rows.column("path"), version.rows.column("content_id")
        first = pa.array(found.nearest[:, 0])
        flat = ids.take(pa.array(found.nearest.ravel())).combine_chunks()
        offsets = np.arange(0, found.nearest.size + 1, found.nearest.shape[1], dtype=np.int32)
        parts.append(
            pa.table(
                {
                    "version_id": np.full(len(real.rows), version.dataset_id, np.int32),
                    "path": real.rows.column("path"),
                    "content_id": real.rows.column("content_id"),
                    "score": found.score.astype(float),
                    "distance": found.distance.astype(float),
                    "nearest_path": paths.take(first),
                    "nearest_id": ids.take(first),
                    "nearest_ids": pa.ListArray.from_arrays(offsets, flat),
                    "by_cluster": found.by_cluster,
                    "by_score": found.by_score,
                    "absent": found.absent,
                    "q": _floats(found.level, len(real.rows)),
                    "rank": found.rank.astype(np.int32),
                    "cluster": judged.real_cluster.astype(np.int32),
                }
            )
        )
    return pa.concat_tables(parts)


def gaps_table(
    real: Side, versions: Sequence[Side], judged: Assessment, told: Described
) -> pa.Table:
    """One row for each cluster of real images and version, the absent ones explained."""
    rows: list[dict[str, Any]] = []
    classes, biases = real.rows.column("class").to_pylist(), real.rows.column("bias").to_pylist()
    for version, found in zip(versions, judged.versions, strict=True):
        covered = np.flatnonzero(~found.absent)
        for gap in found.gaps:
            row = {"version_id": version.dataset_id, **gap}
            members = np.flatnonzero(found.absent & (judged.real_cluster == gap["cluster"]))
            if not len(members) and not found.summary.get(
                "absolute", True
            ):  # only a ranking: explain what leads it
                members = np.flatnonzero(judged.real_cluster == gap["cluster"])
            if len(members):
                others = (
                    np.setdiff1d(covered, members)
                    if len(covered)
                    else np.setdiff1d(np.arange(len(classes)), members)
                )
                row.update(
                    explain.explain_gap(
                        members,
                        others,
                        tagged=told.tagged,
                        attributes=told.attributes,
                        classes=classes,
                        biases=biases,
                        concepts=(told.phrases, told.concept_scores)
                        if told.concept_scores is not None
                        else None,
                    ).columns()
                )
            rows.append(row)
    return _rows(rows, GAPS)


def clusters_table(points: pa.Table, sides: Sequence[Side], judged: Assessment) -> pa.Table:
    """Cluster sizes by space and dataset. ``covered``: in the space ``real`` as the list judges it;
    in the joint spaces whether a version has at least a tenth of the images that the cluster's real
    ones would lead one to expect.
    """
    rows = []
    starts = np.cumsum([0, *(len(side.rows) for side in sides)])
    for space, column in (("joint", "cluster"), ("aligned", "acluster")):
        labels = points.column(column).to_numpy()
        names = np.unique(labels)
        counts = np.array(
            [
                [int((labels[first:last] == name).sum()) for name in names]
                for first, last in itertools.pairwise(starts)
            ]
        )
        for index, side in enumerate(sides):
            for place, name in enumerate(names):
                expected = len(side.rows) * counts[0, place] / len(sides[0].rows)
                covered = (
                    bool(counts[index, place] >= JOINT_SHARE * expected)
                    if index and name >= 0 and expected
                    else None
                )
                if counts[index, place] or covered is not None:
                    rows.append(
                        {
                            "space": space,
                            "cluster": int(name),
                            "n": int(counts[index, place]),
                            "covered": covered,
                            "version_id": side.dataset_id if index else None,
                        }
                    )
    for cluster, count in zip(*np.unique(judged.real_cluster, return_counts=True), strict=True):
        rows.append(
            {
                "space": "real",
                "cluster": int(cluster),
                "version_id": None,
                "n": int(count),
                "covered": None,
            }
        )
    for side, found in zip(sides[1:], judged.versions, strict=True):
        for gap in found.gaps:
            members = judged.real_cluster == gap["cluster"]
            rows.append(
                {
                    "space": "real",
                    "cluster": gap["cluster"],
                    "version_id": side.dataset_id,
                    "n": round(gap["n_synthetic"]),
                    "covered": bool(~found.by_cluster[members].any()),
                }
            )
    return _rows(rows, CLUSTERS)


def versions_table(versions: Sequence[Side], judged: Assessment) -> pa.Table:
    """One row a version: how much is absent, how sure that is, in numbers and in one sentence."""
    rows = [
        {
            "version_id": version.dataset_id,
            "version": version.version,
            "position": position,
            "images": len(version.rows),
            **found.summary,
        }
        for position, (version, found) in enumerate(zip(versions, judged.versions, strict=True))
    ]
    return _rows(rows, VERSIONS)


def changes_table(
    real: Side,
    versions: Sequence[Side],
    judged: Assessment,
    seed: int,
    report: Callable[[str, int, int], None],
) -> pa.Table:
    """How each real image's coverage changed between versions."""
    return changes.changes_table(
        real.views,
        real.paths,
        real.rows.column("content_id").to_pylist(),
        judged.real_cluster,
        [
            changes.Version(
                version.dataset_id,
                version.views,
                version.paths,
                version.rows.column("content_id").to_pylist(),
                found.absent,
                found.nearest[:, 0],
            )
            for version, found in zip(versions, judged.versions, strict=True)
        ],
        seed=seed,
        progress=report,
    )


def contribution_rows(
    real: Side, versions: Sequence[Side], points: pa.Table, seed: int
) -> list[dict[str, Any]]:
    """Metrics without each cluster of the look-removed map, so that a change can be traced to
    clusters; none for one version.
    """
    if len(versions) < 2:
        return []
    labels, start = points.column("acluster").to_numpy(), len(real.rows)
    rows: list[dict[str, Any]] = []
    for version in versions:
        own = labels[start : start + len(version.rows)]
        start += len(version.rows)
        found = attribution.leave_one_out(
            real.views.plain, version.views.plain, labels[: len(real.rows)], own, seed=seed
        )
        rows += attribution.rows(
            version.dataset_id,
            found,
            n_real=len(real.rows),
            n_synthetic=len(version.rows),
            seed=seed,
        )
    return rows


def metrics_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Every metric; parameters as JSON."""
    return _rows(
        [
            {
                **row,
                "parameters": json.dumps(row["parameters"])
                if isinstance(row["parameters"], dict)
                else row["parameters"],
            }
            for row in rows
        ],
        METRICS,
    )


def selftest_table(versions: Sequence[Side], judged: Assessment) -> pa.Table:
    """What the self-test planted and found."""
    return _rows(
        [
            {"version_id": version.dataset_id, **row}
            for version, found in zip(versions, judged.versions, strict=True)
            for row in found.selftest
        ],
        SELFTEST,
    )


def splits_table(sides: Sequence[Side], points: pa.Table, told: Described) -> pa.Table:
    """Classes whose real and synthetic images live in different clusters, by every source of
    classes there is.
    """
    starts = np.cumsum([0, *(len(side.rows) for side in sides)])
    clusters = points.column("cluster").to_numpy()
    sources = {
        "label": [label for side in sides for label in side.rows.column("class").to_pylist()],
        "zero_shot": told.zero_shot,
        "tag": told.tag,
    }
    rows = []
    for source, names in sources.items():
        if names is None or not any(names):
            continue
        for index, side in enumerate(sides[1:], start=1):
            real, synthetic = slice(0, starts[1]), slice(starts[index], starts[index + 1])
            found = splits.split_classes(
                clusters[real], names[real], clusters[synthetic], names[synthetic]
            )
            rows += [
                split.row(side.dataset_id, source)
                for split in found
                if source == "label" or (split.separation is not None)
            ]
    return _rows(rows, SPLITS)


GAPS = pa.schema(
    [
        ("version_id", pa.int32()),
        ("cluster", pa.int32()),
        ("size", pa.int32()),
        ("absent", pa.int32()),
        *(
            (name, pa.float64())
            for name in ("n_synthetic", "expected", "low", "high", "score", "q", "stability")
        ),
        *(
            (name, pa.string())
            for name in ("name", "reason", "tags", "attributes", "concepts", "classes")
        ),
    ]
)
CLUSTERS = pa.schema(
    [
        ("space", pa.string()),
        ("cluster", pa.int32()),
        ("version_id", pa.int32()),
        ("n", pa.int32()),
        ("covered", pa.bool_()),
    ]
)
VERSIONS = pa.schema(
    [
        ("version_id", pa.int32()),
        ("version", pa.string()),
        ("position", pa.int32()),
        ("images", pa.int32()),
        ("absent", pa.int32()),
        *((name, pa.float64()) for name in ("absent_rate", "low", "high", "baseline_rate")),
        ("absent_by_cluster", pa.int32()),
        ("view", pa.string()),
        ("threshold", pa.float64()),
        ("injected", pa.int32()),
        ("recovered", pa.int32()),
        ("false_alarm_share", pa.float64()),
        ("recall", pa.float64()),
        ("absolute", pa.bool_()),
        ("verdict", pa.string()),
    ]
)
METRICS = pa.schema(
    [
        ("version_id", pa.int32()),
        ("scope", pa.string()),
        ("part", pa.string()),
        ("name", pa.string()),
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n_real", pa.int32()),
        ("n_synthetic", pa.int32()),
        *((name, pa.float64()) for name in ("baseline", "baseline_low", "baseline_high")),
        ("seed", pa.int32()),
        ("parameters", pa.string()),
        ("note", pa.string()),
    ]
)
SELFTEST = pa.schema(
    [
        ("version_id", pa.int32()),
        ("view", pa.string()),
        ("threshold", pa.float64()),
        ("injected_cluster", pa.int32()),
        ("seed", pa.int32()),
        ("size", pa.int32()),
        ("hidden", pa.int32()),
        ("auroc", pa.float64()),
        ("recovered", pa.bool_()),
        ("false_alarm_share", pa.float64()),
    ]
)
SPLITS = pa.schema(
    [
        ("class", pa.string()),
        ("source", pa.string()),
        ("version_id", pa.int32()),
        ("n_real", pa.int32()),
        ("n_synthetic", pa.int32()),
        ("separation", pa.float64()),
        ("real_cluster", pa.int32()),
        ("synthetic_cluster", pa.int32()),
        ("note", pa.string()),
    ]
)


def _rows(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of this schema; what is not finite becomes null, for NaN never reaches a
    screen.
    """

    def clean(value: Any) -> Any:
        if isinstance(value, float | np.floating):
            return float(value) if np.isfinite(value) else None
        return value.item() if isinstance(value, np.generic) else value

    return pa.Table.from_pylist(
        [{name: clean(row.get(name)) for name in schema.names} for row in rows], schema
    )


def _strings(values: Sequence[str] | None, total: int) -> pa.Array:
    return pa.nulls(total, pa.string()) if values is None else pa.array(values, pa.string())


def _floats(values: np.ndarray | None, total: int) -> pa.Array:
    if values is None:
        return pa.nulls(total, pa.float64())
    return pa.array(np.asarray(values, float), mask=~np.isfinite(np.asarray(values, float)))


def _looks_real(sides: Sequence[Side], measured: Measured) -> np.ndarray:
    """Held-out probability of being real: of a real image the mean over versions, of a synthetic
    one its version's.
    """
    judged = [measured.looks_real.get(side.dataset_id) for side in sides[1:]]
    known = [pair[0] for pair in judged if pair is not None]
    parts = [np.mean(known, axis=0) if known else np.full(len(sides[0].rows), np.nan)]
    parts += [
        pair[1] if pair is not None else np.full(len(side.rows), np.nan)
        for side, pair in zip(sides[1:], judged, strict=True)
    ]
    return np.concatenate(parts)
