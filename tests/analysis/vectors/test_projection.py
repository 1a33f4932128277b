"""The map equals umap's own, repeats bit for bit, stays put when it grows, and small sets get one
too.
"""

from __future__ import annotations

import numpy as np
import pytest
import umap
from sklearn.datasets import make_blobs

from core.analysis.vectors import projection
from core.analysis.vectors.neighbors import graph
from core.errors import InputError


@pytest.fixture(scope="module")
def blobs() -> np.ndarray:
    points, _ = make_blobs(240, centers=4, n_features=20, random_state=0)
    return points.astype(np.float32)


@pytest.mark.filterwarnings("ignore")
def test_a_layout_equals_umaps_own(blobs: np.ndarray) -> None:
    neighbors = graph(blobs, 15)
    start = projection.principal_coordinates(blobs, 2)
    ours = projection.layout(
        projection.fuzzy_graph(neighbors), dims=2, init=start, min_dist=0.1, seed=7
    )
    theirs = umap.UMAP(
        n_neighbors=15,
        init=start,
        min_dist=0.1,
        random_state=7,
        precomputed_knn=(neighbors.indices, neighbors.distances, None),
    ).fit_transform(blobs)
    np.testing.assert_array_equal(ours, theirs)


def test_a_seed_repeats_bit_for_bit_and_blobs_stay_apart(blobs: np.ndarray) -> None:
    first, second = (projection.project(blobs, (2, 3, 5), seed=1).layouts for _ in range(2))
    for dims in (2, 3, 5):
        assert first[dims].shape == (240, dims)
        assert np.array_equal(first[dims], second[dims])
    _, truth = make_blobs(240, centers=4, n_features=20, random_state=0)
    near = graph(first[2], 6, metric="euclidean").indices[:, 1:]
    assert (truth[near] == truth[:, None]).mean() > 0.98


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9])
def test_fewer_images_than_neighbours_still_get_a_map(count: int, blobs: np.ndarray) -> None:
    layouts = projection.project(blobs[:count], (2, 3), n_neighbors=15).layouts
    assert np.isfinite(layouts[2]).all()
    assert layouts[3].shape == (count, 3)


def test_identical_images_are_refused_but_repeats_are_not(blobs: np.ndarray) -> None:
    with pytest.raises(InputError, match="same vector"):
        projection.project(np.ones((30, 5), np.float32))
    layouts = projection.project(np.repeat(blobs[:20], 3, axis=0), (2,), n_neighbors=10).layouts
    assert np.isfinite(layouts[2]).all()


def test_a_map_that_grows_stays_put(blobs: np.ndarray) -> None:
    is_old = np.arange(240) < 200
    old = projection.project(blobs[:200], (2,)).layouts[2]
    grown = projection.extend(projection.fuzzy_graph(graph(blobs, 15)), old, is_old)
    span = np.ptp(old, axis=0).max()
    moved = np.linalg.norm(grown[:200] - old, axis=1)
    assert np.isfinite(grown).all()
    assert np.median(moved) < 0.05 * span
    _, truth = make_blobs(240, centers=4, n_features=20, random_state=0)
    middles = np.array([old[truth[:200] == label].mean(axis=0) for label in range(4)])
    landed = np.linalg.norm(grown[200:, None] - middles, axis=2).argmin(axis=1)
    assert (landed == truth[200:]).mean() > 0.95
