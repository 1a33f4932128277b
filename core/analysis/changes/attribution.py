"""Which clusters a metric's value comes from: the number again without each cluster, so that "FD
went up" becomes "because of cluster 12".

Leave one cluster out: its real and its synthetic images are taken away and the number is computed
again. Between two versions, a cluster's contribution to the change is the change with it minus the
change without it. Contributions need not add up to the change, for clusters overlap in what they
do. Fréchet distance is measured in the leading directions of the real images, where taking a
cluster away costs only its own sums; KID on a sample of large sets. So the base value differs a
little from the metric of the same name in full.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA

from core.analysis.metrics.frechet import distance_of_moments
from core.analysis.metrics.measure import check_pair, one_thread

DIMENSIONS = 64  # leading directions of the real images that Fréchet distance is measured in
KERNEL_SAMPLE = 3000  # images of each side behind KID
LEAST = 10  # images on each side below which nothing is measured


def leave_one_out(
    real: np.ndarray,
    synthetic: np.ndarray,
    real_clusters: np.ndarray,
    clusters: np.ndarray,
    *,
    seed: int = 0,
) -> dict[str, dict[int | None, float]]:
    """Fréchet distance and KID without each cluster, by metric's name and cluster; under None the
    base with all.

    ``real`` (n, d), ``synthetic`` (m, d); ``real_clusters`` int (n,), ``clusters`` int (m,), −1 for
    none, which is never left out. A cluster without which fewer than 10 images would be left on a
    side is not in the answer. Fewer than that in all: empty.
    """
    check_pair(real, synthetic)
    if min(len(real), len(synthetic)) < LEAST:
        return {}
    basis = PCA(min(DIMENSIONS, *real.shape), random_state=seed).fit(real)
    sides = [
        (basis.transform(real).astype(np.float64), np.asarray(real_clusters)),
        (basis.transform(synthetic).astype(np.float64), np.asarray(clusters)),
    ]
    labels = sorted(
        {int(label) for _, labels in sides for label in np.unique(labels) if label >= 0}
    )
    with one_thread():
        whole = [(real, sides[0][1]), (synthetic, sides[1][1])]
        return {"frechet_distance": _frechet(sides, labels), "kid": _kid(whole, labels, seed)}


Values = dict[int | None, float]  # by the cluster left out; None: none was
Sides = Sequence[tuple[np.ndarray, np.ndarray]]  # vectors and clusters, real and synthetic
Sums = tuple[int, np.ndarray, np.ndarray]  # count, sum, sum of products


def _frechet(sides: Sides, labels: Sequence[int]) -> Values:
    """By taking each cluster's sums away from the whole's."""
    whole = [_sums(vectors) for vectors, _ in sides]
    found: Values = {None: _distance(whole)}
    for label in labels:
        parts = [_sums(vectors[groups == label]) for vectors, groups in sides]
        left = [
            (total[0] - part[0], total[1] - part[1], total[2] - part[2])
            for total, part in zip(whole, parts, strict=True)
        ]
        if min(count for count, _, _ in left) >= LEAST:
            found[label] = _distance(left)
    return found


def _sums(vectors: np.ndarray) -> Sums:
    return len(vectors), vectors.sum(axis=0), vectors.T @ vectors


def _distance(sums: Sequence[Sums]) -> float:
    moments = []
    for count, total, products in sums:
        mean = total / count
        moments += [mean, (products - count * np.outer(mean, mean)) / (count - 1)]
    values, directions = np.linalg.eigh(moments[1])
    factor = (directions * np.sqrt(np.maximum(values, 0))).T
    return distance_of_moments(moments[0], moments[1], moments[2], moments[3], factor)


def _kid(sides: Sides, labels: Sequence[int], seed: int) -> Values:
    """KID (Bińkowski et al. 2018: (x·y/d + 1)³, unbiased) on a sample, from the kernel's sums by
    pairs of clusters.
    """
    rng = np.random.default_rng(seed)
    chosen = [np.sort(rng.permutation(len(vectors))[:KERNEL_SAMPLE]) for vectors, _ in sides]
    (x, gx), (y, gy) = (
        (vectors[rows].astype(np.float64), groups[rows])
        for (vectors, groups), rows in zip(sides, chosen, strict=True)
    )
    d = x.shape[1]
    places = {label: place for place, label in enumerate(labels)}
    belongs = [
        np.eye(len(labels) + 1)[[places.get(int(label), len(labels)) for label in groups]]
        for groups in (gx, gy)
    ]
    blocks = {}
    for key, (a, b, left, right) in {
        "xx": (x, x, 0, 0),
        "yy": (y, y, 1, 1),
        "xy": (x, y, 0, 1),
    }.items():
        kernel = (a @ b.T / d + 1) ** 3
        if key != "xy":
            np.fill_diagonal(kernel, 0)
        blocks[key] = belongs[left].T @ kernel @ belongs[right]
    sizes = [one.sum(axis=0) for one in belongs]
    found: Values = {}
    for place, label in ((None, None), *enumerate(labels)):
        keep = np.array([index != place for index in range(len(labels) + 1)])
        n, m = (float(size[keep].sum()) for size in sizes)
        if min(n, m) < LEAST:
            continue
        within = np.ix_(keep, keep)
        found[label] = float(
            blocks["xx"][within].sum() / (n * (n - 1))
            + blocks["yy"][within].sum() / (m * (m - 1))
            - 2 * blocks["xy"][within].sum() / (n * m)
        )
    return found
