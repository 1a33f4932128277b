"""The distance behind the gap score: how far real images are from what a version shows.

Each real image is taken together with its nearest real neighbours, and the mean cosine distance of
that neighbourhood to each synthetic image is looked at: one odd photograph is not a gap, a
neighbourhood far from everything rendered is. The distance of the nearest synthetic images is
divided by the distance of ordinary ones, for a domain shift that moves content too moves both.
All of it happens in a domain-aligned space (:mod:`core.analysis.vectors.alignment`).
``docs/research/coverage.md`` has what was tried and what each way gave.
"""

from __future__ import annotations

import numpy as np

from core.analysis.types import Floats, Ints
from core.analysis.vectors.neighbors import unit

BLOCK_ROWS_BYTES = 64 * 2**20  # of similarities held at once
QUANTILE_SAMPLE = 4096  # synthetic images from which the distance of ordinary ones is read


def smooth(values: np.ndarray, neighbors: Ints) -> Floats:
    """The mean of each image's value and those of its neighbours: ``values`` (n,), ``neighbors``
    int64 (n, k) with the image itself among them.
    """
    return values[neighbors].mean(axis=1).astype(np.float32)


def neighborhoods(space: np.ndarray, neighbors: Ints) -> Floats:
    """The mean direction (n, d) of each image's neighbourhood.

    ``space`` (n, d); ``neighbors`` int64 (n, k), the image itself among them. One minus its product
    with a unit vector is the mean cosine distance of the neighbourhood to that vector, so it is not
    scaled to length 1 again.
    """
    directions = unit(space)
    total = np.zeros_like(directions)
    for column in neighbors.T:
        total += directions[column]
    return total / neighbors.shape[1]


def distance_ratio(
    around: np.ndarray, synthetic: np.ndarray, *, k: int = 2, ordinary: float = 0.2, seed: int = 0
) -> Floats:
    """How near the nearest synthetic images are, against ordinary ones: (n,), small = covered,
    towards 1 = not.

    ``around`` (n, d) from :func:`neighborhoods`, ``synthetic`` (m, d). The mean distance of the
    ``k`` nearest is divided by the ``ordinary`` quantile of all m distances (of a seeded sample of
    4,096 where there are more).
    """
    rendered = unit(synthetic)
    k = min(k, len(rendered))
    sample = rendered
    if len(rendered) > QUANTILE_SAMPLE:
        draw = np.random.default_rng(seed).choice(len(rendered), QUANTILE_SAMPLE, replace=False)
        sample = rendered[np.sort(draw)]
    ratio = np.empty(len(around), np.float32)
    rows = max(1, BLOCK_ROWS_BYTES // (4 * len(rendered)))
    for start in range(0, len(around), rows):
        block = around[start : start + rows]
        closeness = block @ rendered.T
        at = int(ordinary * len(sample))
        of_all = 1 - (closeness if sample is rendered else block @ sample.T)
        usual = np.partition(of_all, at, axis=1)[:, at]
        near = np.maximum(1 - _largest_mean(closeness, k), 0)
        ratio[start : start + rows] = near / np.maximum(usual, 1e-6)
    return ratio


def _largest_mean(values: Floats, k: int) -> Floats:
    """The mean of the ``k`` largest of each row; overwrites ``values``. A few passes for the
    maximum beat partitioning.
    """
    rows, total = np.arange(len(values)), np.zeros(len(values), np.float32)
    for _ in range(k):
        best = values.argmax(axis=1)
        total += values[rows, best]
        values[rows, best] = -np.inf
    return (total / k).astype(np.float32)
