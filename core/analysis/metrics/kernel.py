"""Kernel distances between two sets of vectors: KID, CMMD and an MMD whose bandwidth follows the
data.

All are the squared maximum mean discrepancy (Gretton et al. 2012), MMD² = E k(x, x') + E k(y, y') -
2 E k(x, y):

* **KID** (Bińkowski et al. 2018): k = (x·y/d + 1)³, unbiased, mean over random subsets, as
  torch-fidelity.
* **CMMD** (Jayasumana et al. 2024): Gaussian with σ = 10 on vectors of length 1, biased, times
  1000. Comparable with published numbers only on CLIP ViT-L/14-336 features.
* **MMD**: Gaussian whose σ is the median distance between real images, on vectors of length 1,
  unbiased.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.analysis.metrics.measure import (
    Metric,
    Parameters,
    Sample,
    check_pair,
    half_sample_interval,
)
from core.analysis.vectors.neighbors import unit

SUBSETS, SUBSET = 100, 1000  # KID's defaults in the paper and in torch-fidelity
LIMIT = 5000  # images a side for the Gaussian kernels; above, a seeded sample
CMMD_SIGMA, CMMD_SCALE = 10.0, 1000.0
HALVES = 64
LEAST = 10
BLOCK = 1024

Kernel = Callable[[np.ndarray], np.ndarray]  # dot products → kernel values


def kid(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    seed: int = 0,
    subsets: int = SUBSETS,
    size: int = SUBSET,
) -> Metric:
    """Kernel Inception Distance on the given vectors ``real`` (n, d) and ``synthetic`` (m, d).

    With more than ``size`` images on both sides: the mean over ``subsets`` random subsets of
    ``size`` of each, drawn as torch-fidelity draws them with ``rng_seed=seed``. Otherwise the
    U-statistic of all images, which is what the mean over subsets estimates (torch-fidelity refuses
    there). Unbiased: two samples of one source give about 0, also below 0.
    """
    check_pair(real, synthetic)
    n, m, d = len(real), len(synthetic), real.shape[1]
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(LEAST)
    if why:
        return sample.not_measured("kid", why)

    def cubic(dots: np.ndarray) -> np.ndarray:
        return (dots / d + 1) ** 3

    if min(n, m) <= size:
        value, halves = _mmd(real, synthetic, [cubic], biased=False, seed=seed)[0]
        return sample.measured("kid", value, half_sample_interval(value, halves), {"subsets": 1})
    # The reference's generator and order of draws, so that the same seed gives the same number.
    generator = np.random.RandomState(seed)
    values = np.empty(subsets)
    for index in range(subsets):
        x = real[generator.choice(n, size, replace=False)]
        y = synthetic[generator.choice(m, size, replace=False)]
        values[index] = _unbiased(cubic(x @ x.T), cubic(y @ y.T), cubic(x @ y.T))
    value = float(values.mean())
    # Subsets of b out of N vary (N - b) / b times as much as the whole; their mean has an error of
    # its own.
    smaller = min(n, m)
    scale = float(np.sqrt(size / (smaller - size) + 1 / subsets)) if smaller > 2 * size else 1.0
    interval = half_sample_interval(value, values, scale=scale)
    return sample.measured("kid", value, interval, {"subsets": subsets, "size": size})


def gaussian_mmds(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    seed: int = 0,
    limit: int = LIMIT,
    sigma: float | None = None,
) -> dict[str, Metric]:
    """``cmmd`` and ``mmd`` of ``real`` (n, d) and ``synthetic`` (m, d), from one pass over the dot
    products.

    More than ``limit`` images on a side are sampled by ``seed``. ``sigma`` fixes the bandwidth of
    ``mmd`` (so that the baseline uses the same as the value); by default it is
    :func:`median_distance` of the real images.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(LEAST)
    if why:
        return {name: sample.not_measured(name, why) for name in ("cmmd", "mmd")}
    sigma = median_distance(real, seed=seed) if sigma is None else sigma
    x, y = (
        unit(vectors, pairwise=True)
        for vectors in (_drawn(real, limit, seed), _drawn(synthetic, limit, seed + 1))
    )
    images: Parameters = {"images": [len(x), len(y)]}

    def gaussian(width: float) -> Kernel:
        return lambda dots: np.exp((np.minimum(dots, 1.0) - 1.0) / width**2)  # |x - y|² = 2 - 2 x·y

    ((biased, biased_halves),) = _mmd(x, y, [gaussian(CMMD_SIGMA)], biased=True, seed=seed)
    value = CMMD_SCALE * biased
    interval = half_sample_interval(value, CMMD_SCALE * biased_halves, least=0.0)
    wide = {**images, "sigma": CMMD_SIGMA, "scale": CMMD_SCALE}
    cmmd = sample.measured("cmmd", value, interval, wide)
    if sigma == 0:
        why = "The real images' vectors are all the same: no bandwidth."
        return {"cmmd": cmmd, "mmd": sample.not_measured("mmd", why, images)}
    ((value, halves),) = _mmd(x, y, [gaussian(sigma)], biased=False, seed=seed)
    own = {**images, "sigma": round(sigma, 6)}
    mmd = sample.measured("mmd", value, half_sample_interval(value, halves), own)
    return {"cmmd": cmmd, "mmd": mmd}


def median_distance(vectors: np.ndarray, *, seed: int = 0, limit: int = 1000) -> float:
    """Median Euclidean distance between vectors (n, d) scaled to length 1, from at most ``limit``
    of them.
    """
    directions = unit(_drawn(vectors, limit, seed), pairwise=True)
    if len(directions) < 2:
        return 0.0
    above = np.triu_indices(len(directions), 1)
    cosine = np.median((directions @ directions.T)[above])
    return float(np.sqrt(np.maximum(2 - 2 * cosine, 0)))


def _unbiased(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> float:
    """U-statistic of MMD² from three kernel matrices."""
    n, m = len(xx), len(yy)
    within_x = (xx.sum(dtype=np.float64) - np.trace(xx, dtype=np.float64)) / (n * (n - 1))
    within_y = (yy.sum(dtype=np.float64) - np.trace(yy, dtype=np.float64)) / (m * (m - 1))
    return float(within_x + within_y - 2 * xy.mean(dtype=np.float64))


def _mmd(
    x: np.ndarray, y: np.ndarray, kernels: list[Kernel], *, biased: bool, seed: int
) -> list[tuple[float, np.ndarray]]:
    """For each kernel: MMD² of all rows, and of :data:`HALVES` random halves, (HALVES,).

    A half is a column of zeros and ones, u; its kernel sum is uᵀKu, so all halves come from one
    pass over K.
    """
    rng = np.random.default_rng(seed)
    pick_x, pick_y = _choices(len(x), rng), _choices(len(y), rng)
    found = []
    for kernel in kernels:
        xx, xx_self = _sums(x, x, pick_x, pick_x, kernel, same=True)
        yy, yy_self = _sums(y, y, pick_y, pick_y, kernel, same=True)
        xy, _ = _sums(x, y, pick_x, pick_y, kernel, same=False)
        n, m = pick_x.sum(axis=0), pick_y.sum(axis=0)
        if biased:
            values = xx / n**2 + yy / m**2 - 2 * xy / (n * m)
        else:
            values = (
                (xx - xx_self) / (n * (n - 1)) + (yy - yy_self) / (m * (m - 1)) - 2 * xy / (n * m)
            )
        found.append((float(values[0]), values[1:]))
    return found


def _choices(n: int, rng: np.random.Generator) -> np.ndarray:
    """Zeros and ones (n, 1 + HALVES): everything first, then random halves."""
    picked = np.zeros((n, 1 + HALVES))
    picked[:, 0] = 1
    for column in range(1, 1 + HALVES):
        picked[rng.permutation(n)[: n // 2], column] = 1
    return picked


def _sums(
    x: np.ndarray,
    y: np.ndarray,
    pick_x: np.ndarray,
    pick_y: np.ndarray,
    kernel: Kernel,
    *,
    same: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """uᵀKv for each pair of columns of ``pick_x`` and ``pick_y``, and the diagonal's part where x
    is y.
    """
    total, diagonal = np.zeros(pick_x.shape[1]), np.zeros(pick_x.shape[1])
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        values = kernel((x[rows] @ y.T).astype(np.float64))
        total += np.einsum("ij,ij->j", pick_x[rows], values @ pick_y)
        if same:
            diagonal += np.diagonal(values[:, start : start + len(values)]) @ pick_x[rows]
    return total, diagonal


def _drawn(vectors: np.ndarray, limit: int, seed: int) -> np.ndarray:
    if len(vectors) <= limit:
        return vectors
    return vectors[np.sort(np.random.default_rng(seed).choice(len(vectors), limit, replace=False))]
