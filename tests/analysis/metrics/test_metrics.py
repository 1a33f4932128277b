"""Metrics: equal to the references' formulae, honest about what they cannot say, and finite
whatever comes in.
"""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prdc import compute_prdc
from scipy import linalg

from core.analysis.metrics import (
    baselines,
    diversity,
    equal,
    frechet,
    kernel,
    manifold,
    measure,
)
from core.analysis.metrics.suite import ScopedMetric, all_metrics, measure_pair
from core.contracts.metric_words import METRICS
from core.contracts.words import MetricScope
from core.errors import InputError


def pair(
    n: int, m: int, d: int, shift: float = 0.2, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Real (n, d) and synthetic (m, d) vectors, correlated, of unequal spread, as features are."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(d, d)) / np.sqrt(d) * np.linspace(2, 0.1, d)
    real = rng.normal(size=(n, d)) @ mixing + 1
    synthetic = rng.normal(size=(m, d)) @ mixing * 1.1 + 1 + shift
    return real.astype(np.float32), synthetic.astype(np.float32)


# --- the references -------------------------------------------------------------------------------


def reference_frechet(real: np.ndarray, synthetic: np.ndarray) -> float:
    """torch-fidelity's and clean-fid's formula, in float64."""
    x, y = real.astype(np.float64), synthetic.astype(np.float64)
    first, second = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = linalg.sqrtm(first @ second)
    return float(
        ((x.mean(0) - y.mean(0)) ** 2).sum()
        + np.trace(first + second)
        - 2 * np.real(np.trace(root))
    )


@pytest.mark.parametrize(
    ("n", "m", "d"), [(300, 250, 16), (400, 500, 96), (60, 400, 96), (400, 60, 96), (50, 40, 96)]
)
def test_frechet_distance_equals_the_formula(n, m, d):
    real, synthetic = pair(n, m, d)
    metric = frechet.frechet_distance(real, synthetic)
    assert metric.value == pytest.approx(reference_frechet(real, synthetic), rel=1e-4)
    assert metric.low <= metric.value <= metric.high
    assert ("Fewer images" in metric.note) == (min(n, m) < d)


def test_frechet_distance_of_known_gaussians():
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(0, 1, (40_000, 4)), rng.normal([3, 0, 0, 0], 2, (40_000, 4))
    assert frechet.frechet(real, synthetic) == pytest.approx(9 + 4 * (2 - 1) ** 2, rel=0.02)


def test_frechet_distance_survives_dead_dimensions():
    real, synthetic = pair(200, 200, 12)
    real[:, 3] = synthetic[:, 3] = 0  # what a ReLU that never fires gives
    without = [np.delete(side, 3, axis=1) for side in (real, synthetic)]
    assert frechet.frechet(real, synthetic) == pytest.approx(frechet.frechet(*without), rel=1e-6)


@pytest.mark.parametrize(
    ("n", "m", "d", "k"), [(300, 250, 16, 5), (200, 400, 64, 3), (7, 9, 4, 5), (2500, 2100, 24, 5)]
)
def test_precision_recall_density_coverage_equal_prdc(n, m, d, k):
    real, synthetic = pair(n, m, d, shift=0.1)
    with contextlib.redirect_stdout(io.StringIO()):
        reference = compute_prdc(real.astype(np.float64), synthetic.astype(np.float64), k)
    found = manifold.manifold_metrics(real, synthetic, k=k)
    for name, value in reference.items():
        assert found[name].value == pytest.approx(value, rel=1e-4, abs=1e-9), name


def test_blocks_do_not_change_what_is_found(monkeypatch):
    real, synthetic = pair(230, 170, 8)
    whole = manifold.memberships(real, synthetic)
    monkeypatch.setattr(manifold, "ROWS", 16)
    monkeypatch.setattr(manifold, "COLUMNS", 50)
    parts = manifold.memberships(real, synthetic)
    for name in ("inside", "recalled", "covered", "nearest"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
    assert np.allclose(whole.spacing, parts.spacing, rtol=1e-4)


def test_authenticity_and_near_copies_by_definition():
    real, synthetic = pair(120, 90, 10)
    synthetic[:30] = real[:30] + 1e-3
    across = np.linalg.norm(synthetic[:, None].astype(float) - real[None], axis=2)
    within = np.linalg.norm(real[:, None].astype(float) - real[None], axis=2)
    np.fill_diagonal(within, np.inf)
    nearest, spacing = across.argmin(1), within.min(1)
    found = manifold.manifold_metrics(real, synthetic)
    assert found["authenticity"].value == pytest.approx((across.min(1) > spacing[nearest]).mean())
    assert found["near_copies"].value == pytest.approx(
        (across.min(1) <= 0.5 * spacing[nearest]).mean()
    )
    assert found["near_copies"].value >= 30 / 90
    members = manifold.memberships(real, synthetic)
    assert np.array_equal(members.nearest[:30], np.arange(30))


def u_statistic(x: np.ndarray, y: np.ndarray, k) -> float:
    xx, yy, xy = k(x, x), k(y, y), k(x, y)
    np.fill_diagonal(xx, 0)
    np.fill_diagonal(yy, 0)
    n, m = len(x), len(y)
    return xx.sum() / (n * (n - 1)) + yy.sum() / (m * (m - 1)) - 2 * xy.mean()


def cubic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (x @ y.T / x.shape[1] + 1) ** 3


def test_kid_of_small_sets_is_the_u_statistic():
    real, synthetic = pair(200, 150, 32)
    reference = u_statistic(real.astype(np.float64), synthetic.astype(np.float64), cubic)
    assert kernel.kid(real, synthetic).value == pytest.approx(reference, rel=1e-4)


def test_kid_of_large_sets_draws_the_subsets_of_torch_fidelity():
    real, synthetic = pair(700, 500, 32)
    x, y = real.astype(np.float64), synthetic.astype(np.float64)
    generator = np.random.RandomState(2020)
    values = [
        u_statistic(
            x[generator.choice(700, 100, replace=False)],
            y[generator.choice(500, 100, replace=False)],
            cubic,
        )
        for _ in range(20)
    ]
    metric = kernel.kid(real, synthetic, seed=2020, subsets=20, size=100)
    assert metric.value == pytest.approx(np.mean(values), rel=1e-4)
    assert metric.low < u_statistic(x, y, cubic) < metric.high


def test_cmmd_and_mmd_equal_their_formulae():
    real, synthetic = pair(200, 150, 32)
    x, y = (
        side.astype(np.float64) / np.linalg.norm(side.astype(np.float64), axis=1, keepdims=True)
        for side in (real, synthetic)
    )

    def gaussian(sigma: float):
        return lambda a, b: np.exp(-((a[:, None] - b[None]) ** 2).sum(2) / (2 * sigma**2))

    found = kernel.gaussian_mmds(real, synthetic)
    wide = gaussian(10.0)
    assert found["cmmd"].value == pytest.approx(
        1000 * (wide(x, x).mean() + wide(y, y).mean() - 2 * wide(x, y).mean()), rel=1e-4
    )
    distances = np.linalg.norm(x[:, None] - x[None], axis=2)[np.triu_indices(200, 1)]
    assert found["mmd"].parameters["sigma"] == pytest.approx(np.median(distances), rel=1e-4)
    assert found["mmd"].value == pytest.approx(
        u_statistic(x, y, gaussian(float(np.median(distances)))), rel=1e-3
    )


def test_vendi_equals_the_entropy_of_the_similarity_matrix():
    for n, d in ((60, 20), (20, 60)):
        vectors = pair(n, n, d)[0].astype(np.float64)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        values = np.linalg.eigvalsh(unit @ unit.T / n)
        values = values[values > 1e-12]
        assert diversity.vendi_score(vectors) == pytest.approx(
            math.exp(-(values * np.log(values)).sum()), rel=1e-6
        )
    assert diversity.vendi_score(np.eye(7)) == pytest.approx(7)
    assert diversity.vendi_score(np.ones((7, 3))) == pytest.approx(1)


# --- intervals ------------------------------------------------------------------------------------


def test_intervals_hold_what_other_samples_give():
    """Values of fresh samples of the same sources spread about as widely as one's interval says."""

    def sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        return rng.normal(size=(300, 12)), rng.normal(size=(300, 12)) * 1.2 + 0.2

    repeated: dict[str, list[float]] = {"frechet_distance": [], "kid": [], "precision": []}
    widths: dict[str, list[float]] = {name: [] for name in repeated}
    for seed in range(40):
        real, synthetic = sample(seed)
        for metric in (
            frechet.frechet_distance(real, synthetic),
            kernel.kid(real, synthetic),
            manifold.manifold_metrics(real, synthetic)["precision"],
        ):
            repeated[metric.name].append(metric.value)
            widths[metric.name].append(metric.high - metric.low)
    for name, values in repeated.items():
        truth = 2 * 1.96 * np.std(values)
        assert 0.6 * truth < np.mean(widths[name]) < 1.6 * truth, name


def test_bootstrap_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).gamma(2, 1, 10_000)  # more distinct values than bins
    low, high = measure.bootstrap_mean(values, seed=0)
    error = values.std() / 100
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.25 * error
    )
    assert measure.bootstrap_mean(np.zeros(100, bool), 0) == (0.0, pytest.approx(1 - 0.025**0.01))
    assert measure.bootstrap_mean(np.ones(100, bool), 0) == (pytest.approx(0.025**0.01), 1.0)


# --- all together ---------------------------------------------------------------------------------


def measured(real: np.ndarray, *versions: np.ndarray, **options) -> list[ScopedMetric]:
    return list(all_metrics(real, versions, **options).metrics)


def test_all_metrics_stand_beside_their_baselines():
    real, synthetic = pair(80, 60, 12, shift=0.5)
    heard = []
    found = all_metrics(real, [synthetic, real[:50]], progress=lambda *step: heard.append(step))
    assert [(one.version, one.metric.name) for one in found.metrics] == [
        (version, name) for version in (0, 1) for name in METRICS
    ]
    for one in found.metrics:
        metric = one.metric
        if metric.name == "frechet_infinity":
            assert metric.value is None and "at least 100 images" in metric.note
            continue
        assert metric.low <= metric.value <= metric.high, metric
        if metric.name == "frechet_distance":  # it depends on the number, and there are too few
            assert metric.baseline is None and "No baseline: it needs" in metric.note
        else:
            assert metric.baseline_low is not None and metric.baseline is not None
    first, second = found.looks
    assert first.real.shape == (80,) and first.synthetic.shape == (60,)
    assert second.near_copies.all()  # these are copies
    assert heard == [("metrics", done, len(heard)) for done in range(1, len(heard) + 1)]


def test_a_seed_repeats_every_number():
    real, synthetic = pair(60, 50, 8)
    first, second = (measured(real, synthetic, seed=3) for _ in range(2))
    assert first == second
    assert measured(real, synthetic, seed=4) != first


def test_baselines_put_real_images_in_the_versions_place():
    real, synthetic = pair(260, 60, 8)
    metrics = {one.metric.name: one.metric for one in measured(real, synthetic)}
    rest, stand_in = baselines.split(260, 60, 0)
    assert len(stand_in) == 60 and len(rest) == 200 and not set(rest) & set(stand_in)
    found = measure_pair(real[rest], real[stand_in]).metrics
    for name in ("frechet_distance", "kid", "precision", "classifier_auc", "vendi"):
        assert metrics[name].baseline == pytest.approx(found[name].value)
        assert metrics[name].parameters["baseline images"] == [200, 60]


def test_a_perfect_renderer_reaches_its_baseline_however_few_it_rendered():
    """10,000 real images and 200 as good as real: coverage was 0.10 beside a floor of 0.97."""
    rng = np.random.default_rng(0)
    real, synthetic = rng.normal(size=(2000, 16)), rng.normal(size=(60, 16))
    plain = manifold.manifold_metrics(real, synthetic)["coverage"].value
    metrics = {one.metric.name: one.metric for one in measured(real, synthetic)}
    assert plain < 0.3  # what all images would say
    for name in ("precision", "recall", "density", "coverage", "frechet_distance", "cmmd"):
        metric = metrics[name]
        assert metric.low <= metric.baseline_high, metric
        assert metric.baseline_low <= metric.high, metric
    assert metrics["coverage"].value == pytest.approx(metrics["coverage"].baseline, abs=0.06)
    assert metrics["density"].value == pytest.approx(metrics["density"].baseline, abs=0.25)


def test_a_baseline_of_another_size_says_so_or_is_not_there():
    real, synthetic = pair(150, 200, 8)
    metrics = {one.metric.name: one.metric for one in measured(real, synthetic)}
    assert "75 images a side" in metrics["coverage"].note
    assert metrics["frechet_distance"].baseline is None
    assert metrics["vendi"].baseline is None and "needs 200 real images" in metrics["vendi"].note
    few = {one.metric.name: one.metric for one in measured(real[:9], synthetic)}
    assert few["coverage"].value is not None and few["coverage"].baseline is None
    assert "No baseline" in few["coverage"].note


def test_the_bias_of_cmmd_is_the_same_in_value_and_baseline():
    real = pair(400, 10, 8)[0]
    parts = baselines.split(400, 400, 0)
    sides = [real[rows] for rows in parts]
    halves, as_whole = (
        kernel.gaussian_mmds(*sides, sizes=sizes)["cmmd"].value for sizes in (None, (400, 400))
    )
    unbiased = kernel.gaussian_mmds(*sides, sizes=(10**9, 10**9))["cmmd"].value
    assert halves - unbiased == pytest.approx(2 * (as_whole - unbiased), rel=1e-3)


def test_equal_numbers_are_those_of_all_images_where_both_sides_have_as_many():
    real, synthetic = pair(120, 120, 8)
    whole, same = manifold.manifold_metrics(real, synthetic), equal.equal_metrics(real, synthetic)
    assert all(same[name].value == pytest.approx(whole[name].value) for name in equal.NAMES)
    drawn = equal.equal_metrics(np.concatenate([real, pair(600, 1, 8, seed=9)[0]]), synthetic)
    assert drawn["coverage"].parameters["images"] == 120


def test_fd_infinity_is_the_same_for_versions_of_any_size():
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(40, 40)) * np.linspace(1, 0.1, 40)

    def drawn(n: int) -> np.ndarray:
        return rng.normal(size=(n, 40)) @ mixing

    real = drawn(1500)
    found = {n: frechet.frechet_infinity(real, drawn(n) + 1) for n in (120, 1500)}
    plain = {n: frechet.frechet(real, drawn(n) + 1) for n in (120, 1500)}
    assert plain[120] > 1.4 * plain[1500]
    assert found[120].value == pytest.approx(found[1500].value, rel=0.1)
    same = frechet.frechet_infinity(real, drawn(300))
    assert same.low < 0 < same.high
    assert found[120].low < found[1500].value < found[120].high


def test_classes_are_measured_by_themselves_and_one_sided_ones_get_a_reason():
    real, synthetic = pair(90, 60, 8)
    real_classes = ["car"] * 40 + ["bus"] * 40 + ["tram"] * 8 + [None] * 2
    classes = ["car"] * 30 + ["bus"] * 20 + ["ship"] * 10
    found = measured(real, synthetic, real_classes=real_classes, classes=[classes])
    scopes = {(one.scope, one.part) for one in found}
    assert scopes == {
        (MetricScope.ALL, None),
        *((MetricScope.CLASS, name) for name in ("car", "bus", "tram", "ship")),
    }
    by_name = {(one.part, one.metric.name): one.metric for one in found}
    assert by_name["tram", "kid"].value is None
    assert by_name["tram", "kid"].note == "No synthetic image has the class tram."
    assert by_name["ship", "kid"].note == "No real image has the class ship."
    alone = kernel.kid(real[:40], synthetic[:30])
    assert by_name["car", "kid"].value == pytest.approx(alone.value)
    assert by_name["car", "kid"].n_real == 40


def test_a_class_that_only_the_second_version_has_gets_its_baseline():
    real, synthetic = pair(60, 60, 8)
    found = measured(
        real,
        synthetic,
        synthetic,
        real_classes=["a"] * 30 + ["b"] * 30,
        classes=[["a"] * 60, ["a"] * 30 + ["b"] * 30],
    )
    metric = next(
        one.metric for one in found if (one.version, one.part, one.metric.name) == (1, "b", "kid")
    )
    assert metric.value is not None and metric.baseline is not None


# --- bad input ------------------------------------------------------------------------------------


def finite_or_explained(found: list[ScopedMetric]) -> None:
    for metric in (one.metric for one in found):
        numbers = [
            getattr(metric, name)
            for name in ("value", "low", "high", "baseline", "baseline_low", "baseline_high")
        ]
        assert all(number is None or math.isfinite(number) for number in numbers), metric
        assert metric.value is not None or metric.note, metric


@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 40), (40, 5), (6, 6), (0, 10), (10, 0), (11, 10)])
def test_few_images_are_explained(n, m):
    real, synthetic = pair(max(n, 1), max(m, 1), 8)
    found = measured(real[:n], synthetic[:m])
    finite_or_explained(found)
    precision = next(one.metric for one in found if one.metric.name == "precision")
    assert (precision.value is None) == (min(n, m) < 6)
    if min(n, m) < 6:
        assert (
            precision.note
            == f"Needs at least 6 images on each side; there are {n} real and {m} synthetic."
        )


@pytest.mark.parametrize("real_value", [0.0, 1.0])
@pytest.mark.parametrize("value", [0.0, 1.0, -3.0])
def test_constant_images_give_no_nan(real_value, value):
    constant = np.full((15, 6), value, np.float32)
    finite_or_explained(measured(np.full((20, 6), real_value, np.float32), constant))
    finite_or_explained(measured(pair(30, 30, 6)[0], constant))


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 25), st.integers(1, 25), st.integers(1, 30), st.booleans())
def test_any_shape_is_finite_or_explained(n, m, d, copies):
    real, synthetic = pair(n, m, d, seed=n * 100 + m)
    if copies:
        real[:] = real[0]
        synthetic[: m // 2] = real[0]
    finite_or_explained(measured(real, synthetic))


def test_vectors_that_do_not_fit_are_refused():
    real, synthetic = pair(20, 20, 8)
    with pytest.raises(InputError, match="8 dimensions, synthetic vectors 5"):
        all_metrics(real, [synthetic[:, :5]])
    synthetic[3, 2] = np.nan
    with pytest.raises(InputError, match="1 synthetic vectors hold"):
        all_metrics(real, [synthetic])
