"""The decision: how probable is it that a group of real images is absent from a version?

Two things are known of a group's distance to the version. If it is *absent*, it lies about where
gaps injected into this data lie: 0.045 nearer, give or take 0.045, in every set that was measured.
If it is *covered*, it lies with the other covered groups of this data, wherever that is; their
place is found from all groups together by expectation–maximisation, groups that look absent
counting less (so that they are never the norm for others). Bayes' rule makes that ``like_a_gap``.

Distances alone do not settle it: where groups are ill separated or the renderer's look is far,
kinds that *are* rendered can lie where gaps lie. So a second witness is heard: the share of the
version that looks like the group. Under a near look it is close to nothing for an absent group and
to the group's own share for a covered one; under a far look it says nothing, and only groups well
apart from the others can be told. :func:`probability` weighs all of it.

The constants were set on random draws of photographs against paintings and cartoons and the
reverse (PACS, ``lite0``; ``benchmarks/judgement.py``, ``docs/research/judgement.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from core.analysis.coverage.look import nearness

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
# a logistic regression of "the group is absent" on 2,200 groups of random draws, rounded; both near
# and far looks fit one set of numbers because the look turns terms on and off
CONSTANT, NEAR = 0.1, 2.0
HINGE = -1.1  # logit of a quarter
UNLIKE, NEAR_UNLIKE, LIKE = 1.2, 0.5, 0.28  # per logit of like_a_gap below HINGE, and above
BEYOND = 17.0  # per distance beyond a typical absent group
APART, NEAR_APART = -3.3, -5.5  # per separation, and more of it under a near look
NEAR_SHARE = -1.9  # per log of the share that looks like it, under a near look
LEAST_SHARE, MOST_SHARE = 0.05, 1.0  # of what is expected: below and above nothing changes
MOST_BEYOND = 0.1  # of that distance: not seen beyond
MOST_APART = 1.3  # of the separation: not seen beyond
CERTAIN = 0.01  # like_a_gap is never taken for surer than this


@dataclass(frozen=True)
class Places:
    """Where gaps and covered groups lie in this data, and how far each of C groups is like a gap:
    ``like_a_gap`` (C,), 0 to 1, never falling with the distance.
    """

    like_a_gap: np.ndarray
    covered_at: float
    absent_at: float


@dataclass(frozen=True)
class Decision:
    """What is known of C groups: where they lie, ``probability`` (C,) that each is absent, 0 to 1,
    how far the renderer's ``look`` is and how near that makes it, 0 far to 1 near
    (:mod:`core.analysis.coverage.look`).
    """

    places: Places
    probability: np.ndarray
    look: float
    nearness: float


def places(distance: np.ndarray, gap_distance: float) -> Places:
    """How far each group is like a gap, from its ``distance`` (C,) and the median distance of an
    injected gap.
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
    return Places(rising, gap_distance + place, gap_distance + ABSENT_AT)


def decide(
    distance: np.ndarray,
    gap_distance: float,
    share: np.ndarray,
    separation: np.ndarray,
    *,
    look: float,
    shift: float,
) -> Decision:
    """The probability that each group is absent, from its ``distance`` (C,), the median distance of
    an injected gap, the ``share`` (C,) of the version that looks like it as a multiple of what its
    size would lead one to expect, its ``separation`` (C,) from the other groups (0 tight and far
    apart, 1 not at all), and the two measures of the look.
    """
    found = places(distance, gap_distance)
    beyond = np.asarray(distance, np.float64) - found.absent_at
    near = nearness(look, shift)
    told = probability(found.like_a_gap, beyond, share, separation, near)
    return Decision(found, told, look, near)


def probability(
    like_a_gap: np.ndarray,
    beyond: np.ndarray,
    share: np.ndarray,
    separation: np.ndarray,
    near: float,
) -> np.ndarray:
    """Of groups like each of these, the share that is absent, (C,); ``beyond`` (C,): how much
    farther it lies than a typical absent group; ``near``: nearness of the look, 0 to 1. The others
    as for :func:`decide`.
    """
    logit = special.logit(np.clip(like_a_gap, CERTAIN, 1 - CERTAIN)) - HINGE
    seen = np.log(np.clip(share, 0.0, MOST_SHARE) + LEAST_SHARE)
    apart = np.minimum(separation, MOST_APART)
    unlike = np.minimum(logit, 0)
    far = UNLIKE * unlike + LIKE * np.maximum(logit, 0) + APART * apart
    far = CONSTANT + far + BEYOND * np.clip(beyond, 0.0, MOST_BEYOND)
    of_near = NEAR + NEAR_UNLIKE * unlike + NEAR_APART * apart + NEAR_SHARE * seen
    return np.asarray(special.expit(far + near * of_near))


def q_values(probability: np.ndarray) -> np.ndarray:
    """The expected share of false ones among all groups at least as probable, (C,): the mean of
    1 − p over them (the Bayesian false-discovery rate; Müller, Parmigiani, Rice 2006).
    """
    order = np.argsort(-probability, kind="stable")
    wrong = np.cumsum(1 - probability[order]) / np.arange(1, len(order) + 1)
    q = np.empty(len(order))
    q[order] = wrong
    return q
