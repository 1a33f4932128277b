"""Objectives, trainer, evaluation and verdict against hand-computed answers and the reference
formulae.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from sklearn.linear_model import LogisticRegression

from core.analysis.coverage.confidence import wilson
from core.contracts.study import Mixture, Objective
from core.finetune import (
    corruptions,
    evaluation,
    feature_map,
    objectives,
    saliency,
    significance,
    trainer,
)
from core.finetune.networks import HeadBank, VectorFeed
from core.finetune.objectives import DFR, ERM, GroupDRO, Resampling
from core.finetune.trainer import Examples, Schedule


def reference_groupdro(
    losses: np.ndarray, group: np.ndarray, q: np.ndarray, step: float
) -> tuple[float, np.ndarray]:
    """The update as Sagawa et al. 2020 write it (algorithm 1), a group at a time."""
    means = np.array(
        [losses[group == g].mean() if (group == g).any() else 0.0 for g in range(len(q))]
    )
    q = np.array([weight * np.exp(step * mean) for weight, mean in zip(q, means, strict=True)])
    q = q / q.sum()
    return float(sum(weight * mean for weight, mean in zip(q, means, strict=True))), q


def test_groupdro_equals_the_reference_over_fifty_steps():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 4, 400)
    aim = GroupDRO(groups, members=2, step=0.01)
    q = [np.full(4, 0.25), np.full(4, 0.25)]
    for step in range(50):
        batch = (
            rng.integers(0, 400, 32) if step else np.flatnonzero(groups < 2)[:32]
        )  # step 0: two groups absent
        logits, y = rng.normal(0, 3, (2, 32, 3)), rng.integers(0, 3, 32)
        found = aim.loss(
            torch.tensor(logits, dtype=torch.float64), torch.tensor(y), torch.tensor(groups[batch])
        )
        for member in range(2):
            losses = -np.log(np.exp(logits[member]) / np.exp(logits[member]).sum(1, keepdims=True))[
                np.arange(32), y
            ]
            expected, q[member] = reference_groupdro(losses, groups[batch], q[member], 0.01)
            assert float(found[member]) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(aim.q.numpy(), q, rtol=1e-4)


def test_groupdro_is_not_erm():
    """Published code: the GroupDRO command trains ERM, because ``--robust`` is off by default."""
    logits = torch.tensor([[[2.0, 0.0], [2.0, 0.0], [2.0, 0.0], [2.0, 0.0]]])
    y, group = torch.tensor([0, 0, 0, 1]), torch.tensor([0, 0, 0, 1])
    erm = ERM(group.numpy(), 1).loss(logits, y, group)
    dro = GroupDRO(group.numpy(), 1).loss(logits, y, group)
    easy, hard = np.log1p(np.exp(-2)), np.log1p(np.exp(2))
    assert float(erm) == pytest.approx((3 * easy + hard) / 4, rel=1e-6)
    weights = np.exp(0.01 * np.array([easy, hard]))
    assert float(dro) == pytest.approx(weights @ [easy, hard] / weights.sum(), rel=1e-5)


def test_resampling_draws_every_group_equally_often():
    groups = np.repeat([0, 1, 2], [900, 90, 10])
    order = Resampling(groups, 1).order(groups, np.random.default_rng(0))
    assert len(order) == 1000
    assert np.bincount(groups[order]) == pytest.approx([333, 333, 333], abs=50)
    assert sorted(ERM(groups, 1).order(groups, np.random.default_rng(0)).tolist()) == list(
        range(1000)
    )


def test_dfr_refits_on_balanced_draws_with_the_scaler_of_training():
    """One strength and one refit is one L1 logistic regression; nothing is L2-normalised on the way
    (a trap of the published code).
    """
    rng = np.random.default_rng(1)
    train = rng.normal(5, 3, (200, 6))
    y = np.repeat([0, 1], 40)
    groups = np.repeat([0, 1, 2, 3], [30, 10, 10, 30])
    valid = rng.normal(5, 3, (80, 6)) + 8 * y[:, None] * np.array([1, 0, 0, 0, 0, 0])
    fitted = DFR((0.3,), 1, seed=5).fit(train, valid, y, groups)
    rows = objectives.balanced_draw(groups, np.random.default_rng(5))
    assert np.bincount(groups[rows]).tolist() == [10, 10, 10, 10]
    scaled = (valid - train.mean(0)) / train.std(0)
    model = LogisticRegression(
        l1_ratio=1.0, C=0.3, solver="liblinear", max_iter=1000, random_state=0
    )
    model.fit(scaled[rows], y[rows])
    new = rng.normal(5, 3, (50, 6))
    np.testing.assert_allclose(
        fitted.logits(new)[:, 1], model.decision_function((new - train.mean(0)) / train.std(0))
    )
    assert (fitted.logits(valid).argmax(1) == y).mean() > 0.8
    sparse = DFR((0.01,), 3, seed=5).fit(train, valid, y, groups).weights
    assert (sparse == 0).sum() > (fitted.weights[1] == 0).sum()  # the penalty is L1


def test_dfr_averages_refits_and_takes_three_classes():
    """liblinear refuses three classes at once; each class is fitted against the rest."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], 60)
    x = rng.normal(size=(180, 5)) + 3 * np.eye(3, 5)[y]
    groups = y * 2 + rng.integers(0, 2, 180)
    fitted = DFR((1.0, 0.1), 4, seed=0).fit(x, x, y, groups)
    assert fitted.weights.shape == (3, 5) and fitted.strength in (1.0, 0.1)
    assert (fitted.logits(x).argmax(1) == y).mean() > 0.9


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),
        (8, 10, 0.4902, 0.9433),
        (10, 10, 0.7225, 1.0),
        (263, 263, 0.98560, 1.0),
    ],
)
def test_wilson_intervals_of_the_textbook(correct, n, low, high):
    assert wilson(correct, n) == pytest.approx((low, high), abs=1e-4)
    reference = stats.binomtest(correct, n).proportion_ci(method="wilson")
    assert wilson(correct, n) == pytest.approx((reference.low, reference.high))


def test_scores_leave_absent_groups_out():
    """Published code: an empty group gives NaN, which is never better, so nothing is ever saved."""
    right = np.array([True, True, False, True, False])
    found = evaluation.score(right, np.array([0, 0, 0, 3, -1]))
    assert found.worst_accuracy == pytest.approx(2 / 3) and found.worst == 0
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1) / 2)
    assert (
        evaluation.score(right, np.full(5, -1))
        == evaluation.NO_SCORES
        == evaluation.Scores(None, None, None, ())
    )


def toy(n: int = 400, seed: int = 0) -> tuple[np.ndarray, Examples, Examples]:
    """Two classes, a weak true feature and a strong biased one; the first half trains."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    b = np.where(rng.random(n) < 0.95, y, 1 - y)
    x = rng.normal(size=(n, 8)).astype(np.float32)
    x[:, 0] += 2 * y - 1
    x[:, 1] += 4 * b - 2
    half = n // 2
    groups = y * 2 + b
    return x, *(
        Examples(rows, y[rows], groups[rows]) for rows in (np.arange(half), np.arange(half, n))
    )


def fit(
    network: HeadBank,
    x: np.ndarray,
    train: Examples,
    valid: Examples,
    rates: tuple[float, ...],
    **chosen,
):
    schedule = replace(Schedule(rates, epochs=4, patience=9, batch_size=32, seed=3), **chosen)
    aim = ERM(train.groups, len(rates))
    return trainer.fit(network, VectorFeed(x, train.rows), train, valid, aim, schedule)


def test_heads_side_by_side_train_as_heads_alone():
    """The grid of learning rates in one matrix product gives what each rate gives by itself."""
    x, train, valid = toy()
    together = fit(HeadBank(8, 16, 2, 2, seed=1), x, train, valid, (1e-3, 1e-2))
    for k, rate in enumerate((1e-3, 1e-2)):
        alone = fit(HeadBank(8, 16, 2, 1, seed=1), x, train, valid, (rate,))[0]
        assert [e.loss for e in together[k].history] == pytest.approx(
            [e.loss for e in alone.history], rel=1e-4
        )
        for name, value in alone.state.items():
            torch.testing.assert_close(together[k].state[name], value, rtol=1e-3, atol=1e-5)


def test_a_diverging_rate_is_left_out_and_spoils_no_other():
    x, train, valid = toy()
    x = x.copy()
    members = fit(HeadBank(8, 16, 2, 2, seed=1), x, train, valid, (1e-3, 1e30))
    assert members[1].diverged and not members[0].diverged
    assert trainer.choose(members) is members[0]
    assert trainer.choose([members[1]]) is None


def test_training_stops_early_and_keeps_the_best_epoch():
    x, train, valid = toy()
    member = fit(HeadBank(8, 16, 2, 1, seed=1), x, train, valid, (3e-2,), epochs=60, patience=3)[0]
    assert len(member.history) < 60 and len(member.history) - member.best_epoch == 3
    best = max((epoch.valid_worst, epoch.valid_balanced) for epoch in member.history)
    assert member.best == best


def outcome(seed: int, worst: float, right: list[int]) -> significance.TrialOutcome:
    return significance.TrialOutcome(seed, worst, 0.9, np.array(right, dtype=bool))


def test_the_verdict_is_a_paired_test_over_seeds():
    groups = np.repeat([0, 1], 50)
    rng = np.random.default_rng(0)
    ours = [
        outcome(s, w, np.r_[np.ones(50), rng.random(50) < w])
        for s, w in enumerate((0.62, 0.55, 0.60))
    ]
    theirs = [
        outcome(s, w, np.r_[np.ones(50), rng.random(50) < w])
        for s, w in enumerate((0.41, 0.40, 0.44))
    ]
    found = significance.compare(ours, theirs, groups)
    expected = stats.ttest_rel([0.62, 0.55, 0.60], [0.41, 0.40, 0.44])
    assert found.p == pytest.approx(expected.pvalue) and found.difference == pytest.approx(
        0.1733, abs=1e-3
    )
    text = significance.sentence(found, "ffr", "none", "erm")
    assert text.startswith(
        "Under ERM, FFR improves worst-group accuracy by 17 ± 3 points over no synthetic data; "
        "p = 0.01"
    )
    assert "3 seeds" in text
    same = significance.sentence(significance.compare(theirs, theirs, groups), "ffr", "none", "erm")
    assert "no clear difference" in same
    one = significance.sentence(
        significance.compare(ours[:1], theirs[:1], groups), "ffr", "none", "erm"
    )
    assert "one seed, so no test over seeds" in one


def test_the_pooled_worst_group_counts_each_image_once():
    groups = np.repeat([0, 1], [10, 20])
    trials = [outcome(s, 0.6, [1] * 10 + [1] * 12 + [0] * 8) for s in range(3)]
    compared = significance.ComparedTrials(
        7, 0, {(Mixture.FFR, Objective.ERM): trials}, groups, "group {}".format
    )
    row = significance.summarise(compared)[0]
    assert (row.pooled_worst, row.pooled_worst_n) == (0.6, 20)
    assert row.pooled_worst_group == "group 1"
    assert (row.pooled_low, row.pooled_high) == wilson(12, 20)


def test_rise_finds_what_the_model_looks_at():
    """A model whose score is the brightness of one corner: its map is high there and flat
    elsewhere.
    """
    image = np.ones((28, 28, 3), dtype=np.float32)
    found = saliency.rise(
        lambda batch: batch[:, :8, :8].mean(axis=(1, 2, 3))[:, None], image, n_masks=600, seed=0
    )[0]
    assert found.shape == (28, 28)
    assert np.unravel_index(found.argmax(), found.shape) <= (9, 9)
    assert found[:8, :8].mean() - found[16:, 16:].mean() > 0.05
    assert found[16:, 16:].std() < 0.02
    flat = saliency.rise(lambda batch: np.full((len(batch), 1), 0.7), image, n_masks=50, seed=0)
    np.testing.assert_allclose(flat, 0.7, rtol=1e-5)


def test_corruptions_grow_with_severity_and_zero_changes_nothing():
    pixels = (np.indices((64, 64)).sum(0) % 16 * 16).astype(np.uint8)
    image = Image.fromarray(np.repeat(pixels[..., None], 3, axis=2))
    assert corruptions.corrupt(image, 0, seed=1) is image
    errors = [
        np.abs(
            np.asarray(corruptions.corrupt(image, s, seed=1), float) - np.asarray(image, float)
        ).mean()
        for s in range(6)
    ]
    assert errors == sorted(errors) and errors[1] > 1
    assert corruptions.corrupt(image, 3, seed=1) == corruptions.corrupt(image, 3, seed=1)


def test_the_mixing_score_is_one_for_one_cloud_and_zero_for_two():
    rng = np.random.default_rng(0)
    made = np.arange(400) % 2 == 1
    cloud = rng.normal(size=(400, 5))
    assert feature_map.mixing_score(cloud, made) == pytest.approx(1.0, abs=0.05)
    assert feature_map.mixing_score(cloud + 100 * made[:, None], made) == 0
    assert feature_map.mixing_score(cloud, np.zeros(400, bool)) is None
    rows = feature_map.matched_rows(np.repeat([0, 1, 2], [200, 100, 100]), made, seed=0, most=60)
    assert np.bincount(np.repeat([0, 1, 2], [200, 100, 100])[rows]).tolist() == [40, 40, 40]
    assert made[rows].sum() == len(rows) / 2
