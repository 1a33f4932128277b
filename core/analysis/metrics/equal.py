"""Precision, recall, density and coverage at equal numbers of images on both sides.

A version of 200 images beside 10,000 real ones is near few of them, however good it is, because
balls around 10,000 images are small. So both sides get as many images as the smaller has; the
larger is drawn from several times and the number is the mean over the draws.
"""

from __future__ import annotations

import numpy as np

from core.analysis.metrics import balls
from core.analysis.metrics.manifold import Memberships, memberships
from core.analysis.metrics.measure import Metric, Parameters, Sample, check_pair

NAMES = balls.NAMES[:4]
MOST_DRAWS = 4  # of the larger side
ONCE = 5000  # from so many images on, one draw: another changes nothing that can be seen


def equal_metrics(
    real: np.ndarray,
    synthetic: np.ndarray,
    *,
    k: int = 5,
    seed: int = 0,
    found: Memberships | None = None,
    spread: balls.Spread | None = None,
) -> dict[str, Metric]:
    """The four numbers of ``real`` (n, d) and ``synthetic`` (m, d) at min(n, m) images a side.

    With n = m they are those of :func:`core.analysis.metrics.manifold.manifold_metrics`, whose
    memberships may be given as ``found``, and the variances as ``spread``. Fewer than k + 1
    images on a side: no values, and a note.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    n, m = sample.n_real, sample.n_synthetic
    size = min(n, m)
    why = sample.too_few(k + 1)
    parameters: Parameters = {"k": k}
    if why:
        return {name: sample.not_measured(name, why, parameters) for name in NAMES}
    draws, values = 1, np.zeros(len(NAMES))
    if n == m:
        values = _numbers(found or memberships(real, synthetic, k=k))
    else:
        draws = 1 if size > ONCE else min(MOST_DRAWS, max(2, round(max(n, m) / size)))
        rng = np.random.default_rng(seed)
        for _ in range(draws):
            sides = (
                side if len(side) == size else side[np.sort(rng.permutation(len(side))[:size])]
                for side in (real, synthetic)
            )
            values += _numbers(memberships(*sides, k=k)) / draws
        parameters = {"k": k, "images": size, "draws": draws}
    spread = spread or balls.ball_spread(real, synthetic, k=k, seed=seed)
    # the larger side is seen several times
    effective = (1 / (1 / side + (1 / size - 1 / side) / draws) for side in (n, m))
    variances = spread.variances(*effective)
    return {
        name: sample.measured(
            name,
            float(value),
            balls.interval(name, float(value), float(variance), size),
            parameters,
        )
        for name, value, variance in zip(NAMES, values, variances[: len(NAMES)], strict=True)
    }


def _numbers(found: Memberships) -> np.ndarray:
    """The four numbers (4,) in the order of :data:`NAMES`."""
    return np.array(
        [
            (found.inside > 0).mean(),
            found.recalled.mean(),
            found.inside.mean() / found.k,
            found.covered.mean(),
        ]
    )
