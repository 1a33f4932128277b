"""The clusters of real images that are judged: of the real images alone, whatever is rendered."""

from __future__ import annotations

import numpy as np

from core.analysis.types import Ints
from core.analysis.vectors import clustering, projection
from core.analysis.vectors.alignment import Views, domain_aligned
from core.analysis.vectors.maps import CLUSTER_DIMS


def real_clusters(real: Views, min_cluster_size: int, seed: int) -> Ints:
    """Clusters int64 (n,) of the real images alone: UMAP in 5-D of their principal components,
    HDBSCAN, noise given to the cluster that its neighbours belong to.

    ``min_cluster_size`` 0: three quarters of the square root of n, at least 10.
    """
    if len(real) < projection.SMALLEST or not np.ptp(real.plain, axis=0).any():
        return np.zeros(len(real), np.int64)
    space = domain_aligned([real.plain], seed=seed)[0]
    layout = projection.project(space, (CLUSTER_DIMS,), min_dist=0.0, seed=seed).layouts[
        CLUSTER_DIMS
    ]
    smallest = min_cluster_size or max(10, round(0.75 * np.sqrt(len(real))))
    labels = clustering.cluster(layout, min_cluster_size=smallest)
    return np.maximum(clustering.fill(layout, labels, seed=seed), 0)
