"""The readings beside the judgement: real images outside the joint maps' synthetic clusters, and
single odd images.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.analysis.coverage.judgement import VersionAssessment
from core.analysis.coverage.outside import outside
from core.analysis.coverage.singles import single_images
from core.analysis.types import Bools
from core.contracts.words import Tier
from core.jobs.compare.fold import Folded
from core.jobs.compare.points import Maps
from core.jobs.compare.sides import Side, Sides


@dataclass(frozen=True)
class OutsideClusters:
    """Which of n real images are outside every cluster that holds a version's images, bool (n,): on
    the ``joint`` map as it is, and on the domain-``aligned`` one.
    """

    joint: Bools
    aligned: Bools


def outside_clusters(sides: Sides, maps: Maps) -> list[OutsideClusters]:
    """For each version in order."""
    joint, *joint_versions = sides.split(maps.joint.clusters)
    aligned, *aligned_versions = sides.split(maps.aligned.clusters)
    return [
        OutsideClusters(outside(joint, first), outside(aligned, second))
        for first, second in zip(joint_versions, aligned_versions, strict=True)
    ]


def with_singles(sides: Sides, folded: Folded, seed: int) -> Folded:
    """The judgement with the single images of each version marked and counted."""

    def marked(version: Side, found: VersionAssessment) -> VersionAssessment:
        covered = np.asarray(found.tier == Tier.COVERED)
        single = single_images(sides.real.views, version.views, covered, seed=seed)
        return replace(
            found, single=single, summary=replace(found.summary, singles=int(single.sum()))
        )

    versions = zip(sides.versions, folded.judged.versions, strict=True)
    found = tuple(marked(version, found) for version, found in versions)
    return replace(folded, judged=replace(folded.judged, versions=found))
