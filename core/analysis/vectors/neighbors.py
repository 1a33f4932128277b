"""Nearest neighbours: which images are close to which, exactly for small sets and by an index for
large ones.

Everything in the comparison stands on two questions: which targets are nearest to each query
(:func:`nearest`), and who are the neighbours of each point within its own set (:func:`graph`, in
the form UMAP wants). Both answer the same way twice for the same seed, work in blocks so that
100,000 × 512 against 100,000 × 512 stays well under 3 GB, and return true distances: an index only
proposes the neighbours, the distances are then computed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from pynndescent import NNDescent

from core.analysis.types import Floats, Ints
from core.errors import InputError

Distance = Literal["cosine", "euclidean"]

# pairs (20,000 × 20,000: four seconds at 512 dimensions); above, an index is built for a graph
EXACT_UP_TO = 4e8
# Between two sets the search stays exact for longer: an index finds its way along edges between
# targets, and a query far from all of them is led astray. Measured at 25,000 × 25,000 in 40
# clusters: 63 % of the distances were wrong by more than 0.02 for the one cluster without targets,
# which is the very thing that coverage looks for.
EXACT_BETWEEN_UP_TO = 4e10
BLOCK_BYTES = 128 * 2**20  # of similarities held at once
# neighbours an index is asked for beyond k: its last ones are its least certain ones
INDEX_SPARE = 8


@dataclass(frozen=True)
class Neighbors:
    """The neighbours of every point within its own set.

    ``indices`` int64 (n, k) and ``distances`` float32 (n, k), nearest first; column 0 is the point
    itself at distance 0, as ``umap`` wants it.
    """

    indices: Ints
    distances: Floats


def check_vectors(vectors: np.ndarray, name: str = "images", *, at_least: int = 1) -> Floats:
    """The vectors as float32 (n, d), or an :class:`InputError` that says what is wrong with them.

    Refuses anything that is not (n, d), fewer than ``at_least`` rows, no columns, and values that
    are not finite (a broken weights file gives such).
    """
    if vectors.ndim != 2 or vectors.shape[1] == 0:
        raise InputError(
            f"The vectors of the {name} have shape {vectors.shape}, not (images, dimensions)",
            "Embed the images again.",
        )
    if len(vectors) < at_least:
        raise InputError(
            f"There are only {len(vectors)} {name}, and at least {at_least} are needed",
            "Add images to the folder.",
        )
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    # The sum of a row is finite exactly when no value is NaN or infinite (barring overflow, which
    # is as broken).
    broken = ~np.isfinite(vectors.sum(axis=1))
    if broken.any():
        raise InputError(
            f"{int(broken.sum())} of {len(vectors)} vectors of the {name} are not numbers "
            "(NaN or infinite)",
            "The encoder's weights file may be broken: replace it and embed the images again.",
        )
    return vectors


def unit(vectors: np.ndarray, *, pairwise: bool = False) -> np.ndarray:
    """Rows (n, d) scaled to length 1: float64 stays float64, all else becomes float32. A row of
    zeros stays zero: :func:`nearest` puts it at ½ from all.

    ``pairwise`` sums squares in pairs, as :func:`numpy.linalg.norm` does: a digit more for numbers
    that are published, for a second copy of the vectors in memory.
    """
    vectors = vectors if vectors.dtype == np.float64 else np.asarray(vectors, np.float32)
    if pairwise:
        lengths = np.linalg.norm(vectors, axis=1)
    else:
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return vectors / np.where(lengths > 0, lengths, vectors.dtype.type(1))[:, None]


def nearest(
    queries: np.ndarray,
    targets: np.ndarray,
    k: int,
    *,
    metric: Distance = "cosine",
    seed: int = 0,
    exact: bool | None = None,
) -> tuple[Ints, Floats]:
    """The ``k`` targets nearest to each query.

    ``queries`` float32 (n, d), ``targets`` float32 (m, d); ``k`` is cut to m. Returns indices int64
    (n, k) and distances float32 (n, k), nearest first. Cosine distance is 1 − cos, between 0 and 2.
    ``exact`` None chooses by size: blocked matrix products up to :data:`EXACT_BETWEEN_UP_TO` pairs,
    above that nearest-neighbour descent (Dong et al. 2011, as ``pynndescent`` has it).
    Raises :class:`InputError` when there is no target or a vector is not finite.
    """
    queries, targets = (
        check_vectors(queries, "query images", at_least=0),
        check_vectors(targets, "target images"),
    )
    if queries.shape[1] != targets.shape[1]:
        raise InputError(
            f"Vectors of {queries.shape[1]} and {targets.shape[1]} dimensions cannot be compared",
            "Embed both sides with the same encoder.",
        )
    if metric == "cosine":
        queries, targets = unit(queries), unit(targets)
    k = min(k, len(targets))
    if exact is None:
        exact = len(queries) * len(targets) <= EXACT_BETWEEN_UP_TO
    if exact:
        return _exact(queries, targets, k, metric, itself=False)
    index = NNDescent(
        targets, metric="euclidean", n_neighbors=max(30, k + INDEX_SPARE), random_state=seed
    )
    index.prepare()
    proposed, _ = index.query(queries, k=min(k + INDEX_SPARE, len(targets)), epsilon=0.2)
    return _refine(queries, targets, proposed, k, metric)


def graph(
    vectors: np.ndarray,
    k: int,
    *,
    metric: Distance = "cosine",
    seed: int = 0,
    exact: bool | None = None,
) -> Neighbors:
    """The ``k`` nearest neighbours of every point within its own set, itself first.

    ``vectors`` float32 (n, d); ``k`` counts the point itself and is cut to n. ``exact`` as in
    :func:`nearest`. A pair is counted once here, so twice as many points are searched exactly.
    """
    vectors = check_vectors(vectors, "images")
    points = unit(vectors) if metric == "cosine" else vectors
    k = min(k, len(points))
    if exact is None:
        exact = len(points) ** 2 <= EXACT_UP_TO
    if exact:
        indices, distances = _exact(points, points, k, metric, itself=True)
        return Neighbors(indices, distances)
    index = NNDescent(
        points, metric="euclidean", n_neighbors=min(k + INDEX_SPARE, len(points)), random_state=seed
    )
    found, _ = index.neighbor_graph
    return Neighbors(*_refine(points, points, found, k, metric, itself=True))


def _exact(
    queries: Floats,
    targets: Floats,
    k: int,
    metric: Distance,
    *,
    itself: bool,
) -> tuple[Ints, Floats]:
    """Blocked exact search; with ``itself``, query i is target i and comes first."""
    everything = torch.from_numpy(targets)
    half_squares = (everything * everything).sum(1) / 2
    indices = np.empty((len(queries), k), dtype=np.int64)
    rows = max(1, BLOCK_BYTES // (4 * len(targets)))
    for start in range(0, len(queries), rows):
        block = torch.from_numpy(queries[start : start + rows])
        closeness = block @ everything.T
        if metric == "euclidean":  # x·y − |y|²/2 orders the targets as −|x − y|² does
            closeness -= half_squares
        if itself:
            closeness[torch.arange(len(block)), torch.arange(start, start + len(block))] = torch.inf
        indices[start : start + rows] = torch.topk(closeness, k, dim=1).indices.numpy()
    return _refine(queries, targets, indices, k, metric, itself=itself)


def _refine(
    queries: Floats,
    targets: Floats,
    proposed: np.ndarray,
    k: int,
    metric: Distance,
    *,
    itself: bool = False,
) -> tuple[Ints, Floats]:
    """True distances of the proposed neighbours, sorted, cut to k; with ``itself``, the point
    itself first.
    """
    indices = np.empty((len(queries), k), dtype=np.int64)
    distances = np.empty((len(queries), k), dtype=np.float32)
    rows = max(1, BLOCK_BYTES // (4 * proposed.shape[1] * targets.shape[1]))
    for start in range(0, len(queries), rows):
        block, found = (
            queries[start : start + rows],
            proposed[start : start + rows].astype(np.int64),
        )
        if itself:
            found = _with_itself(found, start)
        apart = targets[np.maximum(found, 0)] - block[:, None, :]
        away = np.einsum("ijk,ijk->ij", apart, apart)
        # For unit vectors |x − y|²/2 is 1 − cos, without the cancellation that leaves 1e-7 between
        # identical vectors.
        away = away / 2 if metric == "cosine" else np.sqrt(away)
        away[found < 0] = np.inf  # an index that found fewer than asked for says −1
        if itself:
            away[found == np.arange(start, start + len(block))[:, None]] = -1
        order = np.lexsort((found, away), axis=1)[:, :k]
        indices[start : start + rows] = np.take_along_axis(found, order, axis=1)
        distances[start : start + rows] = np.maximum(np.take_along_axis(away, order, axis=1), 0)
    return indices, distances


def _with_itself(found: Ints, start: int) -> Ints:
    """The proposed neighbours, with the point itself put in place of the last one where it is
    absent.
    """
    own = np.arange(start, start + len(found))
    absent = ~(found == own[:, None]).any(axis=1)
    found[absent, -1] = own[absent]
    return found
