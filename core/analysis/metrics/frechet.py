"""Fréchet distance between two sets of vectors: how far apart two Gaussians fitted to them are.

FD = |μ₁ - μ₂|² + tr Σ₁ + tr Σ₂ - 2 tr (Σ₁Σ₂)^½   (Dowson and Landau 1982; on Inception features it
is called FID, Heusel et al. 2017). Covariances are divided by n - 1, as torch-fidelity and
clean-fid do. The trace of the root comes from a symmetric problem, tr (Σ₁Σ₂)^½ = Σ √λ(FΣ₂Fᵀ) with
Σ₁ = FᵀF, instead of a matrix root: F is the Cholesky factor where Σ₁ has full rank, the scaled
vectors themselves where there are fewer images than dimensions, and otherwise comes from its
eigenvectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg
from sklearn.utils.extmath import randomized_svd

from core.analysis.metrics.measure import (
    Metric,
    Sample,
    Z,
    check_pair,
    distance_interval,
    one_thread,
)

LEAST = 10  # images on each side: below, the number says nothing
PARTS = 64  # groups of images that random halves and quarters are put together from
DRAWS = 64  # random halves, and as many quarters
SPREAD_DIMENSIONS = 128  # leading directions in which the interval is estimated
INFINITE_DIMENSIONS = 32  # leading directions of the real images that are extrapolated in
# Images on each side from which halves have more images than directions, so that the bias falls as
# one over the number of images and can be extrapolated.
INFINITE_LEAST = 100


def frechet_distance(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> Metric:
    """Fréchet distance of ``real`` (n, d) and ``synthetic`` (m, d), in squared units of the
    vectors.

    The number of the references: it holds a bias that grows as images get fewer, so versions of
    different size compare by :func:`frechet_infinity` only; the note says so. Its interval is for
    this number of images, from random halves and quarters of both sides, in the 128 leading
    directions (the trailing ones add a constant, not spread). Fewer than 10 images on a side: no
    value.
    """
    check_pair(real, synthetic)
    n, m, d = len(real), len(synthetic), real.shape[1]
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(LEAST)
    if why:
        return sample.not_measured("frechet_distance", why)
    note = "Falls with the number of images: compare versions of different size by FD∞."
    if min(n, m) < d:
        note = (
            f"Fewer images ({n} real, {m} synthetic) than dimensions ({d}): the value is mostly "
            f"sampling bias. {note}"
        )
    value = frechet(real, synthetic)
    middle = real.mean(axis=0, dtype=np.float64).astype(real.dtype)
    directions = _leading_directions([real, synthetic], middle, SPREAD_DIMENSIONS)
    x, y = ((side - middle) @ directions for side in (real, synthetic))
    level = _infinite(x, y, seed)
    low, high = (max(0.0, value - level.value + end) for end in level.interval())
    return sample.measured("frechet_distance", value, (low, high), {"dimensions": d}, note)


def frechet_infinity(
    real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0, basis: np.ndarray | None = None
) -> Metric:
    """Fréchet distance of ``real`` (n, d) and ``synthetic`` (m, d) for infinitely many images (FD∞,
    Chong and Forsyth 2020): the same for versions of any size, about 0 for one source.

    What the distance falls by from halves of both sides to the whole is what it still has to fall
    (its bias goes with 1 / n). That holds only with more images than dimensions, so covariances are
    compared in the 32 leading directions of ``basis`` (by default the real images); in the others
    the means alone, without bias. Fewer than 100 images on a side: no value.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(INFINITE_LEAST)
    if why:
        return sample.not_measured("frechet_infinity", why)
    basis = real if basis is None else basis
    middle = basis.mean(axis=0, dtype=np.float64).astype(real.dtype)
    directions = _leading_directions([basis], middle, INFINITE_DIMENSIONS)
    x, y = ((side - middle).astype(np.float64) for side in (real, synthetic))
    reduced = x @ directions, y @ directions
    inside = _infinite(*reduced, seed)
    means = [side.mean(axis=0) for side in (x, y)]
    gap = means[0] - means[1]
    outside = float(gap @ gap - ((gap @ directions) ** 2).sum())
    left = [
        float(x_or_y.var(axis=0, ddof=1).sum() - part.var(axis=0, ddof=1).sum())
        for x_or_y, part in zip((x, y), reduced, strict=True)
    ]
    outside -= left[0] / len(x) + left[1] / len(y)
    low, high = (end + outside for end in inside.interval())
    parameters = {"dimensions": directions.shape[1]}
    return sample.measured("frechet_infinity", inside.value + outside, (low, high), parameters)


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


@dataclass(frozen=True)
class _Infinite:
    """The distance without the bias that goes with 1 / n, and the two parts of its variance."""

    value: float
    first: float
    second: float

    def interval(self) -> tuple[float, float]:
        """:func:`distance_interval`, and at least 1.96 deviations either way: the second part is
        too unsure, from so few draws, to stand alone where the distance is near zero.
        """
        low, high = distance_interval(self.value, self.first, self.second)
        reach = Z * math.sqrt(self.first + self.second)
        return min(low, self.value - reach), max(high, self.value + reach)


def _infinite(real: np.ndarray, synthetic: np.ndarray, seed: int) -> _Infinite:
    """From random halves and quarters of both sides.

    Of the variance, a part falls as 1 / n and one as 1 / n² (all of it where both sides have one
    source). Between halves of one sample the first is as large as between samples of n, the second
    three times; between quarters they are 3 and 15 times. Two sizes tell them apart.
    """
    rng = np.random.default_rng(seed)
    with one_thread():
        whole = distance_of_moments(*moments(real), *moments(synthetic))
        parts = [_part_sums(side, rng) for side in (real, synthetic)]
        halves, quarters = (
            np.array(
                [
                    distance_of_moments(
                        *(moment for side in parts for moment in _drawn_moments(side, rng, share))
                    )
                    for _ in range(DRAWS)
                ]
            )
            for share in (2, 4)
        )
    of_half, of_quarter = float(halves.var(ddof=1)), float(quarters.var(ddof=1))
    second = min(max((of_quarter - 3 * of_half) / 6, 0.0), of_half / 3)
    return _Infinite(2 * whole - float(halves.mean()), max(of_half - 3 * second, 0.0), second)


def _leading_directions(sides: list[np.ndarray], middle: np.ndarray, wanted: int) -> np.ndarray:
    """Orthonormal (d, r): the leading principal directions of up to 4096 images of each side,
    around ``middle``.
    """
    rows = [side[:: max(1, len(side) // 4096)][:4096] for side in sides]
    pooled = np.concatenate(rows).astype(np.float64) - middle
    if pooled.shape[1] <= wanted:
        return np.eye(pooled.shape[1])
    with one_thread():
        return randomized_svd(pooled, wanted, n_iter=2, random_state=0)[2].T


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


def _drawn_moments(
    parts: list[tuple[int, np.ndarray, np.ndarray]], rng: np.random.Generator, share: int
) -> tuple[np.ndarray, np.ndarray]:
    chosen = [parts[index] for index in rng.permutation(len(parts))[: max(2, len(parts) // share)]]
    count = sum(part[0] for part in chosen)
    mean = sum(part[1] for part in chosen) / count
    products = sum(part[2] for part in chosen) - count * np.outer(mean, mean)
    return mean, products / max(count - 1, 1)
