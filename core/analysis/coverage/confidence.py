"""How sure a share is."""

from __future__ import annotations

import math

from scipy import special

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
