"""One judgement of one version: evidence, decision, and the probability of each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage import tiers
from core.analysis.coverage.decision import Decision, decide, places
from core.analysis.coverage.evidence import Evidence, Neighborhoods, evidence, witnesses
from core.analysis.coverage.look import look_strength, shift_strength
from core.analysis.coverage.space import together
from core.analysis.types import Floats, Ints
from core.analysis.vectors.alignment import Views


@dataclass(frozen=True)
class Judged:
    """What one look at a version gives. ``decision`` None: ``obstacle`` says why it cannot be
    judged. ``look``: how far the renderer's look is
    (:func:`core.analysis.coverage.look.look_strength`).
    """

    evidence: Evidence
    decision: Decision | None
    obstacle: str | None
    look: float

    def told(self, size: np.ndarray, version: int, again: Floats | None = None) -> list[tiers.Told]:
        """The tier of each group: see :func:`core.analysis.coverage.tiers.tell`."""
        if self.decision is None:
            return tiers.not_judged(len(size), self.obstacle or "")
        return tiers.tell(self.evidence, self.decision, again, size, version)

    def gap_score(self, distance: Floats) -> Floats:
        """Distances as gap scores: 0 a typical covered group, 1 a typical absent one."""
        if self.decision is not None:
            low, high = self.decision.places.covered_at, self.decision.places.absent_at
        else:
            low = float(np.median(self.evidence.distance))
            high = self.evidence.gap_distance
        scale = high - low if np.isfinite(high) and high - low > 1e-3 else 1.0
        return ((distance - low) / scale).astype(np.float32)


def judge(real: Views, version: Views, labels: Ints, around: Neighborhoods, seed: int) -> Judged:
    """Measure the groups ``labels`` int64 (n,) of the real images against a version, and decide.

    A side's mean depends on what is in it: what a version lacks, or has little of, moves all of its
    images. So it is done twice, the second time with the real images weighted as the version has
    their groups, absent ones not at all.
    """
    sides = together(real, version, seed)
    found = evidence(*sides, labels, around, seed=seed)
    groups = int(labels.max()) + 1
    why = tiers.obstacle(len(real), len(version), groups, found)
    if why is not None:
        return Judged(found, None, why, look_strength(*sides, seed=seed))
    first = places(found.distance, found.gap_distance).like_a_gap
    sides = together(real, version, seed, _matched(labels, found, first))
    found = evidence(*sides, labels, around, seed=seed)
    other = witnesses(*sides, labels, around, seed=seed)
    look = look_strength(*sides, seed=seed)
    decision = decide(
        found.distance,
        found.gap_distance,
        other.share,
        other.separation,
        look=look,
        shift=shift_strength(real, version),
    )
    return Judged(found, decision, None, look)


def _matched(labels: Ints, found: Evidence, like_a_gap: np.ndarray) -> np.ndarray:
    """What each real image counts for (n,), so that each group weighs as much as in the version."""
    share = found.alike * (1 - like_a_gap)
    if not share.sum():
        return np.ones(len(labels))
    return np.asarray((share / np.bincount(labels))[labels])
