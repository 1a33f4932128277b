"""How much the numbers from nearest neighbours vary from sample to sample, and the intervals that
follow.

Other images move the balls too, so judging the same balls with other images (a bootstrap of the
mean) says too little: it held the truth as seldom as 76 times of 100 where 95 % was said. Here,
subsamples of each side stand in for other samples (Politis and Romano 1994): every one of 24 real
subsamples is measured against every one of 24 synthetic ones, and an analysis of variance tells
what comes of either side and of both together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from core.analysis.metrics.measure import QUANTILES, Z

NAMES = ("precision", "recall", "density", "coverage", "authenticity", "near_copies")
# nearer to a real image than this share of that image's distance to its nearest real neighbour
NEAR_COPY = 0.5
POOL = 1500  # images of each side that variances are estimated from
SUBSAMPLES = 24  # of each side
SHARE = 4  # a subsample is one image in four,
LEAST = 50  # but so many at least, or half of the side: smaller ones vary in another way


@dataclass(frozen=True)
class Spread:
    """Variances (6,) of :data:`NAMES` for samples of one image a side: what ``real`` images,
    ``synthetic`` images and ``both`` together bring; over samples of s, a share 1 / s of it.
    """

    real: np.ndarray
    synthetic: np.ndarray
    both: np.ndarray

    def variances(self, real: float, synthetic: float) -> np.ndarray:
        """Variance (6,) of the numbers of so many images; not whole where images are seen in part
        of the draws.
        """
        return self.real / real + self.synthetic / synthetic + self.both / min(real, synthetic)


def ball_spread(real: np.ndarray, synthetic: np.ndarray, *, k: int = 5, seed: int = 0) -> Spread:
    """What samples of ``real`` (n, d) and ``synthetic`` (m, d) bring to the numbers' variance.

    From up to :data:`POOL` images of each side: subsamples without replacement, crossed. Both
    need more than ``k`` images.
    """
    rng = np.random.default_rng(seed)
    x, y = (
        side if len(side) <= POOL else side[np.sort(rng.permutation(len(side))[:POOL])]
        for side in (real, synthetic)
    )
    smaller = min(len(x), len(y))
    size = min(max(smaller // SHARE, min(smaller // 2, LEAST)), smaller)
    size = max(size, k + 1)
    middle = x.mean(axis=0, dtype=np.float64)
    x, y = (np.subtract(side, middle, dtype=np.float32) for side in (x, y))
    chosen_x, chosen_y = (
        [np.sort(rng.permutation(len(side))[:size]) for _ in range(SUBSAMPLES)] for side in (x, y)
    )
    cells = _cells(x, y, chosen_x, chosen_y, k)
    rows, columns = cells.mean(axis=2), cells.mean(axis=1)
    grand = cells.mean(axis=(1, 2))
    left = cells - rows[:, :, None] - columns[:, None, :] + grand[:, None, None]
    both = (left**2).sum(axis=(1, 2)) / (SUBSAMPLES - 1) ** 2
    # Subsamples of one pool share images: of the variance, 1 - b/n is left between them.
    fresh_x, fresh_y = (max(1 - size / len(side), 1 / SHARE) for side in (x, y))
    return Spread(
        size * np.maximum(rows.var(axis=1, ddof=1) - both / SUBSAMPLES, 0) / fresh_x,
        size * np.maximum(columns.var(axis=1, ddof=1) - both / SUBSAMPLES, 0) / fresh_y,
        size * both / (fresh_x * fresh_y),
    )


def interval(name: str, value: float, variance: float, size: int) -> tuple[float, float]:
    """95 % interval of the number ``name`` of ``size`` judged images with this variance: Wilson's
    for a share, as if of as many images as would give that variance; on a logarithmic scale for a
    density.
    """
    if name == "density":
        factor = math.exp(Z * math.sqrt(variance) / value) if value else 1.0
        return value / factor, value * factor
    rest = value * (1 - value)
    if rest <= 0:
        bound = 1 - QUANTILES[0] ** (1 / size)  # Clopper and Pearson: none of so many
        return max(0.0, value - bound), min(1.0, value + bound)
    if name == "near_copies" or variance <= 0:  # too rare for subsamples to hold any
        variance = max(variance, rest / size)
    images = rest / variance
    middle = (value + Z**2 / (2 * images)) / (1 + Z**2 / images)
    around = Z / (1 + Z**2 / images) * math.sqrt(variance + Z**2 / (4 * images**2))
    return max(0.0, middle - around), min(1.0, middle + around)


def _cells(
    x: np.ndarray,
    y: np.ndarray,
    chosen_x: list[np.ndarray],
    chosen_y: list[np.ndarray],
    k: int,
) -> np.ndarray:
    """The numbers (6, subsamples of x, subsamples of y) of each pair of subsamples."""
    across = _squares(x, y)
    within_x, within_y = _squares(x, x), _squares(y, y)
    size = len(chosen_x[0])
    picked_x, picked_y = (np.zeros((len(side), SUBSAMPLES), np.float32) for side in (x, y))
    for place, (rows, columns) in enumerate(zip(chosen_x, chosen_y, strict=True)):
        picked_x[rows, place] = picked_y[columns, place] = 1
    cells = np.zeros((len(NAMES), SUBSAMPLES, SUBSAMPLES))
    for place, (rows, columns) in enumerate(zip(chosen_x, chosen_y, strict=True)):
        in_real = across[rows] < _radii(within_x, rows, k)[:, None]
        inside = in_real.sum(axis=0)
        cells[0, place] = (inside > 0) @ picked_y / size
        cells[2, place] = inside @ picked_y / (k * size)
        cells[3, place] = (in_real.astype(np.float32) @ picked_y > 0).mean(axis=0)
        in_synthetic = across[:, columns] < _radii(within_y, columns, k)
        cells[1, :, place] = in_synthetic.any(axis=1) @ picked_x / size
        spacing = _radii(within_x, rows, 1)[across[rows].argmin(axis=0)]
        nearest = across[rows].min(axis=0)
        cells[4, place] = (nearest > spacing) @ picked_y / size
        cells[5, place] = (nearest <= NEAR_COPY**2 * spacing) @ picked_y / size
    return cells


def _squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    lengths = [np.einsum("ij,ij->i", side, side) for side in (x, y)]
    return np.maximum(lengths[0][:, None] + lengths[1] - 2 * (x @ y.T), 0)


def _radii(within: np.ndarray, rows: np.ndarray, k: int) -> np.ndarray:
    """Squared distance (b,) of each of ``rows`` to its k-th nearest other one."""
    squares = within[np.ix_(rows, rows)]
    np.fill_diagonal(squares, -1.0)  # itself comes first
    return np.partition(squares, k, axis=1)[:, k]
