"""The classifier between real and synthetic images: blind where there is nothing to see, and it
ranks what it sees.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.analysis.metrics import twosample
from core.analysis.metrics.twosample import auc, classifier_auc, judge


def test_one_source_cannot_be_told_apart():
    values, held = [], 0
    for seed in range(12):
        vectors = np.random.default_rng(seed).normal(size=(240, 20))
        metric = classifier_auc(vectors[:120], vectors[120:], seed=seed)
        values.append(metric.value)
        held += metric.low <= 0.5 <= metric.high
    assert np.mean(values) == pytest.approx(0.5, abs=0.04)
    assert held >= 9


def test_far_sources_are_told_apart_always():
    rng = np.random.default_rng(0)
    metric = classifier_auc(rng.normal(size=(60, 8)), rng.normal(size=(50, 8)) + 6)
    assert metric.value == 1 and metric.high == 1


def test_auc_of_two_gaussians_is_the_textbook_value():
    rng = np.random.default_rng(1)
    metric = classifier_auc(rng.normal(0, 1, (3000, 3)), rng.normal([1, 0, 0], 1, (3000, 3)))
    assert metric.value == pytest.approx(0.760, abs=0.015)  # Φ(1 / √2)
    assert metric.low < 0.760 < metric.high


def test_auc_equals_scikit_learn_also_with_ties():
    rng = np.random.default_rng(2)
    higher, lower = rng.integers(0, 8, 50) + 1, rng.integers(0, 8, 70)
    labels = np.r_[np.ones(50), np.zeros(70)]
    assert auc(higher, lower) == pytest.approx(roc_auc_score(labels, np.r_[higher, lower]))


def test_the_images_that_look_like_the_other_kind_are_ranked_first():
    rng = np.random.default_rng(3)
    real, synthetic = rng.normal(0, 1, (100, 6)), rng.normal(3, 1, (80, 6))
    synthetic[:5] = rng.normal(0, 1, (5, 6))
    judged = judge(real, synthetic)
    assert set(np.argsort(-judged.synthetic)[:5]) == set(range(5))
    assert judged.real.mean() > 0.75 and np.median(judged.synthetic) < 0.2
    assert ((judged.real > 0) & (judged.real < 1)).all()


def test_every_image_is_judged_once_by_a_model_that_did_not_see_it():
    """A model that saw an image of pure noise would know its side; held out, it cannot."""
    rng = np.random.default_rng(4)
    judged = judge(rng.normal(size=(60, 60)), rng.normal(size=(60, 60)))
    assert (
        sum(len(real) for real, _ in judged.folds)
        == 60
        == sum(len(other) for _, other in judged.folds)
    )
    assert 0.3 < auc(judged.real, judged.synthetic) < 0.7


def test_unequal_numbers_do_not_shift_the_probability():
    rng = np.random.default_rng(5)
    judged = judge(rng.normal(size=(400, 3)), rng.normal(size=(40, 3)))
    assert judged.real.mean() == pytest.approx(0.5, abs=0.1)


def test_large_sets_are_learnt_from_a_sample_but_judged_whole(monkeypatch):
    monkeypatch.setattr(twosample, "TRAINING", 100)
    rng = np.random.default_rng(6)
    judged = judge(rng.normal(0, 1, (500, 4)), rng.normal(2, 1, (600, 4)))
    assert len(judged.real) == 500 and len(judged.synthetic) == 600
    assert auc(judged.real, judged.synthetic) > 0.95


def test_constant_vectors_are_a_coin_toss():
    metric = classifier_auc(np.ones((20, 5)), np.ones((30, 5)))
    assert metric.value == 0.5 and metric.low == metric.high == 0.5


def test_few_images_are_explained():
    metric = classifier_auc(np.ones((9, 5)), np.ones((30, 5)))
    assert metric.value is None and "at least 10" in metric.note
    with pytest.raises(ValueError, match="5 folds"):
        judge(np.ones((4, 5)), np.ones((30, 5)))
