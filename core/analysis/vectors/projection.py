"""The map: one neighbour graph, laid out by UMAP in as many dimensions as are wanted.

``umap.UMAP`` fitted three times (2-D, 3-D and a clustering space) searches neighbours three times
and spends minutes on a spectral initialisation. Here the graph is made once and each layout starts
from principal components, by the same functions of the ``umap`` library that its class calls
(McInnes, Healy, Melville 2018, arXiv:1802.03426). A seed makes a layout repeat bit for bit. Maps
that grow by a version start from the old coordinates: see :func:`extend`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import orthogonal_procrustes
from scipy.sparse import coo_matrix
from sklearn.decomposition import PCA
from umap.layouts import optimize_layout_euclidean
from umap.umap_ import (
    find_ab_params,
    fuzzy_simplicial_set,
    make_epochs_per_sample,
    simplicial_set_embedding,
)

from core.analysis.types import Floats, OnProgress, unheard
from core.analysis.vectors.neighbors import Neighbors, check_vectors, graph
from core.errors import InputError

# with fewer points there is no neighbourhood to keep: the principal components are the map
SMALLEST = 4
SETTLE_EPOCHS = 100  # rounds in which a map that grew by a version settles
SETTLE_RATE = 0.1  # step size of those rounds; UMAP starts a fresh map with 1.0


@dataclass(frozen=True)
class Projection:
    """A set of points laid out: ``neighbors`` and, by number of dimensions, coordinates float32 (n,
    dims).
    """

    neighbors: Neighbors
    layouts: dict[int, Floats]


def project(
    vectors: np.ndarray,
    dims: Sequence[int] = (2, 3),
    *,
    n_neighbors: int = 15,
    min_dist: Mapping[int, float] | float = 0.1,
    seed: int = 0,
    neighbors: Neighbors | None = None,
    progress: OnProgress = unheard,
) -> Projection:
    """Lay ``vectors`` float32 (n, d) out in each number of dimensions in ``dims``, from one
    neighbour graph.

    ``n_neighbors`` counts the point itself and is cut to n. ``min_dist`` is one number or one by
    dimensions. ``neighbors`` may be given if it is known already. ``progress("map", done, total)``
    counts layouts. Raises :class:`InputError` when there is no image, a vector is not finite, or
    all vectors are the same.
    """
    vectors = check_vectors(vectors, "images")
    if neighbors is None:
        neighbors = graph(vectors, n_neighbors, seed=seed)
    if len(vectors) > 1 and not (neighbors.distances > 0).any() and (vectors == vectors[0]).all():
        raise InputError(
            f"All {len(vectors)} images have the same vector, so there is nothing to draw a map of",
            "Check that the folder does not hold one image many times and that the encoder's "
            "weights are right.",
        )
    start = principal_coordinates(vectors, max(dims), seed=seed)
    if len(vectors) < SMALLEST:
        return Projection(neighbors, {d: start[:, :d].copy() for d in dims})
    fuzzy = fuzzy_graph(neighbors)
    layouts: dict[int, Floats] = {}
    for done, d in enumerate(dims, start=1):
        apart = min_dist if isinstance(min_dist, (int, float)) else min_dist[d]
        layouts[d] = layout(fuzzy, dims=d, init=start[:, :d], min_dist=apart, seed=seed)
        progress("map", done, len(dims))
    return Projection(neighbors, layouts)


def principal_coordinates(vectors: np.ndarray, dims: int, *, seed: int = 0) -> Floats:
    """The first ``dims`` principal components, float32 (n, dims), scaled so that the largest
    coordinate is 10.

    That is where UMAP starts with ``init="pca"``. Components beyond what the data has are seeded
    noise, so that no two points start in one place.
    """
    noise = np.random.default_rng(seed)
    usable = min(dims, *vectors.shape)
    found = (
        PCA(usable, random_state=seed).fit_transform(vectors)
        if len(vectors) > 1
        else np.zeros((1, usable))
    )
    largest = np.abs(found).max()
    found = found * (10 / largest) if largest > 0 else found
    coordinates = np.zeros((len(vectors), dims))
    coordinates[:, :usable] = found
    flat = np.ptp(coordinates, axis=0) < 1e-6
    coordinates[:, flat] = noise.uniform(-1, 1, size=(len(vectors), int(flat.sum())))
    return (coordinates + noise.normal(scale=1e-4, size=coordinates.shape)).astype(np.float32)


def fuzzy_graph(neighbors: Neighbors) -> coo_matrix:
    """UMAP's fuzzy simplicial set of a neighbour graph (the paper's section 3.1), sparse (n, n)."""
    count, k = neighbors.indices.shape
    # With precomputed neighbours umap looks only at the number of rows of its first argument.
    weights, _, _ = fuzzy_simplicial_set(
        np.zeros((count, 1), np.float32),
        k,
        np.random.RandomState(0),
        "cosine",
        knn_indices=neighbors.indices,
        knn_dists=neighbors.distances,
    )
    return weights.tocoo()


def layout(
    fuzzy: coo_matrix,
    *,
    dims: int,
    init: np.ndarray,
    min_dist: float = 0.1,
    seed: int = 0,
) -> Floats:
    """UMAP's layout of a fuzzy graph (n, n) in ``dims`` dimensions, float32 (n, dims), on one
    thread, seeded.

    ``init`` (n, dims): where the points start. 500 rounds up to 10,000 points, 200 above, as umap
    has it.
    """
    a, b = find_ab_params(1.0, min_dist)
    coordinates, _ = simplicial_set_embedding(
        np.zeros((fuzzy.shape[0], 1), np.float32),
        fuzzy.copy(),
        dims,
        1.0,
        a,
        b,
        1.0,
        5,
        None,
        init,
        np.random.RandomState(seed),
        "cosine",
        {},
        False,
        {},
        False,
        parallel=False,
        verbose=False,
    )
    return np.ascontiguousarray(coordinates, dtype=np.float32)


def extend(
    fuzzy: coo_matrix,
    old: np.ndarray,
    is_old: np.ndarray,
    *,
    min_dist: float = 0.1,
    seed: int = 0,
) -> Floats:
    """Lay a grown set out so that the map stays put, float32 (n, dims).

    ``fuzzy`` is the graph of all n points, ``is_old`` bool (n,) says which were on the map before,
    ``old`` float32 (is_old.sum(), dims) where. A new point starts at the weighted mean of its
    neighbours that have a place already; then all settle in a few rounds with a small step, and the
    whole map is turned and shifted back onto the old coordinates (orthogonal Procrustes, Schönemann
    1966). Old points are pulled only by what is new beside them.
    """
    old = np.asarray(old, dtype=np.float32)
    dims, noise = old.shape[1], np.random.default_rng(seed)
    place = np.zeros((fuzzy.shape[0], dims))
    place[is_old] = old
    known, weights = is_old.astype(float), fuzzy.tocsr()
    spread = float(np.ptp(old, axis=0).max()) or 1.0
    while not known.all():
        total = weights @ known
        reached = (known == 0) & (total > 0)
        if not reached.any():  # an island with no neighbour on the map: it goes to the map's edge
            reached = known == 0
            place[reached] = old.max(axis=0) + 0.1 * spread
        else:
            place[reached] = (weights @ (place * known[:, None]))[reached] / total[reached, None]
        known[reached] = 1
    place += np.where(is_old, 0, 1)[:, None] * noise.normal(scale=1e-3 * spread, size=place.shape)
    settled = _settle(weights, place.astype(np.float32), min_dist, seed)
    return _turn_back(settled, settled[is_old], old)


def _settle(weights: coo_matrix, place: Floats, min_dist: float, seed: int) -> Floats:
    """A few rounds of UMAP's own optimisation with a small step, from coordinates as they are."""
    edges = weights.tocoo()
    edges.sum_duplicates()
    kept = edges.data >= edges.data.max() / SETTLE_EPOCHS
    a, b = find_ab_params(1.0, min_dist)
    state = np.random.RandomState(seed).randint(
        np.iinfo(np.int32).min + 1, np.iinfo(np.int32).max - 1, 3
    )
    place = np.ascontiguousarray(place)
    return optimize_layout_euclidean(
        place,
        place,
        edges.row[kept],
        edges.col[kept],
        SETTLE_EPOCHS,
        len(place),
        make_epochs_per_sample(edges.data[kept], SETTLE_EPOCHS),
        a,
        b,
        state.astype(np.int64),
        1.0,
        SETTLE_RATE,
        5.0,
        parallel=False,
        verbose=False,
        move_other=True,
    )


def _turn_back(points: Floats, moved: Floats, target: Floats) -> Floats:
    """``points`` turned and shifted by what brings ``moved`` closest to ``target``."""
    centre, aim = moved.mean(axis=0), target.mean(axis=0)
    turn, _ = orthogonal_procrustes((moved - centre).astype(float), (target - aim).astype(float))
    return ((points - centre) @ turn + aim).astype(np.float32)
