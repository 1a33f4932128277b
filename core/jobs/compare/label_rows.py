"""What counting labels found, as rows of the contracts: counts, notes, and the labels that are
gaps.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from core.contracts.comparison import GroupRow, LabelCountRow, LabelNoteRow
from core.contracts.label_words import label_name
from core.contracts.words import DecidedBy, GroupKind
from core.jobs.compare.describe import Described
from core.jobs.compare.fold import Folded, LabelGroup
from core.jobs.compare.rows import evidence_columns, explain
from core.jobs.compare.sides import Sides


def label_count_rows(sides: Sides, folded: Folded) -> list[LabelCountRow]:
    """Real against rendered images of every label, by version."""
    return [
        LabelCountRow(version_id=version.dataset_id, **asdict(one))
        for version, counted in zip(sides.versions, folded.versions, strict=True)
        for one in counted.counts.counts
    ]


def label_note_rows(sides: Sides, folded: Folded) -> list[LabelNoteRow]:
    """What to know of the labels' columns, by version."""
    return [
        LabelNoteRow(version_id=version.dataset_id, **asdict(one))
        for version, counted in zip(sides.versions, folded.versions, strict=True)
        for one in counted.counts.notes
    ]


def label_group_rows(sides: Sides, folded: Folded, described: Described) -> list[GroupRow]:
    """One row for each absent or thin label and version, explained as clusters are."""
    of_labels = []
    for place, version in enumerate(sides.versions):
        found, counted = folded.judged.versions[place], folded.versions[place]
        for group in counted.groups:
            explained = explain(group.members, folded.judged, place, sides, described)
            own = found.absent[counted.group_id == group.group_id]
            row = _group_row(version.dataset_id, group, len(own), int(own.sum()))
            of_labels.append(
                replace(row, explanation=explained.reason, **evidence_columns(explained))
            )
    return of_labels


def _group_row(version_id: int, group: LabelGroup, own: int, absent: int) -> GroupRow:
    """The row without its explanation."""
    count = group.count
    labelled = count.expected / count.share_real  # synthetic images that have a label
    return GroupRow(
        version_id=version_id,
        group_id=group.group_id,
        kind=GroupKind.LABEL,
        cluster=None,
        column=count.column,
        value=count.value,
        size=count.real,
        own=own,
        tier=count.tier,
        decided_by=DecidedBy.COUNTS,
        reason=count.reason,
        probability=None,
        q=None,
        absent=absent,
        rendered=count.rendered,
        expected=count.expected,
        low=count.low * labelled,
        high=count.high * labelled,
        score=None,
        stability=None,
        name=label_name(count.column, count.value),
        explanation=None,
        tags=None,
        attributes=None,
        concepts=None,
        classes=None,
    )
