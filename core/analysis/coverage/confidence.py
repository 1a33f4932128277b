"""How sure a number is: intervals for shares, and q-values for a ranking."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from core.analysis.types import Floats

Z = float(special.ndtri(0.975))  # the normal quantile of a two-sided 95 % interval


def wilson(count: float, total: int) -> tuple[float, float]:
    """The 95 % interval of a share ``count`` / ``total`` (Wilson 1927, as Newcombe 1998 writes it);
    (0, 1) where nothing was counted. ``count`` need not be whole: a mean over repeated looks at the
    same ``total`` things counts each of them once.
    """
    if total <= 0:
        return 0.0, 1.0
    share, denominator = count / total, 2 * (total + Z**2)
    centre = (2 * total * share + Z**2) / denominator
    half = Z / denominator * math.sqrt(4 * total * share * (1 - share) + Z**2)
    return (
        0.0 if count == 0 else float(centre - half),
        1.0 if count == total else float(centre + half),
    )


def q_values(scores: np.ndarray, null: np.ndarray) -> Floats:
    """Expected share of false alarms, (n,), if the ranking by ``scores`` (n,) were cut at each
    image.

    ``null`` (m,) are scores of images of which it is known that they are covered: one half of the
    real images against the other half. Each image's p-value is the share of null scores at least as
    large (one added to both counts, so it is never 0); the q-values are their Benjamini–Hochberg
    adjusted values (1995), which hold for scores that depend positively on each other, as
    neighbours' scores do. The null knows nothing of the domain shift: where that moves covered
    images too, the q-values are too small, and the self-test says more.
    """
    above = len(null) - np.searchsorted(np.sort(null), scores, side="left")
    return stats.false_discovery_control((1 + above) / (1 + len(null))).astype(np.float32)
