"""Split classes: real and synthetic images of one class in different clusters."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.explain.splits import split_classes

REAL = np.array([0] * 40 + [1] * 36 + [2] * 4)
SYNTHETIC = np.array([0] * 30 + [3] * 50)
REAL_CLASSES = ["car"] * 40 + ["frog"] * 40
CLASSES = ["car"] * 30 + ["frog"] * 50


def test_the_split_class_comes_first_with_both_its_sides():
    frog, car = split_classes(REAL, REAL_CLASSES, SYNTHETIC, CLASSES)
    assert frog.name == "frog" and frog.separation == pytest.approx(1)
    assert (frog.real_cluster, frog.synthetic_cluster) == (1, 3)
    assert frog.note == (
        "Most synthetic images are in cluster 3: 50 synthetic, 0 real. "
        "Most real ones are in cluster 1: 36 real, 0 synthetic."
    )
    assert (
        car.separation == 0 and car.note == "Most of both are in cluster 0: 40 real, 30 synthetic."
    )
    assert (frog.n_real, frog.n_synthetic) == (40, 50)


def test_chance_is_corrected_for():
    """Many small clusters look separate by chance; corrected, that comes down to about zero."""
    rng = np.random.default_rng(0)
    values = []
    for seed in range(20):
        clusters = rng.integers(0, 15, 60)
        values.append(
            split_classes(clusters[:30], ["a"] * 30, clusters[30:], ["a"] * 30, seed=seed)[
                0
            ].separation
        )
    assert np.mean(values) < 0.1


def test_one_sided_and_unclustered_classes_are_explained():
    found = {
        split.name: split
        for split in split_classes(
            np.array([0] * 10 + [-1] * 10),
            ["a"] * 10 + ["c"] * 10,
            np.array([1] * 10 + [2] * 10),
            ["b"] * 10 + ["c"] * 10,
        )
    }
    assert (
        found["a"].note == "No synthetic image has the class a." and found["a"].separation is None
    )
    assert found["b"].note == "No real image has the class b."
    assert (
        found["c"].separation is None
        and "Fewer than 5" in found["c"].note
        and found["c"].n_real == 10
    )
    assert split_classes(np.array([0]), [None], np.array([0]), [None]) == []


def test_images_in_no_cluster_are_left_out_but_counted():
    split = split_classes(
        np.r_[REAL[40:], [-1] * 10], ["frog"] * 50, SYNTHETIC[30:], ["frog"] * 50
    )[0]
    assert split.n_real == 50 and split.separation == pytest.approx(1)
