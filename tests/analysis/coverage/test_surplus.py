"""The readings beside the judgement on data with a known answer: surplus, single images, and what
is outside the clusters of a joint map.
"""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.coverage.outside import lacking, outside
from core.analysis.coverage.singles import CANDIDATES, single_images
from core.analysis.coverage.surplus import find_surplus
from core.analysis.vectors.alignment import Views

KINDS = 6
DIM = 40


def domain(kinds: list[int], each: int, look: float, seed: int) -> tuple[Views, np.ndarray]:
    """Images of several kinds in a look of its own: a shared place for each kind, a shift for the
    domain, noise.
    """
    places = np.random.default_rng(99).normal(size=(KINDS, DIM)) * 2
    shift = np.random.default_rng(7).normal(size=DIM) * look
    truth = np.repeat(kinds, each)
    noise = np.random.default_rng(seed).normal(size=(len(truth), DIM))
    return Views((places[truth] + shift + noise).astype(np.float32)), truth


@pytest.mark.parametrize("look", [0.0, 5.0])
def test_a_kind_that_the_real_side_lacks_is_surplus_and_only_that(look: float) -> None:
    real, _ = domain([0, 1, 2, 4, 5], 40, 0, 1)
    version, truth = domain(list(range(KINDS)), 40, look, 2)
    found = find_surplus(real, version)
    (group,) = found.groups
    assert np.array_equal(np.sort(found.listed), np.flatnonzero(truth == 3))
    assert set(group.rows) == set(found.listed)
    assert group.score > 0.5 and group.chosen < 0.1
    assert np.all(np.diff(found.score[found.listed]) <= 0)
    assert found.nearest.shape == found.distance.shape == (240,) and found.nearest.max() < 200


def test_nothing_is_surplus_when_the_real_side_has_every_kind() -> None:
    real, _ = domain(list(range(KINDS)), 40, 0, 1)
    version, _ = domain(list(range(KINDS)), 40, 5, 2)
    assert not find_surplus(real, version).groups
    one, other = real.take(np.arange(0, 240, 2)), real.take(np.arange(1, 240, 2))
    assert not find_surplus(one, other).groups


def test_a_few_real_images_cannot_show_that_something_is_surplus() -> None:
    """That none of fifteen real images chooses a sixth of a version may be chance."""
    real, _ = domain([0, 1, 2, 4, 5], 3, 0, 1)
    version, _ = domain(list(range(KINDS)), 40, 5, 2)
    assert not find_surplus(real, version).groups


@pytest.mark.parametrize(("reals", "rendered"), [(2, 1), (1, 30), (30, 2), (12, 12)])
def test_small_sets_have_no_surplus_and_finite_scores(reals: int, rendered: int) -> None:
    real, version = domain([0, 1, 2], 10, 0, 1)[0], domain([0, 1, 2], 10, 5, 2)[0]
    found = find_surplus(real.take(np.arange(reals)), version.take(np.arange(rendered)))
    assert not found.groups and len(found.listed) == 0
    assert np.isfinite(found.score).all() and np.isfinite(found.distance).all()


def test_identical_images_are_no_surplus() -> None:
    real, same = domain([0, 1], 20, 0, 1)[0], Views(np.ones((30, DIM), np.float32))
    for first, second in ((real, same), (same, real), (same, same)):
        found = find_surplus(first, second)
        assert not found.groups and np.isfinite(found.score).all()


def test_the_same_seed_gives_the_same_surplus() -> None:
    real, version = domain([0, 1, 2], 30, 0, 1)[0], domain([0, 1, 2, 3], 30, 5, 2)[0]
    first, second = (find_surplus(real, version, seed=3) for _ in range(2))
    assert np.array_equal(first.score, second.score)
    assert [group.rows.tolist() for group in first.groups] == [
        group.rows.tolist() for group in second.groups
    ]


def test_odd_real_images_are_single_and_only_those() -> None:
    real, _ = domain(list(range(5)), 60, 0, 1)
    version, _ = domain(list(range(5)), 60, 5, 2)
    odd = np.random.default_rng(5).normal(size=(4, DIM)).astype(np.float32) * 5
    together = Views(np.vstack([real.plain, odd]))
    covered = np.ones(304, bool)
    found = single_images(together, version, covered)
    assert found[300:].all() and found.mean() <= 0.02
    # an odd image that is rendered, twice and in the version's look, is covered
    look = version.plain.mean(axis=0) - real.plain.mean(axis=0)
    rendered = Views(np.vstack([version.plain, odd[[0, 0]] + look]))
    assert not single_images(together, rendered, covered)[300]
    # one whose group is told is told with it
    covered[301] = False
    assert not single_images(together, version, covered)[301]


def test_real_halves_hold_hardly_any_single_image() -> None:
    real, _ = domain(list(range(KINDS)), 100, 0, 1)
    one, other = real.take(np.arange(0, 600, 2)), real.take(np.arange(1, 600, 2))
    found = single_images(one, other, np.ones(300, bool))
    assert found.mean() <= CANDIDATES <= 0.02


def test_too_few_images_have_no_single_ones() -> None:
    real, version = domain([0, 1], 20, 0, 1)[0], domain([0, 1], 20, 5, 2)[0]
    assert not single_images(real, version, np.ones(40, bool)).any()
    assert not single_images(real, version, np.zeros(40, bool)).any()


def test_outside_is_noise_and_what_lies_in_clusters_without_the_other_side() -> None:
    own = np.array([-1, 0, 0, 1, 1, 2])
    other = np.array([0, 0, 0, -1, 2])
    assert outside(own, other).tolist() == [True, False, False, True, True, False]
    assert lacking(own, other).tolist() == [False, True, False]
    assert lacking(other, own).tolist() == [False, False, False]
    assert outside(np.full(3, -1), other).all()


def test_a_stray_among_many_does_not_make_a_cluster_rendered() -> None:
    """One of 1,000 synthetic images where 200 are expected is practically none; five are some."""
    own = np.repeat([0, 1], [80, 20])
    for strays, expected in ((1, True), (5, False)):
        other = np.repeat([0, 1], [1000 - strays, strays])
        assert outside(own, other)[own == 1].all() == expected
        assert not outside(own, other)[own == 0].any()
