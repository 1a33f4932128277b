"""The clusters of real images that are judged: of the real images alone, whatever is rendered."""

from __future__ import annotations

import numpy as np

from core.analysis.types import Ints
from core.analysis.vectors import clustering, projection
from core.analysis.vectors.alignment import Views, domain_aligned
from core.analysis.vectors.maps import CLUSTER_DIMS

# share of the real images above which a cluster is looked into once more: of paintings and small
# sets HDBSCAN joins several kinds (share of images in their cluster's main class 0.59, split 0.74)
LARGEST = 0.25


def real_clusters(real: Views, min_cluster_size: int, seed: int) -> Ints:
    """Clusters int64 (n,) of the real images alone: UMAP in 5-D of their principal components,
    HDBSCAN, noise given to the cluster that its neighbours belong to. A cluster of more than a
    quarter of them is clustered again by itself, for as long as it falls into two or more.

    ``min_cluster_size`` 0: three quarters of the square root of n, at least 10.
    """
    if len(real) < projection.SMALLEST or not np.ptp(real.plain, axis=0).any():
        return np.zeros(len(real), np.int64)
    space = domain_aligned([real.plain], seed=seed)[0]
    layout = projection.project(space, (CLUSTER_DIMS,), min_dist=0.0, seed=seed).layouts[
        CLUSTER_DIMS
    ]
    smallest = min_cluster_size or max(10, round(0.75 * np.sqrt(len(real))))
    return clustering.by_size(grouped(layout, smallest, seed))


def grouped(layout: np.ndarray, smallest: int, seed: int) -> Ints:
    """The clusters int64 (n,) of a ``layout`` (n, d), none of fewer than ``smallest`` points."""
    labels = _filled(layout, smallest, seed)
    waiting = [int(label) for label in np.unique(labels)]
    while waiting:
        inside = np.flatnonzero(labels == waiting.pop())
        if len(inside) <= LARGEST * len(labels):
            continue
        parts = _filled(layout[inside], smallest, seed)
        fresh = int(labels.max())
        labels[inside[parts > 0]] = fresh + parts[parts > 0]
        if parts.any():
            waiting += [int(labels[inside[parts == 0][0]]), *range(fresh + 1, labels.max() + 1)]
    return labels


def _filled(layout: np.ndarray, smallest: int, seed: int) -> Ints:
    labels = clustering.cluster(layout, min_cluster_size=smallest)
    return np.maximum(clustering.fill(layout, labels, seed=seed), 0)
