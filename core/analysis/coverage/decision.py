"""The decision: how probable is it that a group of real images is absent from a version?

Two things are known of a group's distance to the version. If it is *absent*, it lies about where
gaps injected into this data lie: 0.045 nearer, give or take 0.045, in every set that was measured.
If it is *covered*, it lies with the other covered groups of this data, wherever that is; their
place is found from all groups together by expectation–maximisation, groups that look absent
counting less (so that they are never the norm for others). Bayes' rule makes that a probability.

One thing spoils it: where the renderer's look is far from the real images', kinds that *are*
rendered can lie where gaps lie, and nothing in the distances tells them apart. How often depends on
how far the look is and how well the real groups are separated; :func:`reliability` says so, and no
group's probability can exceed it.

The constants were set on random draws of photographs against paintings and cartoons and the
reverse (PACS, ``lite0``; ``benchmarks/judgement.py``, ``docs/research/judgement.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from core.analysis.vectors.alignment import Views
from core.analysis.vectors.neighbors import unit

ABSENT_AT = -0.045  # an absent group's distance less the median injected gap's
ABSENT_SPREAD = 0.045
COVERED_AT = -0.22  # the same of covered groups, before the data is seen …
COVERED_AT_SPREAD = 0.08  # … give or take so much from one set to another
COVERED_NEAREST = -0.1  # where covered groups are this near to gaps, nothing is told apart
COVERED_SPREAD = 0.085
TAILS = 6  # degrees of freedom of both: a few groups lie far out
SHARE = 0.2  # of groups that are absent, before the data is seen …
SHARE_WEIGHT = 4.0  # … counted as so many groups
ROUNDS = 30  # of expectation and maximisation; it settles in about ten
# logistic in (look or shift, separation, distance beyond a typical absent group's): of groups that
# lie where gaps lie, how many are absent
# separation and distance as fitted (docs/research/judgement.md); the shift steeper than fitted,
# because of 40 groups of cartoons said absent on fresh draws only 20 were; the look so that it
# speaks for clearly near looks only
RELIABLE_BY_LOOK = (32.0, -30.0, -6.8, 24.6)
RELIABLE_BY_SHIFT = (8.1, -30.0, -6.8, 24.6)
MOST_BEYOND = 0.1  # of that distance: not seen beyond
MOST_APART = 1.3  # of the separation: not seen beyond
PLAIN_SHIFT = 0.6  # the simplified views' shift in those of the plain ones
LOOK_IMAGES, LOOK_DRAWS = 60, 8  # images on each side that are looked for, and how often
LOOK_ASKED = 2000  # real images that look
LOOK_QUANTILE = 0.1  # of real images: those that are covered best, whatever is missing


@dataclass(frozen=True)
class Decision:
    """What is known of C groups. ``like_a_gap`` (C,): the probability that each lies where gaps
    lie rather than where covered groups do; ``probability`` (C,) that it is absent, 0 to 1;
    ``covered_at``: distance of a typical covered group; ``absent_at``: of a typical absent one;
    ``reliability`` (C,): of groups like each that lie where gaps lie, the share that is absent.
    """

    like_a_gap: np.ndarray
    probability: np.ndarray
    covered_at: float
    absent_at: float
    reliability: np.ndarray


def decide(distance: np.ndarray, gap_distance: float, reliability: float | np.ndarray) -> Decision:
    """The probability that each group is absent, from its ``distance`` (C,), the median distance of
    an injected gap and the ``reliability`` (C,) or one for all.
    """
    offset = np.asarray(distance, np.float64) - gap_distance
    place, share, p = COVERED_AT, SHARE, np.zeros(len(offset))
    for _ in range(ROUNDS):
        covered = stats.t.pdf((offset - place) / COVERED_SPREAD, TAILS) / COVERED_SPREAD
        # farther than gaps lie is no less a gap
        nearer = np.minimum(offset - ABSENT_AT, 0.0)
        absent = stats.t.pdf(nearer / ABSENT_SPREAD, TAILS) / ABSENT_SPREAD
        p = share * absent / (share * absent + (1 - share) * covered)
        weight = (1 - p) / COVERED_SPREAD**2
        prior = 1 / COVERED_AT_SPREAD**2
        place = (weight @ offset + prior * COVERED_AT) / (weight.sum() + prior)
        place = min(float(place), COVERED_NEAREST)
        share = (p.sum() + SHARE_WEIGHT * SHARE) / (len(p) + SHARE_WEIGHT)
    # nearer is never more absent, although the covered ones' bell falls on that side too
    order = np.argsort(offset)
    rising = np.empty_like(p)
    rising[order] = np.maximum.accumulate(p[order])
    return Decision(
        like_a_gap=rising,
        probability=rising * reliability,
        covered_at=gap_distance + place,
        absent_at=gap_distance + ABSENT_AT,
        reliability=np.broadcast_to(reliability, offset.shape),
    )


def reliability(
    look: float,
    shift: float,
    separation: np.ndarray | float,
    beyond: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Of groups that lie where gaps lie, the share that is absent, 0 to 1, by their ``separation``
    (C,) and how far ``beyond`` a typical absent group they lie (C,): the better of what two
    measures of the look say. A mere shift of all images moves none apart (``look`` stays small),
    and where images lie far apart for other reasons the ``shift`` may still be small.
    """
    found = []
    for measure, weights in ((look, RELIABLE_BY_LOOK), (shift, RELIABLE_BY_SHIFT)):
        constant, of_look, of_separation, of_beyond = weights
        apart = np.minimum(separation, MOST_APART)
        farther = np.minimum(beyond, MOST_BEYOND)
        found.append(constant + of_look * measure + of_separation * apart + of_beyond * farther)
    return np.asarray(special.expit(np.maximum(*found)))


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


def q_values(probability: np.ndarray) -> np.ndarray:
    """The expected share of false ones among all groups at least as probable, (C,): the mean of
    1 − p over them (the Bayesian false-discovery rate; Müller, Parmigiani, Rice 2006).
    """
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(1 - probability[order]) / np.arange(1, len(order) + 1)
    q = np.empty(len(order))
    q[order] = wrong
    return q


def _shift(one: np.ndarray, other: np.ndarray) -> float:
    between = float(((one.mean(axis=0) - other.mean(axis=0)) ** 2).sum())
    within = float(one.var(axis=0).sum() + other.var(axis=0).sum()) / 2
    return between / within if within > 0 else 0.0
