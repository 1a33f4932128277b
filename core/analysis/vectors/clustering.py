"""Clusters: HDBSCAN's groups of points, who a new point belongs to, and which cluster of today is
which of yesterday.

HDBSCAN is the ``hdbscan`` library's (Campello, Moulavi, Sander 2013; McInnes, Healy 2017). Its
``approximate_predict`` can permute labels without a word, so a new point is labelled by a vote of
the points nearest to it instead.
"""

from __future__ import annotations

import hdbscan
import numpy as np
from scipy.optimize import linear_sum_assignment

from core.analysis.types import Ints
from core.analysis.vectors.neighbors import nearest

NOISE = -1  # HDBSCAN's label for points of no cluster


def cluster(
    points: np.ndarray,
    *,
    min_cluster_size: int = 15,
    min_samples: int | None = None,
    leaf: bool = False,
) -> Ints:
    """HDBSCAN labels int64 (n,) of ``points`` float (n, d); −1 is noise.

    Clusters are numbered by size, the largest is 0 (ties: the one with the earliest point first),
    so that the same points give the same numbers. ``leaf`` takes the smallest clusters of the tree
    instead of the most lasting ones. Fewer than 2 × ``min_cluster_size`` points cannot make two
    clusters: they are one, numbered 0.
    """
    if len(points) < 2 * min_cluster_size:
        return np.zeros(len(points), dtype=np.int64)
    found = hdbscan.HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min_samples,
        core_dist_n_jobs=1,
        cluster_selection_method="leaf" if leaf else "eom",
    ).fit(np.asarray(points, np.float64))
    return by_size(found.labels_.astype(np.int64))


def by_size(labels: np.ndarray) -> Ints:
    """The same clusters numbered by size, largest first; −1 stays."""
    values, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = sorted(
        (i for i in range(len(values)) if values[i] >= 0), key=lambda i: (-counts[i], first[i])
    )
    result = np.full(len(labels), NOISE, dtype=np.int64)
    for new, i in enumerate(order):
        result[labels == values[i]] = new
    return result


def vote(
    new: np.ndarray, points: np.ndarray, labels: np.ndarray, *, k: int = 5, seed: int = 0
) -> Ints:
    """Labels int64 (m,) of ``new`` float32 (m, d): the commonest among the ``k`` nearest ``points``
    (n, d) by Euclidean distance; a tie goes to the label of the nearest of them.
    """
    indices, _ = nearest(new, points, k, metric="euclidean", seed=seed)
    return elected(labels[indices])


def elected(votes: np.ndarray) -> Ints:
    """The commonest of each row of ``votes`` (m, k), nearest voter first; a tie goes to the label
    of the nearest of those that tie. int64 (m,).
    """
    # agree[i, j]: how many voters of point i agree with its j-th voter; argmax takes the first
    agree = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(votes)), agree.argmax(axis=1)].astype(np.int64)


def fill(points: np.ndarray, labels: np.ndarray, *, k: int = 5, seed: int = 0) -> Ints:
    """Labels int64 (n,) with every noise point given to the cluster that a vote of its neighbours
    names.

    Unchanged when there is no cluster at all.
    """
    noise = labels == NOISE
    if not noise.any() or noise.all():
        return labels.astype(np.int64)
    result = labels.astype(np.int64).copy()
    result[noise] = vote(
        np.asarray(points, dtype=np.float32)[noise],
        np.asarray(points, np.float32)[~noise],
        labels[~noise],
        k=k,
        seed=seed,
    )
    return result


def match(old: np.ndarray, new: np.ndarray) -> Ints:
    """``new`` labels int64 (n,) renumbered so that clusters keep the numbers they had in ``old``
    (n,).

    Row i of both is the same image. Clusters are paired one to one so that as many images as
    possible keep their number (the Hungarian algorithm, as ``scipy`` has it); a new cluster that
    shares no image with its partner, or has none, gets a number never used before. Noise (−1) stays
    noise.
    """
    old_ids, new_ids = np.unique(old[old >= 0]), np.unique(new[new >= 0])
    shared = np.array(
        [[int(((old == o) & (new == n)).sum()) for o in old_ids] for n in new_ids]
    ).reshape(len(new_ids), len(old_ids))
    rows, columns = linear_sum_assignment(-shared)
    names = {
        int(new_ids[r]): int(old_ids[c])
        for r, c in zip(rows, columns, strict=True)
        if shared[r, c] > 0
    }
    fresh = int(old.max(initial=-1)) + 1
    for identity in new_ids:
        if int(identity) not in names:
            names[int(identity)] = fresh
            fresh += 1
    return np.array([names.get(int(label), NOISE) for label in new], dtype=np.int64)


def sizes(labels: np.ndarray, count: int | None = None) -> Ints:
    """Number of points in each cluster 0 … ``count`` − 1, int64 (count,); noise is not counted."""
    return np.bincount(labels[labels >= 0], minlength=count or 0).astype(np.int64)
