"""Which real images are in which group, and which groups are the same twice: a label and a cluster
that hold mostly the same images are said once, as the label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts.comparison import GroupRow, LabelledCoverageRow
from core.contracts.judgement_words import is_gap
from core.contracts.words import GroupKind, Tier
from core.store.results import Comparison

MOSTLY = 0.5  # more than this share of the images


@dataclass(frozen=True)
class Members:
    """The real images of a version's groups. ``images``: all that were judged; ``rows``: by group
    id, the most absent first; ``labels``: by path, then column; ``same_as``: by the id of a cluster
    that a label says already, that label's group.
    """

    images: int
    rows: Mapping[str, Sequence[LabelledCoverageRow]]
    labels: Mapping[str, Mapping[str, str]]
    same_as: Mapping[str, str]

    def once(self, groups: Sequence[GroupRow]) -> list[GroupRow]:
        """The groups without the clusters that a label says already."""
        return [group for group in groups if group.group_id not in self.same_as]


def members(comparison: Comparison, version: str | int) -> Members:
    """The real images of each group of one version."""
    groups = comparison.group_rows(version)
    labels = _labels(comparison)
    place: dict[object, str] = {
        group.cluster if group.kind == GroupKind.CLUSTER else (group.column, group.value): (
            group.group_id
        )
        for group in groups
    }
    rows: dict[str, list[LabelledCoverageRow]] = {group.group_id: [] for group in groups}
    judged = comparison.coverage_rows(version)
    for row in judged:
        for key in (row.cluster, *labels.get(row.path, {}).items()):
            if key in place:
                rows[place[key]].append(row)
    return Members(len(judged), rows, labels, _same(groups, rows))


def _labels(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Every label of the real images, by path and column."""
    labels = {}
    for image in comparison.image_rows():
        known = {"class": image.class_, "bias": image.bias, **(image.labels or {})}
        labels[image.path] = {
            column: str(value) for column, value in known.items() if value is not None
        }
    return labels


def _same(
    groups: Sequence[GroupRow], rows: Mapping[str, Sequence[LabelledCoverageRow]]
) -> dict[str, str]:
    """The clusters that a label says already. A label that is absent says all its clusters; another
    only one that is most of it, and of its tier if it is no gap.
    """
    paths = {group_id: {row.path for row in members} for group_id, members in rows.items()}
    labels = [group for group in groups if group.kind == GroupKind.LABEL]
    same: dict[str, str] = {}
    for cluster in groups:
        if cluster.kind != GroupKind.CLUSTER:
            continue
        inside = paths[cluster.group_id]
        for label in labels:
            shared = len(inside & paths[label.group_id])
            mutual = shared > MOSTLY * len(paths[label.group_id])
            said = label.tier == Tier.ABSENT or (
                mutual and (is_gap(label) or label.tier == cluster.tier)
            )
            if shared > MOSTLY * len(inside) and said:
                same[cluster.group_id] = label.group_id
                break
    return same
