"""One judgement of one version: evidence, decision, and the probability of each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.coverage import tiers
from core.analysis.coverage.decision import (
    ABSENT_AT,
    Decision,
    decide,
    reliability,
    shift_strength,
)
from core.analysis.coverage.evidence import Evidence, Neighborhoods
from core.analysis.coverage.space import measured
from core.analysis.types import Floats, Ints
from core.analysis.vectors.alignment import Views


@dataclass(frozen=True)
class Judged:
    """What one look at a version gives. ``decision`` None: ``obstacle`` says why it cannot be
    judged.
    """

    evidence: Evidence
    decision: Decision | None
    obstacle: str | None

    def told(self, size: np.ndarray, version: int, again: Floats | None = None) -> list[tiers.Told]:
        """The tier of each group: see :func:`core.analysis.coverage.tiers.tell`."""
        if self.decision is None:
            return tiers.not_judged(len(size), self.obstacle or "")
        return tiers.tell(self.evidence, self.decision, again, size, version)

    def gap_score(self, distance: Floats) -> Floats:
        """Distances as gap scores: 0 a typical covered group, 1 a typical absent one."""
        if self.decision is not None:
            low, high = self.decision.covered_at, self.decision.absent_at
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
    found = measured(real, version, labels, around, seed)
    groups = int(labels.max()) + 1
    why = tiers.obstacle(len(real), len(version), groups, found)
    if why is not None:
        return Judged(found, None, why)
    first = decide(found.distance, found.gap_distance, 1.0)
    weights = _matched(labels, found, first)
    found = measured(real, version, labels, around, seed, weights)
    shift = shift_strength(real, version)
    beyond = np.maximum(found.distance - (found.gap_distance + ABSENT_AT), 0.0)
    sure = reliability(found.look, shift, found.separation, beyond)
    return Judged(found, decide(found.distance, found.gap_distance, sure), None)


def _matched(labels: Ints, found: Evidence, decision: Decision) -> np.ndarray:
    """What each real image counts for (n,), so that each group weighs as much as in the version."""
    share = found.alike * (1 - decision.like_a_gap)
    if not share.sum():
        return np.ones(len(labels))
    return np.asarray((share / np.bincount(labels))[labels])
