"""How far the renderer's look is: measured in two ways, and told in one number.

A mere shift of all images alike moves no kinds apart (``look`` stays small), and where images lie
far apart for other reasons the ``shift`` may still be small: the nearer of what both say counts.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from core.analysis.vectors.alignment import Views
from core.analysis.vectors.neighbors import unit

PLAIN_SHIFT = 0.6  # the simplified views' shift in those of the plain ones
LOOK_IMAGES, LOOK_DRAWS = 60, 8  # images on each side that are looked for, and how often
LOOK_ASKED = 2000  # real images that look
LOOK_QUANTILE = 0.1  # of real images: those that are covered best, whatever is missing
# where a look is half near, and over what it goes from near to far: photographs and paintings have
# a shift of 0.08 to 0.17, photographs and cartoons of 0.18 to 0.31 (5 to 95 % of draws); a look
# below 0.7 was seen between any two halves of one set only
HALF_SHIFT, SHIFT_SPREAD = 0.17, 0.02
HALF_LOOK, LOOK_SPREAD = 0.8, 0.03


def nearness(look: float, shift: float) -> float:
    """How near the look is, 0 far to 1 near, from :func:`look_strength` and
    :func:`shift_strength`.
    """
    by_shift = special.expit((HALF_SHIFT - shift) / SHIFT_SPREAD)
    return float(max(by_shift, special.expit((HALF_LOOK - look) / LOOK_SPREAD)))


def shift_strength(real: Views, version: Views) -> float:
    """How far the renderer's look moves all images alike: the squared distance between the means of
    both sides in units of the variance within them, of the simplified views where there are. Two
    halves of one set have 0.01, photographs and paintings 0.10, photographs and cartoons 0.24,
    whatever is missing and however many there are.
    """
    if real.simplified is None or version.simplified is None:
        return PLAIN_SHIFT * _shift(real.plain, version.plain)
    return _shift(real.simplified, version.simplified)


def look_strength(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> float:
    """How far the renderer's look moves the images apart, what is moved for all alike taken out:
    how much farther the nearest of 60 synthetic images is than the nearest of 60 other real ones,
    at the best covered tenth of the real images.

    ``real`` (n, d), ``synthetic`` (m, d) in one domain-aligned space. Two halves of one set have
    0.6, photographs and paintings 1.06, photographs and cartoons 1.26, whatever is missing and
    however many there are (5 to 95 % of draws: ± 0.1).
    """
    one, other = unit(real), unit(synthetic)
    count = min(LOOK_IMAGES, len(one) // 2, len(other))
    if count < 1:
        return np.inf
    draw, ratios = np.random.default_rng(seed), []
    for _ in range(LOOK_DRAWS):
        order = draw.permutation(len(one))
        near, asked = one[order[:count]], one[order[count:]][:LOOK_ASKED]
        rendered = other[draw.choice(len(other), count, replace=False)]
        to_real = 1 - (asked @ near.T).max(axis=1)
        to_rendered = 1 - (asked @ rendered.T).max(axis=1)
        ratios.append(to_rendered / np.maximum(to_real, 1e-6))
    return float(np.quantile(np.concatenate(ratios), LOOK_QUANTILE))


def _shift(one: np.ndarray, other: np.ndarray) -> float:
    between = float(((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum())
    within = float(one.var(axis=0).sum() + other.var(axis=0).sum()) / 2
    return between / within if within > 0 else 0.0
