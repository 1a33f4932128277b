"""Clusters equal hdbscan's; votes and matches are right where the library's prediction is not."""

from __future__ import annotations

import hdbscan
import numpy as np
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from core.analysis.vectors import clustering


def _blobs() -> tuple[np.ndarray, np.ndarray]:
    return make_blobs(
        [80, 50, 30], centers=[[0, 0], [9, 0], [0, 9]], cluster_std=0.7, random_state=0
    )


def test_clusters_are_hdbscans_numbered_by_size() -> None:
    points, _ = _blobs()
    ours = clustering.cluster(points, min_cluster_size=10)
    theirs = hdbscan.HDBSCAN(min_cluster_size=10).fit_predict(points)
    assert adjusted_rand_score(ours, theirs) == 1
    assert np.array_equal(ours == -1, theirs == -1)
    counts = clustering.sizes(ours)
    assert list(counts) == sorted(counts, reverse=True)


def test_a_vote_agrees_with_the_labels_it_was_made_from() -> None:
    points, truth = _blobs()
    assert np.array_equal(clustering.vote(points, points, truth), truth)
    assert list(clustering.vote(np.array([[9.2, 0.1], [0.3, 8.8]]), points, truth)) == [1, 2]


def test_a_tied_vote_goes_to_the_nearest() -> None:
    points = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]], np.float32)
    assert clustering.vote(np.array([[0.1, 0]]), points, np.array([5, 7, 7, 5]), k=4)[0] == 5


def test_noise_is_given_to_its_neighbours_cluster() -> None:
    points, truth = _blobs()
    labels = truth.copy()
    labels[::7] = -1
    assert np.array_equal(clustering.fill(points, labels), truth)
    assert (clustering.fill(points, np.full(160, -1)) == -1).all()


def test_clusters_keep_their_numbers_when_they_are_found_again() -> None:
    old = np.array([0, 0, 0, 1, 1, 2, 2, -1])
    new = np.array([2, 2, 2, 0, 0, 1, 3, -1])
    assert list(clustering.match(old, new)) == [0, 0, 0, 1, 1, 2, 3, -1]


def test_too_few_points_are_one_cluster() -> None:
    assert list(clustering.cluster(np.zeros((5, 2)), min_cluster_size=10)) == [0] * 5
