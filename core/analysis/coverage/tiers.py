"""Tiers: what is said of each group, and the true reason in words.

A group is *absent* or *covered* where its probability says so; *thin* where it is not absent but
hardly any synthetic image looks like it; else it *cannot be told*, and the reason says which of the
things that can stand in the way does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage.confidence import wilson
from core.analysis.coverage.decision import Decision
from core.analysis.coverage.evidence import Evidence
from core.contracts.words import Tier

# probability from which a group is absent, and to which it is covered (benchmarks/judgement.py, the
# draws that decision.py was fitted on: of groups above it 95 % were absent, below it 2 %)
ABSENT_FROM, COVERED_TO = 0.75, 0.15
# like_a_gap to which a group is covered under a far look, where a low probability may only say that
# nothing can be seen: of such groups above it 16 of 120 were absent, of those below 4 of 380
CLEARLY_NEAR = 0.1
FAR_FROM_GAPS, WITH_GAPS = 0.25, 0.5  # like_a_gap to which a group may be thin; of one among gaps
# share of the expected synthetic images to which a group is thin, and the most that its interval's
# upper end may reach. Said only of looks that hardly differ from the real images' (two halves of
# one set have 0.5 to 0.67; there 7 of 24 groups with 3 to 20 % of their share were called thin, and
# no other; of paintings, 0.9 to 1.1, most groups with few look-alikes are rendered in number)
THIN_SHARE, THIN_HIGH = 0.25, 0.5
THIN_LOOK = 0.75
NOTICED = -0.15  # an injected gap this much nearer than the others' would not be noticed
UNSTEADY = 0.35  # difference between the whole and its re-runs from which they disagree
IMAGES_A_GROUP = 10  # synthetic images a group of real ones below which nothing is judged
FEWEST_REAL = 40  # real images, likewise
NEAR_FROM = 0.5  # nearness below which the look is named as what stands in the way


@dataclass(frozen=True)
class Told:
    """A group's tier, its probability of being absent (None where nothing could be computed), and
    the reason in a sentence.
    """

    tier: Tier
    probability: float | None
    reason: str


def obstacle(real: int, version: int, groups: int, found: Evidence) -> str | None:
    """Why a version cannot be judged at all; None where it can.

    ``real`` and ``version``: how many images; ``groups``: of real images.
    """
    if real < FEWEST_REAL:
        return f"{real} real images are too few to judge by: {FEWEST_REAL} are needed."
    if groups < 2:
        return "The real images form one group only, so there is nothing to compare it with."
    if version < IMAGES_A_GROUP * groups:
        return (
            f"{version:,} synthetic images are too few for {groups} groups of real images: about "
            f"{IMAGES_A_GROUP * groups} are needed."
        )
    if not np.isfinite(found.injected).any():
        return "No gap could be injected into this data, so what a gap looks like is not known."
    return None


def tell(
    found: Evidence, decision: Decision, again: np.ndarray | None, size: np.ndarray, version: int
) -> list[Told]:
    """The tier of each of C groups of ``size`` (C,) images, by a version of so many images.

    ``again`` (C,): the mean probability over re-runs, NaN where there was none; None without
    re-runs. What is told rests on the mean of both.
    """
    told = []
    expected = version * size / size.sum()
    for group, first in enumerate(decision.probability.tolist()):
        second = first if again is None or np.isnan(again[group]) else float(again[group])
        p = (first + second) / 2
        like_a_gap = float(decision.places.like_a_gap[group])
        place = _place(found, decision, group)
        alike = int(found.alike[group])
        high = wilson(alike, version)[1] * version
        few = alike <= THIN_SHARE * expected[group] and high <= THIN_HIGH * expected[group]
        thin = few and decision.look <= THIN_LOOK and like_a_gap <= FAR_FROM_GAPS
        untested = bool(found.injected[group] - found.gap_distance < NOTICED)
        near = decision.nearness >= NEAR_FROM
        if p >= ABSENT_FROM:
            told.append(Told(Tier.ABSENT, p, f"No synthetic image is near: {place}."))
        elif thin:
            reason = (
                f"About {alike:,} synthetic images look like it, where {expected[group]:.0f} would "
                "match its share of the real ones."
            )
            told.append(Told(Tier.THIN, p, reason))
        elif p <= COVERED_TO and not untested and (like_a_gap <= CLEARLY_NEAR or near):
            told.append(Told(Tier.COVERED, p, f"Synthetic images are near: {place}."))
        else:
            reason = _in_the_way(first, second, like_a_gap, untested, near=near)
            told.append(Told(Tier.CANNOT_TELL, p, f"{reason} ({place})."))
    return told


def not_judged(groups: int, why: str) -> list[Told]:
    """The same of a version that cannot be judged."""
    return [Told(Tier.CANNOT_TELL, None, why)] * groups


def _place(found: Evidence, decision: Decision, group: int) -> str:
    gaps, covered = decision.places.absent_at, decision.places.covered_at
    return (
        f"distance {found.distance[group]:.2f}, where gaps lie at {gaps:.2f} and covered groups at "
        f"{covered:.2f}"
    )


def _in_the_way(first: float, second: float, like_a_gap: float, untested: bool, near: float) -> str:
    """Which of the things that can stand in the way does. ``first``, ``second``: the probability
    at first and in re-runs.
    """
    if untested and max(first, second) <= COVERED_TO:
        return "With everything like it hidden it would still look covered"
    if abs(first - second) >= UNSTEADY:
        return "Repeated runs disagree about it"
    if like_a_gap >= WITH_GAPS and not near:
        return (
            "It lies where gaps lie, but this version looks so different from your real images "
            "that kinds which are rendered can lie there too"
        )
    if like_a_gap >= WITH_GAPS:
        return (
            "It lies where gaps lie, but it is not set well apart from your other real images, so "
            "that a group which is rendered can lie there too"
        )
    return "It lies between covered groups and gaps"
