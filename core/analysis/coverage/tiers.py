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

# probability of lying where gaps lie from which a group is absent, and to which it is covered
# (benchmarks/judgement.py: of paintings' groups 97 and 100 % were)
ABSENT_FROM, COVERED_TO = 0.5, 0.25
# share of the expected synthetic images from which a group is thin, and the most that the upper end
# of its interval may reach (benchmarks/judgement.py: hardly any rendered group lies below)
THIN_SHARE, THIN_HIGH = 0.2, 0.45
NOTICED = -0.15  # an injected gap this much nearer than the others' would not be noticed
UNSTEADY = 0.35  # difference between the whole and its re-runs from which they disagree
IMAGES_A_GROUP = 10  # synthetic images a group of real ones below which nothing is judged
FEWEST_REAL = 40  # real images, likewise
RELIABLE_FROM = 0.8  # reliability below which the look is in the way of saying absent or thin


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

    ``again`` (C,): the mean of ``like_a_gap`` over re-runs, NaN where there was none; None without
    re-runs. What is told rests on the mean of both.
    """
    told = []
    expected = version * size / size.sum()
    for group, first in enumerate(decision.like_a_gap.tolist()):
        second = first if again is None or np.isnan(again[group]) else float(again[group])
        like_a_gap = (first + second) / 2
        reliable = float(decision.reliability[group])
        p = like_a_gap * reliable
        place = _place(found, decision, group)
        alike = int(found.alike[group])
        high = wilson(alike, version)[1] * version
        few = alike <= THIN_SHARE * expected[group] and high <= THIN_HIGH * expected[group]
        untested = bool(found.injected[group] - found.gap_distance < NOTICED)
        if like_a_gap >= ABSENT_FROM and reliable >= RELIABLE_FROM:
            reason = f"No synthetic image is near: {place}."
            told.append(Told(Tier.ABSENT, p, reason))
        elif like_a_gap <= COVERED_TO and few and reliable >= RELIABLE_FROM:
            told.append(
                Told(
                    Tier.THIN,
                    p,
                    f"About {alike:,} synthetic images look like it, where {expected[group]:.0f} "
                    "would match its share of the real ones.",
                )
            )
        elif like_a_gap <= COVERED_TO and not untested:
            told.append(Told(Tier.COVERED, p, f"Synthetic images are near: {place}."))
        else:
            reason = _in_the_way((first, second), untested, reliable)
            told.append(Told(Tier.CANNOT_TELL, p, f"{reason} ({place})."))
    return told


def not_judged(groups: int, why: str) -> list[Told]:
    """The same of a version that cannot be judged."""
    return [Told(Tier.CANNOT_TELL, None, why)] * groups


def _place(found: Evidence, decision: Decision, group: int) -> str:
    return (
        f"distance {found.distance[group]:.2f}, where gaps lie at {decision.absent_at:.2f} and "
        f"covered groups at {decision.covered_at:.2f}"
    )


def _in_the_way(both: tuple[float, float], untested: bool, reliable: float) -> str:
    """Which of the things that can stand in the way does. ``both``: how far the group is like a
    gap, at first and in re-runs.
    """
    first, second = both
    if untested and max(first, second) <= COVERED_TO:
        return "With everything like it hidden it would still look covered"
    if abs(first - second) >= UNSTEADY:
        return "Repeated runs disagree about it"
    if reliable < RELIABLE_FROM and (first + second) / 2 >= ABSENT_FROM:
        return (
            "It lies where gaps lie, but this version looks so different from your real images "
            "that kinds which are rendered can lie there too"
        )
    return "It lies between covered groups and gaps"
