"""The assessment of a comparison: for every real image and version, how well it is covered and whether it is absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from core.analysis import clustering, coverage, projection
from core.analysis.coverage import Views
from core.analysis.neighbors import Floats, Ints, graph, nearest

NEAREST = 5
COMPONENTS = 48
SMOOTHING = 20
DEVIATIONS = 1.5


@dataclass(frozen=True)
class VersionAssessment:
    """One version's coverage of n real images.

    ``score`` (n,), larger = less covered; ``distance`` (n,) and ``nearest`` (n, 5): cosine distance to, and rows of, the nearest
    synthetic images as they are; ``by_cluster``, ``by_score``, ``absent`` bool (n,); ``level`` (n,); ``rank`` (n,), 1 = most absent.
    ``gaps``: one dictionary a cluster; ``summary``: the columns of the versions table; ``selftest``: rows.
    """

    score: Floats
    distance: Floats
    nearest: Ints
    by_cluster: np.ndarray
    by_score: np.ndarray
    absent: np.ndarray
    level: Floats
    rank: Ints
    gaps: list[dict[str, Any]]
    summary: dict[str, Any]
    selftest: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Assessment:
    """All versions, and the clusters of the real images (n,) in the look-removed space."""

    real_cluster: Ints
    versions: list[VersionAssessment]


def assess(real: Views, versions: Sequence[Views], *, seed: int = 0,
           progress: Callable[[str, int, int], None] | None = None) -> Assessment:
    """Judge every real image against every version."""
    spaces = [coverage.removed([real.plain, *(v.plain for v in versions)], COMPONENTS, seed=seed)]
    if real.simplified is not None and all(v.simplified is not None for v in versions):
        spaces.append(coverage.removed([real.simplified, *(v.simplified for v in versions)], COMPONENTS, seed=seed))
    layout = projection.project(spaces[0][0], (5,), min_dist=0.0, seed=seed).layouts[5]
    labels = clustering.fill(layout, clustering.cluster(layout, min_cluster_size=15), seed=seed)
    around = [graph(space[0], SMOOTHING + 1, seed=seed).indices for space in spaces]
    found = []
    for index, version in enumerate(versions):
        if progress:
            progress("coverage", index, len(versions))
        score = np.mean([coverage.smooth(coverage.shift_free_distance(space[0], space[index + 1], seed=seed), near)
                         for space, near in zip(spaces, around, strict=True)], axis=0)
        found.append(_judge(real, version, score.astype(np.float32), labels, seed))
    if progress:
        progress("coverage", len(versions), len(versions))
    return Assessment(labels, found)


def _judge(real: Views, version: Views, score: Floats, labels: Ints, seed: int) -> VersionAssessment:
    indices, distances = nearest(real.plain, version.plain, NEAREST, seed=seed)
    middle = float(np.median(score))
    lower = score[score <= middle]
    threshold = middle + DEVIATIONS * 1.4826 * 2 * float(np.median(np.abs(lower - middle)))
    by_score = score > threshold
    ids = np.unique(labels[labels >= 0])
    means = {int(i): float(score[labels == i].mean()) for i in ids}
    by_cluster = np.array([means.get(int(label), -np.inf) > threshold for label in labels])
    rank = np.empty(len(score), np.int64)
    rank[np.argsort(-score, kind="stable")] = np.arange(1, len(score) + 1)
    home = labels[nearest(version.plain - version.plain.mean(0), real.plain - real.plain.mean(0), 1, seed=seed)[0][:, 0]]
    gaps = []
    for i in ids:
        inside = labels == i
        expected = len(version) * inside.mean()
        gaps.append({"cluster": int(i), "size": int(inside.sum()), "absent": int((by_cluster & inside).sum()),
                     "n_synthetic": float((home == i).sum()), "expected": float(expected),
                     "low": float(stats.poisson.ppf(0.025, expected)), "high": float(stats.poisson.ppf(0.975, expected)),
                     "score": means[int(i)], "level": None, "stability": None})
    count, n = int(by_cluster.sum()), len(score)
    interval = stats.binomtest(count, n).proportion_ci(method="wilson")
    summary = {"absent": count, "absent_rate": count / n, "low": interval.low, "high": interval.high, "floor_rate": None,
               "absent_by_cluster": count, "view": "both", "threshold": threshold, "absolute": True,
               "verdict": f"{count} of {n} real images are absent"}
    return VersionAssessment(score, distances[:, 0], indices, by_cluster, by_score, by_cluster,
                             np.full(n, np.nan, np.float32), rank, gaps, summary)
