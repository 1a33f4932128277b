"""Precision, recall, density, coverage, authenticity and near copies: numbers from nearest
neighbours.

Each image carries a ball that reaches its k-th nearest neighbour on its own side. A synthetic image
inside a real image's ball looks like something real (precision, density); a real image inside a
synthetic image's ball can be produced (recall); a real image whose own ball holds a synthetic image
is covered (coverage). Formulae: Kynkäänniemi et al. 2019 (precision, recall), Naeem et al. 2020
(density, coverage), as in the PyPI package ``prdc``: Euclidean distances, strictly smaller.
Authenticity: Alaa et al. 2022.

Everything comes from three passes over blocks of distances, so memory does not grow with n × m, and
one pass over real × synthetic serves all six numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.metrics import balls
from core.analysis.metrics.balls import NAMES, NEAR_COPY
from core.analysis.metrics.measure import Metric, Sample, check_pair

ROWS, COLUMNS = 2048, 8192  # images in a block of distances: 64 MiB


@dataclass(frozen=True)
class Memberships:
    """Who lies in whose ball, for n real and m synthetic images.

    ``inside`` (m,) int: real balls that hold the synthetic image; ``recalled`` (n,) bool: some
    synthetic ball holds the real image; ``covered`` (n,) bool: the real image's ball holds a
    synthetic image; ``nearest`` (m,) int: each synthetic image's nearest real image; ``distance``
    (m,): Euclidean, to it; ``spacing`` (n,): each real image's distance to its nearest real
    neighbour.
    """

    k: int
    inside: np.ndarray
    recalled: np.ndarray
    covered: np.ndarray
    nearest: np.ndarray
    distance: np.ndarray
    spacing: np.ndarray


def memberships(real: np.ndarray, synthetic: np.ndarray, *, k: int = 5) -> Memberships:
    """Find who lies in whose ball. ``real`` (n, d), ``synthetic`` (m, d), both with more than ``k``
    rows.

    Exact up to float32: vectors are centred on the real mean first, and distances below a
    thousandth of the typical vector length (what float32 can resolve) count as zero. Peak memory:
    two float32 copies of the vectors and about 300 MiB. Raises ValueError for k + 1 > n or m.
    """
    n, m = len(real), len(synthetic)
    if min(n, m) <= k:
        raise ValueError(
            f"k = {k} neighbours need more than {k} images on each side, not {n} and {m}"
        )
    middle = _mean(real)
    real, synthetic = _centred(real, middle), _centred(synthetic, middle)
    lengths_real, lengths_synthetic = _square_lengths(real), _square_lengths(synthetic)
    resolution = 1e-6 * float(np.median(np.concatenate([lengths_real, lengths_synthetic])))
    near_real = _nearest_squares(real, lengths_real, k, resolution)
    radius_real = near_real.max(axis=1)
    radius_synthetic = _nearest_squares(synthetic, lengths_synthetic, k, resolution).max(axis=1)

    inside = np.zeros(m, np.int64)
    nearest = np.zeros(m, np.int64)
    distance = np.full(m, np.inf, np.float32)
    recalled, covered = np.zeros(n, bool), np.zeros(n, bool)
    for rows in _blocks(m, ROWS):
        for columns in _blocks(n, COLUMNS):
            squares = _squares(
                synthetic[rows],
                real[columns],
                lengths_synthetic[rows],
                lengths_real[columns],
                resolution,
            )
            in_real = squares < radius_real[columns]
            inside[rows] += np.count_nonzero(in_real, axis=1)
            covered[columns] |= in_real.any(axis=0)
            recalled[columns] |= np.less(squares, radius_synthetic[rows, None], out=in_real).any(
                axis=0
            )
            best = squares.argmin(axis=1)
            found = squares[np.arange(len(best)), best]
            closer = found < distance[rows]
            nearest[rows] = np.where(closer, best + columns.start, nearest[rows])
            distance[rows] = np.where(closer, found, distance[rows])
    return Memberships(
        k, inside, recalled, covered, nearest, np.sqrt(distance), np.sqrt(near_real.min(axis=1))
    )


def manifold_metrics(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    k: int = 5,
    seed: int = 0,
    found: Memberships | None = None,
    spread: balls.Spread | None = None,
) -> dict[str, Metric]:
    """The six numbers (:data:`NAMES`) of all of ``real`` (n, d) and ``synthetic`` (m, d), with
    intervals.

    ``found`` gives memberships that are known already, ``spread`` the variances. Fewer than k + 1
    images on a side: no values, and a note.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    why = sample.too_few(k + 1)
    if why:
        return {name: sample.not_measured(name, why, {"k": k}) for name in NAMES}
    found = found or memberships(real, synthetic, k=k)
    spread = spread or balls.ball_spread(real, synthetic, k=k, seed=seed)
    variances = dict(zip(NAMES, spread.variances(len(real), len(synthetic)), strict=True))
    judged: dict[str, np.ndarray] = {
        "precision": found.inside > 0,
        "recall": found.recalled,
        "density": found.inside / k,
        "coverage": found.covered,
        "authenticity": found.distance > found.spacing[found.nearest],
        "near_copies": near_copies(found),
    }
    flat = not found.distance.any() and not found.spacing.any()
    note = (
        "All vectors are the same: the images are constant, or the encoder sees no difference."
        if flat
        else ""
    )
    return {
        name: sample.measured(
            name,
            float(values.mean()),
            balls.interval(name, float(values.mean()), float(variances[name]), len(values)),
            {"k": k, "ratio": NEAR_COPY} if name == "near_copies" else {"k": k},
            note,
        )
        for name, values in judged.items()
    }


def near_copies(found: Memberships) -> np.ndarray:
    """Which synthetic images (m,) bool are all but copies of a real image: their distance to it is
    at most half of its distance to its nearest real neighbour. ``found.nearest`` says of which.
    """
    return found.distance <= NEAR_COPY * found.spacing[found.nearest]


def _blocks(n: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]


def _mean(vectors: np.ndarray) -> np.ndarray:
    return vectors.mean(axis=0, dtype=np.float64).astype(np.float32)


def _centred(vectors: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Float32 copy with ``middle`` taken off: distances stay, and float32 loses less in |a|² + |b|²
    - 2ab.
    """
    return np.subtract(vectors, middle, dtype=np.float32)


def _square_lengths(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", vectors, vectors)


def _squares(
    rows: np.ndarray,
    columns: np.ndarray,
    row_lengths: np.ndarray,
    column_lengths: np.ndarray,
    resolution: float,
) -> np.ndarray:
    """Squared distances (rows, columns) of two blocks."""
    squares = rows @ columns.T
    squares *= -2
    squares += row_lengths[:, None]
    squares += column_lengths
    squares *= squares > resolution
    return squares


def _nearest_squares(
    vectors: np.ndarray, lengths: np.ndarray, k: int, resolution: float
) -> np.ndarray:
    """The k smallest squared distances (n, k), in no order, of each row to the other rows.

    Each pair of blocks is computed once and used from both sides.
    """
    n = len(vectors)
    best = np.full((n, k), np.inf, np.float32)
    blocks = _blocks(n, ROWS * 2)
    for i, rows in enumerate(blocks):
        for columns in blocks[i:]:
            squares = _squares(
                vectors[rows], vectors[columns], lengths[rows], lengths[columns], resolution
            )
            if columns is rows:
                np.fill_diagonal(squares, np.inf)
            else:
                best[columns] = _smallest(np.ascontiguousarray(squares.T), best[columns], k)
            best[rows] = _smallest(squares, best[rows], k)
    return best


def _smallest(squares: np.ndarray, best: np.ndarray, k: int) -> np.ndarray:
    """The k smallest of each row of ``squares`` and ``best`` together; ``squares`` is put into
    another order.
    """
    if squares.shape[1] > k:
        squares.partition(k - 1, axis=1)
        squares = squares[:, :k]
    together = np.concatenate([best, squares], axis=1)
    together.partition(k - 1, axis=1)
    return together[:, :k]
