"""One map of a set of images: laid out in 2-D and 3-D for the eye, clustered in 5-D.

All layouts come from one neighbour graph. HDBSCAN finds clusters better where points are not
squeezed onto a plane, so it works in five dimensions. Where an earlier map held some of the images,
the new one continues it: old points stay put and clusters keep their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.analysis.types import Bools, Floats, Ints, OnProgress, unheard
from core.analysis.vectors import clustering, projection
from core.analysis.vectors.neighbors import graph

CLUSTER_DIMS = 5
# UMAP's least distance between points: its default for the eye, 0 for clustering as its
# documentation advises
MIN_DIST = {2: 0.1, 3: 0.1, CLUSTER_DIMS: 0.0}


@dataclass(frozen=True)
class MapParameters:
    """How maps are drawn and clustered.

    ``n_neighbors``: images each image is tied to; larger values show the large lines, smaller ones
    the detail. ``min_cluster_size``: the smallest group that counts as a cluster; larger values
    give fewer clusters.
    """

    n_neighbors: int = 15
    min_cluster_size: int = 15
    seed: int = 0


@dataclass(frozen=True)
class EarlierMap:
    """What an earlier map says of n images.

    ``known`` bool (n,): which of them were on it; ``places``: their coordinates (known.sum(), dims)
    by number of dimensions; ``clusters`` int (n,): their clusters, −1 for the others.
    """

    known: Bools
    places: Mapping[int, Floats]
    clusters: Ints


@dataclass(frozen=True)
class Map:
    """One map of n images: ``flat`` (n, 2), ``deep`` (n, 3) or None, ``clusters`` (n,), −1 for
    none.
    """

    flat: Floats
    deep: Floats | None
    clusters: Ints


def draw_map(
    vectors: np.ndarray,
    parameters: MapParameters,
    *,
    stage: str = "map",
    progress: OnProgress = unheard,
    earlier: EarlierMap | None = None,
    deep: bool = True,
) -> Map:
    """Lay ``vectors`` float32 (n, d) out and cluster them.

    ``earlier``: the map to continue. ``deep`` False leaves the three-dimensional layout out.
    ``progress(stage, done, total)`` counts layouts and the clustering. Raises
    :class:`~core.errors.InputError` as :func:`core.analysis.vectors.projection.project` does.
    """
    dims = (2, 3) if deep else (2,)
    steps = len(dims) + 2
    progress(stage, 0, steps)
    neighbors = graph(vectors, parameters.n_neighbors, seed=parameters.seed)

    def laid_out(_: str, done: int, total: int) -> None:
        progress(stage, done, steps)

    to_lay_out = (*dims, CLUSTER_DIMS) if earlier is None else (CLUSTER_DIMS,)
    layouts = projection.project(
        vectors,
        to_lay_out,
        neighbors=neighbors,
        min_dist=MIN_DIST,
        seed=parameters.seed,
        progress=laid_out,
    ).layouts
    clusters = clustering.cluster(
        layouts[CLUSTER_DIMS], min_cluster_size=parameters.min_cluster_size
    )
    if earlier is not None:
        fuzzy = projection.fuzzy_graph(neighbors)
        for d in dims:
            layouts[d] = projection.extend(
                fuzzy,
                earlier.places[d],
                earlier.known,
                min_dist=MIN_DIST[d],
                seed=parameters.seed,
            )
        clusters = clustering.match(earlier.clusters, clusters)
    progress(stage, steps, steps)
    return Map(layouts[2], layouts.get(3), clusters)
