"""The plain reading of a map: the real images outside the clusters that hold synthetic images.

A joint map is a UMAP of real and synthetic images together, its clusters are HDBSCAN's. Nothing is
tested and nothing calibrated here: where the renderer's look is far, real images lie apart from
synthetic ones whatever they show, and then nearly all of them are outside on the map as it is.
"""

from __future__ import annotations

import numpy as np

from core.analysis.types import Bools, Floats, Ints
from core.analysis.vectors.clustering import NOISE, sizes

PRACTICALLY_NONE = 0.02
"""Of the images one would expect in a cluster from the other side's share of it, below which a
cluster is said to hold none. The clusters of the study that this reading is after, found without
rendered images, held 89 real among 4,841 synthetic images: 1.8 %.
"""


def lacking(own: Ints, other: Ints) -> Bools:
    """Which clusters 0 … C − 1 hold practically none of ``other``, bool (C,), of those that hold
    any of ``own``.

    ``own`` (n,) and ``other`` (m,): clusters of both sides' images on one map, −1 for none. A
    cluster with a share p of ``own`` is expected to hold p × m of ``other``.
    """
    count = int(max(own.max(initial=NOISE), other.max(initial=NOISE))) + 1
    here, there = _shares(own, count), _shares(other, count)
    return np.asarray((here > 0) & (there < PRACTICALLY_NONE * here))


def outside(own: Ints, other: Ints) -> Bools:
    """Which images of ``own`` (n,) are outside every cluster that holds images of ``other``, bool
    (n,): in a cluster that is :func:`lacking`, or in none at all.
    """
    noise = own == NOISE
    if noise.all():
        return np.asarray(noise)
    return np.asarray(noise | lacking(own, other)[np.where(noise, 0, own)])


def _shares(clusters: Ints, count: int) -> Floats:
    """Share of all images that lies in each cluster, (count,)."""
    return (sizes(clusters, count) / max(1, len(clusters))).astype(np.float32)
