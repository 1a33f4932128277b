"""Fréchet distance between two sets of vectors: how far apart two Gaussians fitted to them are.

FD = |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½   (Dowson and Landau 1982; on Inception features it
is called FID, Heusel et al. 2017). Covariances are divided by n - 1, as torch-fidelity and
clean-fid do. The trace of the root comes from a symmetric problem, tr (Σ₁Σ₂)^½ = Σ √λ(FΣ₂Fᵀ) with
Σ₁ = FᵀF, instead of a matrix root: F is the Cholesky factor where Σ₁ has full rank, the scaled
vectors themselves where there are fewer images than dimensions, and otherwise comes from its
eigenvectors.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg
from sklearn.utils.extmath import randomized_svd

from core.analysis.metrics.measure import (
    Metric,
    Sample,
    check_pair,
    half_sample_interval,
    one_thread,
)

LEAST = 10  # images on each side: below, the number says nothing
PARTS = 64  # groups of images that random halves are put together from
HALVES = 64  # random halves behind the interval
SPREAD_DIMENSIONS = 128  # leading directions in which the interval is estimated


def frechet_distance(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> Metric:
    """Fréchet distance of ``real`` (n, d) and ``synthetic`` (m, d), in squared units of the
    vectors.

    The interval comes from random halves of both sides, in the 128 leading directions (the trailing
    ones add a constant, not spread). With fewer images than dimensions the number is that of the
    references, but mostly sampling bias: the note says so. Fewer than 10 images on a side: no
    value.
    """
    check_pair(real, synthetic)
    n, m, d = len(real), len(synthetic), real.shape[1]
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(LEAST)
    if why:
        return sample.not_measured("frechet_distance", why)
    note = ""
    if min(n, m) < d:
        note = (
            f"Fewer images ({n} real, {m} synthetic) than dimensions ({d}): the value is mostly "
            "sampling bias. Read it beside its baseline, not on its own."
        )
    value = frechet(real, synthetic)
    halves = _halves(real, synthetic, seed)
    interval = half_sample_interval(value, halves, least=0.0)
    parameters = {"dimensions": d, "halves": HALVES}
    return sample.measured("frechet_distance", value, interval, parameters, note)


def frechet(real: np.ndarray, synthetic: np.ndarray) -> float:
    """The number alone, never below zero."""
    mean_real, covariance_real = moments(real)
    mean_synthetic, covariance_synthetic = moments(synthetic)
    factor = None
    if len(real) <= real.shape[1]:
        factor = (real.astype(np.float64) - mean_real) / np.sqrt(len(real) - 1)
    with one_thread():
        return distance_of_moments(
            mean_real, covariance_real, mean_synthetic, covariance_synthetic, factor
        )


def distance_of_moments(
    mean: np.ndarray,
    covariance: np.ndarray,
    other_mean: np.ndarray,
    other_covariance: np.ndarray,
    factor: np.ndarray | None = None,
) -> float:
    """Fréchet distance of two Gaussians; ``factor`` (r, d) with covariance = factorᵀ factor, where
    it is known.
    """
    if factor is None:
        factor = _factor(covariance)
    inner = factor @ other_covariance @ factor.T
    roots = np.sqrt(np.maximum(linalg.eigvalsh((inner + inner.T) / 2, driver="evd"), 0)).sum()
    gap = mean - other_mean
    return max(
        0.0, float(gap @ gap + np.trace(covariance) + np.trace(other_covariance) - 2 * roots)
    )


def moments(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and covariance (d, d, divided by n - 1) in float64, in chunks."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    products = np.zeros((vectors.shape[1],) * 2)
    for start in range(0, len(vectors), 8192):
        centred = vectors[start : start + 8192].astype(np.float64) - mean
        products += centred.T @ centred
    return mean, products / (len(vectors) - 1)


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with FᵀF = covariance."""
    try:
        return linalg.cholesky(covariance)
    except linalg.LinAlgError:  # directions without any spread
        values, directions = linalg.eigh(covariance, driver="evd")
    keep = values > max(values[-1], 0.0) * 1e-14
    return (directions[:, keep] * np.sqrt(values[keep])).T


def _halves(real: np.ndarray, synthetic: np.ndarray, seed: int) -> np.ndarray:
    """The distance on random halves of both sides (:data:`HALVES` numbers), in the leading
    directions.
    """
    rng = np.random.default_rng(seed)
    middle = real.mean(axis=0, dtype=np.float64).astype(real.dtype)
    directions = _leading_directions(real, synthetic, middle)
    reduced = [(side - middle) @ directions for side in (real, synthetic)]
    with one_thread():
        parts_real, parts_synthetic = (_part_sums(side, rng) for side in reduced)
        return np.array(
            [
                distance_of_moments(
                    *_half_moments(parts_real, rng), *_half_moments(parts_synthetic, rng)
                )
                for _ in range(HALVES)
            ]
        )


def _leading_directions(real: np.ndarray, synthetic: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Orthonormal (d, r): the leading principal directions of up to 4096 images of each side,
    around ``middle``.
    """
    rows = [side[:: max(1, len(side) // 4096)][:4096] for side in (real, synthetic)]
    pooled = np.concatenate(rows).astype(np.float64) - middle
    if pooled.shape[1] <= SPREAD_DIMENSIONS:
        return np.eye(pooled.shape[1])
    with one_thread():
        return randomized_svd(pooled, SPREAD_DIMENSIONS, n_iter=2, random_state=0)[2].T


def _part_sums(
    vectors: np.ndarray, rng: np.random.Generator
) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Count, sum and sum of products of each of up to :data:`PARTS` random groups of the rows of
    ``vectors``."""
    groups = [
        vectors[rows]
        for rows in np.array_split(rng.permutation(len(vectors)), min(PARTS, len(vectors)))
    ]
    return [(len(group), group.sum(axis=0), group.T @ group) for group in groups]


def _half_moments(
    parts: list[tuple[int, np.ndarray, np.ndarray]], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    chosen = [parts[index] for index in rng.permutation(len(parts))[: max(2, len(parts) // 2)]]
    count = sum(part[0] for part in chosen)
    mean = sum(part[1] for part in chosen) / count
    products = sum(part[2] for part in chosen) - count * np.outer(mean, mean)
    return mean, products / max(count - 1, 1)
