"""The rendered classes as a witness: known answers on made-up vectors."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.analysis.coverage.heads import SHRINKAGE, linear_heads, resemblance

DIM, KINDS = 24, 6
CENTRES = 8 * np.eye(KINDS, DIM, dtype=np.float32)  # all equally far apart


def _images(kinds: list[int], each: int, seed: int, look: float = 0.0):
    """Vectors and kinds of ``each`` images of the kinds; ``look`` moves them all."""
    rng = np.random.default_rng(seed)
    of = np.repeat(kinds, each)
    moved = look * np.random.default_rng(9).normal(size=DIM)
    return (CENTRES[of] + rng.normal(size=(len(of), DIM)) + moved).astype(np.float32), of


def _asked(rendered: list[int], each: int = 30, look: float = 4.0):
    real, groups = _images(list(range(KINDS)), 40, seed=2)
    synthetic, classes = _images(rendered, each, seed=3, look=look)
    return resemblance(real, real, synthetic, classes, groups)


def test_a_kind_that_is_not_rendered_is_claimed_by_no_head_whatever_the_look() -> None:
    found = _asked([0, 1, 2, 4, 5])
    assert found is not None
    assert found.probability[3] > 0.75
    assert np.delete(found.probability, 3).max() < 0.15
    assert np.delete(found.head, 3).tolist() == [0, 1, 2, 4, 5]
    assert found.power > 0.8


def test_where_everything_is_rendered_no_group_is_absent() -> None:
    found = _asked(list(range(KINDS)))
    assert found is not None
    assert found.probability.max() < 0.15
    assert found.head.tolist() == list(range(KINDS))
    assert (found.injected < found.score).all()  # each would be missed


def test_two_missing_kinds_are_no_norm_for_the_others() -> None:
    found = _asked([0, 1, 2, 5])
    assert found is not None
    absent = found.probability > 0.5
    assert absent.tolist() == [False, False, False, True, True, False]


def test_a_class_of_a_few_strays_is_no_head() -> None:
    real, groups = _images(list(range(KINDS)), 40, seed=2)
    synthetic, classes = _images([0, 1, 2, 4, 5], 30, seed=3)
    strays, their = _images([3], 3, seed=4)
    found = resemblance(
        real, real, np.vstack([synthetic, strays]), np.concatenate([classes, their]), groups
    )
    assert found is not None
    assert 3 not in found.head
    assert found.probability[3] > 0.75


def test_images_of_unknown_class_change_nothing_but_the_centre() -> None:
    real, groups = _images(list(range(KINDS)), 40, seed=2)
    synthetic, classes = _images([0, 1, 2, 4, 5], 30, seed=3)
    unknown = np.concatenate([classes, np.full(len(classes), -1)])
    one = resemblance(real, real, synthetic, classes, groups)
    other = resemblance(real, real, np.vstack([synthetic, synthetic]), unknown, groups)
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.place, other.place)


@pytest.mark.parametrize("rendered", [[0, 1, 2], []])
def test_with_three_classes_or_none_nothing_is_said(rendered: list[int]) -> None:
    real, groups = _images(list(range(KINDS)), 40, seed=2)
    synthetic, classes = _images(rendered or [0], 30, seed=3)
    if not rendered:
        classes = np.full(len(classes), -1)
    assert resemblance(real, real, synthetic, classes, groups) is None


def test_two_groups_are_too_few_to_standardise_over() -> None:
    real, groups = _images([0, 1], 40, seed=2)
    synthetic, classes = _images([0, 1, 2, 4, 5], 30, seed=3)
    assert resemblance(real, real, synthetic, classes, groups) is None


def test_heads_are_the_linear_discriminant_of_a_shrunken_scatter() -> None:
    space, classes = _images([0, 1, 2], 50, seed=5)
    weights, offsets, kept = linear_heads(space, classes)
    # scikit-learn divides the scatter by m, ours by m − K, so the reference is given the matrix
    means = np.stack([space[classes == one].mean(axis=0) for one in range(3)]).astype(float)
    rest = space - means[classes]
    within = rest.T @ rest / (len(space) - 3)
    shrunken = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / DIM * np.eye(DIM)

    class Fixed:
        def fit(self, points):
            self.covariance_ = shrunken
            return self

    reference = LinearDiscriminantAnalysis(
        solver="lsqr", covariance_estimator=Fixed(), priors=np.full(3, 1 / 3)
    ).fit(space, classes)
    ours = space @ weights.T + offsets + np.log(1 / 3)
    np.testing.assert_allclose(ours, reference.decision_function(space), rtol=1e-4, atol=1e-3)
    assert kept.tolist() == [0, 1, 2]
