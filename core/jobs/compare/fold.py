"""The judgement by vectors and the counts of labels, folded into one.

Counts come first: an image whose label no synthetic image has is absent whatever the vectors say,
and one whose label is hardly rendered is thin unless its cluster is absent already. Such an image
belongs to its label's group; every other one to its cluster's. So each image has one group, one
tier, and is counted once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.analysis.coverage.counts import LabelCount, LabelCounts, Labels, count_labels
from core.analysis.coverage.judgement import Assessment, VersionAssessment, VersionSummary
from core.analysis.types import Bools, Ints
from core.contracts.label_words import label_name
from core.contracts.words import GroupKind, Tier
from core.jobs.compare.sides import Sides

NAMED = 4  # labels named in the verdict


@dataclass(frozen=True)
class LabelGroup:
    """A label that a version's counts call absent or thin, and the rows of its real images."""

    count: LabelCount
    members: Ints

    @property
    def group_id(self) -> str:
        """Its key among the groups; never that of a cluster."""
        key = f"{self.count.column}:{self.count.value}"
        return f"{GroupKind.LABEL}:{key}" if self.count.column == GroupKind.CLUSTER else key


@dataclass(frozen=True)
class VersionCounts:
    """What counting labels says of a version. ``groups``: its absent and thin labels;
    ``group_id`` (n,): the group of each real image, a label's or its cluster's.
    """

    counts: LabelCounts
    groups: tuple[LabelGroup, ...]
    group_id: np.ndarray


@dataclass(frozen=True)
class Folded:
    """The final judgement: the assessment with tiers, list, ranks and summaries after counting, and
    what the counts are, version by version.
    """

    judged: Assessment
    versions: tuple[VersionCounts, ...]


def fold(sides: Sides, judged: Assessment) -> Folded:
    """Count the labels of every version and fold them into the judgement by vectors."""
    of_real = sides.real.labels
    folded = [
        _folded(of_real, version.labels, found, judged.real_cluster)
        for version, found in zip(sides.versions, judged.versions, strict=True)
    ]
    return Folded(
        replace(judged, versions=tuple(found for found, _ in folded)),
        tuple(counted for _, counted in folded),
    )


def cluster_id(cluster: int) -> str:
    """The key of a cluster of real images among the groups."""
    return f"{GroupKind.CLUSTER}:{cluster}"


def _folded(
    of_real: Mapping[str, Labels],
    of_version: Mapping[str, Labels],
    found: VersionAssessment,
    real_cluster: Ints,
) -> tuple[VersionAssessment, VersionCounts]:
    counts = count_labels(of_real, of_version)
    groups = _groups(of_real, counts)
    tier = np.array(found.tier, object)
    group_id = np.array([cluster_id(one) for one in real_cluster.tolist()], object)
    taken = np.zeros(len(tier), bool)
    for group in groups:
        gap = group.count.tier
        free = ~taken if gap == Tier.ABSENT else ~taken & (tier != Tier.ABSENT)
        rows = group.members[free[group.members]]
        tier[rows], group_id[rows], taken[rows] = gap.value, group.group_id, True
    absent = found.absent | (tier == Tier.ABSENT)
    final = replace(
        found,
        tier=tier,
        absent=absent,
        rank=_listed_first(found.rank, absent),
        summary=_summary(found.summary, tier, absent, groups),
    )
    return final, VersionCounts(counts, groups, group_id)


def _groups(of_real: Mapping[str, Labels], counts: LabelCounts) -> tuple[LabelGroup, ...]:
    """The labels that are gaps: absent ones before thin ones, in the order of their columns."""
    return tuple(
        LabelGroup(one, np.flatnonzero(np.array(of_real[one.column], object) == one.value))
        for gap in (Tier.ABSENT, Tier.THIN)
        for one in counts.counts
        if one.tier == gap
    )


def _listed_first(rank: Ints, absent: Bools) -> Ints:
    """The ranks (1 first) with the list before everything else, each part in its order."""
    ranks = np.empty(len(rank), np.int64)
    ranks[np.lexsort((rank, ~absent))] = np.arange(1, len(rank) + 1)
    return ranks


def _summary(
    summary: VersionSummary, tier: np.ndarray, absent: Bools, groups: Sequence[LabelGroup]
) -> VersionSummary:
    """The summary with the counts that changed, and a verdict that begins with the labels.

    Counts do not waver: of the interval only what re-runs list by vectors is left.
    """
    if not groups:
        return summary
    count, images = int(absent.sum()), len(absent)
    counted = [group.members for group in groups if group.count.tier == Tier.ABSENT]
    sure = len(np.unique(np.concatenate(counted))) / images if counted else 0.0
    seen = summary.verdict[:1].lower() + summary.verdict[1:]
    return replace(
        summary,
        absent=count,
        absent_rate=count / images,
        low=None if summary.low is None else max(summary.low, sure),
        high=None if summary.high is None else max(summary.high, count / images),
        thin=int((tier == Tier.THIN).sum()),
        cannot_tell=int((tier == Tier.CANNOT_TELL).sum()),
        verdict=f"{_by_labels(groups, images)} By appearance: {seen}",
    )


def _by_labels(groups: Sequence[LabelGroup], images: int) -> str:
    """``By labels: horse is not rendered at all (80 of 560 real images).``"""
    parts = []
    for gap, words in ((Tier.ABSENT, "not rendered at all"), (Tier.THIN, "hardly rendered")):
        found = [group for group in groups if group.count.tier == gap]
        if found:
            members = len(np.unique(np.concatenate([group.members for group in found])))
            names = [label_name(one.count.column, one.count.value) for one in found]
            verb = "is" if len(names) == 1 else "are"
            parts.append(f"{_listed(names)} {verb} {words} ({members:,} of {images:,} real images)")
    return f"By labels: {'; '.join(parts)}."


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        names = [*names[: NAMED - 1], f"{len(names) - NAMED + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
