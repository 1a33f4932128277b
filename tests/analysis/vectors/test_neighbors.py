"""Nearest neighbours against brute force, and what bad vectors get."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.vectors.neighbors import check_vectors, graph, nearest, unit
from core.errors import InputError


def _points(count: int, seed: int, dims: int = 24) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, dims)) + rng.integers(0, 5, size=(count, 1))).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_exact_search_equals_brute_force(metric: str) -> None:
    queries, targets = _points(60, 0), _points(90, 1)
    if metric == "cosine":
        apart = 1 - unit(queries).astype(float) @ unit(targets).astype(float).T
    else:
        apart = np.linalg.norm(queries[:, None].astype(float) - targets[None], axis=2)
    indices, distances = nearest(queries, targets, 7, metric=metric)  # type: ignore[arg-type]
    assert np.array_equal(indices, np.argsort(apart, axis=1)[:, :7])
    np.testing.assert_allclose(distances, np.sort(apart, axis=1)[:, :7], atol=1e-5)


@pytest.mark.slow  # the index compiles itself
def test_an_index_finds_what_the_exact_search_finds_and_twice_the_same() -> None:
    points = _points(3000, 2)
    exact, indexed = graph(points, 10, exact=True), graph(points, 10, exact=False, seed=3)
    shared = np.mean(
        [
            len(np.intersect1d(a, b)) / 10
            for a, b in zip(exact.indices, indexed.indices, strict=True)
        ]
    )
    assert shared > 0.95
    again = graph(points, 10, exact=False, seed=3)
    assert np.array_equal(indexed.indices, again.indices)
    assert np.array_equal(indexed.distances, again.distances)


def test_a_point_is_its_own_first_neighbour_also_among_identical_points() -> None:
    points = np.vstack([np.repeat(_points(1, 4), 20, axis=0), _points(20, 5)])
    found = graph(points, 8)
    assert np.array_equal(found.indices[:, 0], np.arange(40))
    assert (found.distances[:, 0] == 0).all()
    assert (found.distances[:20] == 0).all()
    assert all(len(set(row)) == 8 for row in found.indices.tolist())


def test_k_is_cut_to_what_there_is() -> None:
    indices, distances = nearest(_points(4, 0), _points(3, 1), 10)
    assert indices.shape == distances.shape == (4, 3)
    assert graph(_points(5, 0), 30).indices.shape == (5, 5)


def test_a_zero_vector_has_no_direction_and_is_as_far_from_all() -> None:
    _, distances = nearest(np.zeros((1, 24), np.float32), _points(5, 0), 5)
    np.testing.assert_allclose(distances, 0.5, rtol=1e-6)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_vectors_that_are_not_numbers_are_refused(broken: float) -> None:
    vectors = _points(5, 0)
    vectors[2, 3] = broken
    with pytest.raises(InputError, match="1 of 5 vectors of the photos"):
        check_vectors(vectors, "photos")


def test_no_targets_and_other_dimensions_are_refused() -> None:
    with pytest.raises(InputError, match="only 0"):
        nearest(_points(3, 0), np.zeros((0, 24), np.float32), 1)
    with pytest.raises(InputError, match="24 and 8 dimensions"):
        nearest(_points(3, 0), _points(3, 0, dims=8), 1)
