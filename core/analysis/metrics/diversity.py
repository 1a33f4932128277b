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
    bootstrap_mean,
    check_pair,
    measured,
    not_measured,
    one_thread,
    too_few,
)

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
    n, m = len(real), len(synthetic)
    why = too_few(n, m, LEAST)
    if why:
        return {name: not_measured(name, n, m, seed, why) for name in ("vendi", "vendi_ratio")}
    whole = entropy_parts(synthetic)
    low, high = bootstrap_mean(whole, seed)
    score = measured(
        "vendi",
        float(np.exp(whole.mean())),
        (float(np.exp(low)), float(np.exp(high))),
        real,
        synthetic,
        seed,
    )

    size = min(n, m)
    rng = np.random.default_rng(seed)

    def drawn(side: np.ndarray) -> np.ndarray:
        return (
            side if len(side) == size else side[np.sort(rng.choice(len(side), size, replace=False))]
        )

    real_parts, parts = (
        entropy_parts(drawn(real)),
        whole if m == size else entropy_parts(drawn(synthetic)),
    )
    difference = float(parts.mean() - real_parts.mean())
    error = float(
        np.sqrt((parts.var() + real_parts.var()) / size)
    )  # the bootstrap's spread, as a formula
    ratio = measured(
        "vendi_ratio",
        float(np.exp(difference)),
        (float(np.exp(difference - 1.96 * error)), float(np.exp(difference + 1.96 * error))),
        real,
        synthetic,
        seed,
        {"images": size},
    )
    return {"vendi": score, "vendi_ratio": ratio}


def vendi_score(vectors: np.ndarray) -> float:
    """The score of one set of vectors (n, d)."""
    return float(np.exp(entropy_parts(vectors).mean()))


def entropy_parts(vectors: np.ndarray) -> np.ndarray:
    """Each image's part (n,) of the entropy: -xᵀ(log A)x with A = Σ xxᵀ / n, on vectors (n, d) of
    length 1.

    Their mean is the entropy itself. A vector of zeros counts as a direction of its own would not:
    it adds nothing.
    """
    unit = vectors.astype(np.float64)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    n, d = unit.shape
    products = unit.T @ unit if n >= d else unit @ unit.T
    with one_thread():
        values, directions = linalg.eigh(products / n, driver="evd")
    # (x_i · v_j)²; with fewer images than dimensions it follows from the eigenvectors of K / n.
    along = (unit @ directions) ** 2 if n >= d else directions**2 * (n * np.maximum(values, 0))
    kept = values > 1e-12
    return -(along[:, kept] @ np.log(values[kept]))
