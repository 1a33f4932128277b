"""Vendi score: how many different images a set amounts to (Friedman and Dieng 2023).

exp of the entropy of the eigenvalues of K / n, where K holds the cosines between all images: n
images that share nothing count n, n copies of one count 1. K / n and the d × d matrix Σ xxᵀ / n
have the same eigenvalues, so the cost does not grow with n².
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from core.analysis.metrics.measure import (
    Metric,
    Sample,
    bootstrap_mean,
    check_pair,
    one_thread,
)
from core.analysis.vectors.neighbors import unit

LEAST = 2


def vendi(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> dict[str, Metric]:
    """``vendi``: the score of ``synthetic`` (m, d). ``vendi_ratio``: over that of ``real`` (n, d),
    at equal numbers.

    The ratio draws as many images from the larger side as the smaller has (by ``seed``), because
    the score grows with the number of images; 1 is as varied as the real images, below 1 less.
    Intervals: the entropy is a mean over images of -xᵀ(log A)x, which is resampled with A's
    eigenvectors kept.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(LEAST)
    if why:
        return {name: sample.not_measured(name, why) for name in ("vendi", "vendi_ratio")}
    whole = entropy_parts(synthetic)
    score = sample.measured("vendi", *_exp(whole.mean(), *bootstrap_mean(whole, seed)))

    size = min(len(real), len(synthetic))
    rng = np.random.default_rng(seed)

    def drawn(side: np.ndarray) -> np.ndarray:
        return (
            side if len(side) == size else side[np.sort(rng.choice(len(side), size, replace=False))]
        )

    real_parts = entropy_parts(drawn(real))
    parts = whole if len(synthetic) == size else entropy_parts(drawn(synthetic))
    difference = float(parts.mean() - real_parts.mean())
    # the bootstrap's spread, as a formula
    error = float(np.sqrt((parts.var() + real_parts.var()) / size))
    value, interval = _exp(difference, difference - 1.96 * error, difference + 1.96 * error)
    return {
        "vendi": score,
        "vendi_ratio": sample.measured("vendi_ratio", value, interval, {"images": size}),
    }


def vendi_score(vectors: np.ndarray) -> float:
    """The score of one set of vectors (n, d)."""
    return float(np.exp(entropy_parts(vectors).mean()))


def entropy_parts(vectors: np.ndarray) -> np.ndarray:
    """Each image's part (n,) of the entropy: -xᵀ(log A)x with A = Σ xxᵀ / n, on vectors (n, d) of
    length 1.

    Their mean is the entropy itself. A vector of zeros counts as a direction of its own would not:
    it adds nothing.
    """
    directions = unit(vectors.astype(np.float64), pairwise=True)
    n, d = directions.shape
    products = directions.T @ directions if n >= d else directions @ directions.T
    with one_thread():
        values, axes = linalg.eigh(products / n, driver="evd")
    # (x_i · v_j)²; with fewer images than dimensions it follows from the eigenvectors of K / n.
    along = (directions @ axes) ** 2 if n >= d else axes**2 * (n * np.maximum(values, 0))
    kept = values > 1e-12
    return -(along[:, kept] @ np.log(values[kept]))


def _exp(value: float, low: float, high: float) -> tuple[float, tuple[float, float]]:
    """An entropy and its interval as a number of images."""
    return float(np.exp(value)), (float(np.exp(low)), float(np.exp(high)))
