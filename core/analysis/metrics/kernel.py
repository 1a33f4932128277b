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
from dataclasses import dataclass

import numpy as np

from core.analysis.metrics.measure import (
    Metric,
    Parameters,
    Sample,
    check_pair,
    distance_interval,
)
from core.analysis.vectors.neighbors import unit

SUBSETS, SUBSET = 100, 1000  # KID's defaults in the paper and in torch-fidelity
LIMIT = 5000  # images a side for the Gaussian kernels; above, a seeded sample
CMMD_SIGMA, CMMD_SCALE = 10.0, 1000.0
SPREAD_LIMIT = 2000  # images a side that the width of KID's interval is estimated from
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

    known = _mmd(_drawn(real, SPREAD_LIMIT, seed), _drawn(synthetic, SPREAD_LIMIT, seed), cubic)
    if min(n, m) <= size:
        whole = known if max(n, m) <= SPREAD_LIMIT else _mmd(real, synthetic, cubic)
        interval = known.interval(whole.unbiased, n, m)
        return sample.measured("kid", whole.unbiased, interval, {"subsets": 1})
    # The reference's generator and order of draws, so that the same seed gives the same number.
    generator = np.random.RandomState(seed)
    values = np.empty(subsets)
    for index in range(subsets):
        x = real[generator.choice(n, size, replace=False)]
        y = synthetic[generator.choice(m, size, replace=False)]
        values[index] = _unbiased(cubic(x @ x.T), cubic(y @ y.T), cubic(x @ y.T))
    value = float(values.mean())
    interval = known.interval(value, n, m, also=float(values.var(ddof=1)) / subsets)
    return sample.measured("kid", value, interval, {"subsets": subsets, "size": size})


def gaussian_mmds(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    seed: int = 0,
    limit: int = LIMIT,
    sigma: float | None = None,
    sizes: tuple[int, int] | None = None,
) -> dict[str, Metric]:
    """``cmmd`` and ``mmd`` of ``real`` (n, d) and ``synthetic`` (m, d), from one pass over the dot
    products.

    More than ``limit`` images on a side are sampled by ``seed``. ``sigma`` fixes the bandwidth of
    ``mmd`` (so that the baseline uses the same as the value); by default it is
    :func:`median_distance` of the real images. ``sizes``: the numbers of images that ``cmmd`` shall
    hold for, where not these: its bias, which falls with them, is known exactly.
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

    wide = _mmd(x, y, gaussian(CMMD_SIGMA))
    bias = wide.bias(*(sizes or (len(x), len(y))))
    low, high = (CMMD_SCALE * max(end + bias, 0.0) for end in wide.interval(wide.unbiased))
    known = {**images, "sigma": CMMD_SIGMA, "scale": CMMD_SCALE}
    cmmd = sample.measured("cmmd", CMMD_SCALE * (wide.unbiased + bias), (low, high), known)
    if sigma == 0:
        why = "The real images' vectors are all the same: no bandwidth."
        return {"cmmd": cmmd, "mmd": sample.not_measured("mmd", why, images)}
    own = _mmd(x, y, gaussian(sigma))
    interval = own.interval(own.unbiased)
    known = {**images, "sigma": round(sigma, 6)}
    return {"cmmd": cmmd, "mmd": sample.measured("mmd", own.unbiased, interval, known)}


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


@dataclass(frozen=True)
class _Within:
    """The kernel among ``n`` images of one side: the ``mean`` of all pairs, each image's mean with
    the others ``of`` (n,), the ``diagonal``'s mean, and the variance ``pairs`` that is left when
    both images' means are taken off.
    """

    n: int
    mean: float
    of: np.ndarray
    diagonal: float
    pairs: float


@dataclass(frozen=True)
class _Mmd:
    """MMD² of two sides in parts, from which value and variance follow.

    ``x`` and ``y``: within the sides. ``mean``: across them. ``single_x`` and ``single_y``:
    variance of what one image of that side alone contributes. ``pairs``: what is left across.
    """

    x: _Within
    y: _Within
    mean: float
    single_x: float
    single_y: float
    pairs: float

    @property
    def unbiased(self) -> float:
        """The U-statistic."""
        return self.x.mean + self.y.mean - 2 * self.mean

    def bias(self, n: int, m: int) -> float:
        """How much larger the V-statistic of ``n`` and ``m`` images is, for it holds each image's
        kernel with itself.
        """
        return (self.x.diagonal - self.x.mean) / n + (self.y.diagonal - self.y.mean) / m

    def interval(
        self, value: float, n: int | None = None, m: int | None = None, also: float = 0.0
    ) -> tuple[float, float]:
        """95 % interval of MMD² around an unbiased ``value`` of ``n`` and ``m`` images (as many as
        there are); ``also`` is variance that the value has beside theirs.

        The variance of a U-statistic has a part of first order and one of second (Hoeffding 1948;
        Sutherland et al. 2017 for MMD).
        """
        n, m = n or self.x.n, m or self.y.n
        first = 4 * self.single_x / n + 4 * self.single_y / m
        second = (
            2 * self.x.pairs / (n * (n - 1))
            + 2 * self.y.pairs / (m * (m - 1))
            + 4 * self.pairs / (n * m)
            + also
        )
        return distance_interval(value, first, second)


def _mmd(x: np.ndarray, y: np.ndarray, kernel: Kernel) -> _Mmd:
    """MMD² of ``x`` (n, d) and ``y`` (m, d) in parts, from one pass over each kernel matrix."""
    n, m = len(x), len(y)
    within_x, within_y = _within(x, kernel), _within(y, kernel)
    rows, columns, squares = np.zeros(n), np.zeros(m), 0.0
    for start in range(0, n, BLOCK):
        values = kernel((x[start : start + BLOCK] @ y.T).astype(np.float64))
        rows[start : start + BLOCK] = values.mean(axis=1)
        columns += values.sum(axis=0) / n
        squares += float(np.vdot(values, values))
    mean = float(rows.mean())
    # mean squares of row and column means hold a share of what belongs to pairs
    pairs = squares / (n * m) - float((rows**2).mean() + (columns**2).mean()) + mean**2
    pairs = max(0.0, pairs) / (1 - 1 / n - 1 / m)
    singles = [
        max(0.0, float((side.of - across).var(ddof=1)) - side.pairs / (side.n - 1) - pairs / others)
        for side, across, others in ((within_x, rows, m), (within_y, columns, n))
    ]
    return _Mmd(within_x, within_y, mean, singles[0], singles[1], pairs)


def _within(x: np.ndarray, kernel: Kernel) -> _Within:
    n = len(x)
    of, diagonal, squares = np.zeros(n), 0.0, 0.0
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        values = kernel((x[rows] @ x.T).astype(np.float64))
        same = np.diagonal(values[:, start:])
        of[rows] = (values.sum(axis=1) - same) / (n - 1)
        diagonal += float(same.sum()) / n
        squares += float(np.vdot(values, values) - same @ same)
    mean = float(of.mean())
    pairs = squares / (n * (n - 1)) - 2 * float((of**2).mean()) + mean**2
    return _Within(n, mean, of, diagonal, max(0.0, pairs) / (1 - 2 / (n - 1)))


def _drawn(vectors: np.ndarray, limit: int, seed: int) -> np.ndarray:
    if len(vectors) <= limit:
        return vectors
    return vectors[np.sort(np.random.default_rng(seed).choice(len(vectors), limit, replace=False))]
