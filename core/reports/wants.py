"""The gaps of a render brief: how many images of each, which labels and attributes they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts.catalog import AttributesRow
from core.contracts.comparison import GroupRow, LabelCountRow, LabelledCoverageRow
from core.contracts.derive import columns, read_rows
from core.contracts.formatting import number
from core.contracts.judgement_words import TIERS, group_name
from core.contracts.words import DecidedBy, Tier
from core.reports.members import MOSTLY, Members
from core.reports.rendering import data_uris, sentence
from core.reports.wanted import Need, wanted
from core.store.results import Comparison

PICTURED = 12  # gaps with pictures on one page; the rest stand in a list
EXAMPLES = 4  # of each
HINTS = 3  # concepts, and attributes, of each
RARE = 0.1  # share of a cluster's images below which a label says nothing of how it is rendered
RANGE = (0.1, 0.5, 0.9)  # low, typical and high of an attribute: quantiles over the group's images
ATTRIBUTES = tuple(one.name for one in columns(AttributesRow) if one.name != "content_id")


@dataclass(frozen=True)
class Example:
    """A real image and the synthetic image nearest to it: paths, and thumbnails as data URIs
    (empty: none).
    """

    path: str
    nearest: str
    picture: str
    nearest_picture: str
    distance: float | None


@dataclass(frozen=True)
class Range:
    """An attribute over the real images of a gap: tenth percentile, median, ninetieth."""

    low: float
    typical: float
    high: float

    def __str__(self) -> str:
        return f"{self.low:.2g} to {self.high:.2g}"


@dataclass(frozen=True)
class Want:
    """One gap. ``real``: its real images, ``shared`` of them counted with another gap on the page;
    ``rendered``: synthetic images of it; ``look_alikes``: those that come nearest to an absent
    cluster and are not of it; ``wanted``: images to render; ``labels``: how many of its real images
    have each label, by column; ``attributes``: by name.
    """

    group: GroupRow
    real: int
    shared: int
    rendered: float
    look_alikes: float
    wanted: int
    labels: Mapping[str, Mapping[str, int]]
    attributes: Mapping[str, Range]
    examples: Sequence[Example]

    @property
    def name(self) -> str:
        """What it is called."""
        return group_name(self.group)

    @property
    def class_(self) -> str | None:
        """The class of most of its images; None where there is none."""
        return next(iter(self._most("class")), None)

    @property
    def why(self) -> str:
        """Why it is a gap, and what its images have in common."""
        said = (sentence(self.group.reason), sentence(self.group.explanation))
        return " ".join(text for text in said if text)

    @property
    def heading(self) -> str:
        """The order in one line."""
        order = f"Render {number(self.wanted)}" if self.wanted else "Look at"
        return f"{order}: {self.name} ({self.group.tier})"

    @property
    def counts(self) -> list[str]:
        """The numbers of the gap, in words."""
        words = [f"{number(self.real)} real images, {number(self.rendered)} rendered"]
        if self.look_alikes:
            comes = "image comes" if round(self.look_alikes) == 1 else "images come"
            words.append(
                f"{number(self.look_alikes)} synthetic {comes} nearest to them, too far to show "
                "them"
            )
        if self.shared:
            words.append(f"{number(self.shared)} of the real ones are counted with another gap")
        if not self.wanted:
            words.append("in number its share is reached: look at what differs")
        return words

    @property
    def hints(self) -> list[str]:
        """What to aim for, from labels, concepts and attributes."""
        labels = [
            f"{column} {value} ({count} of {self.real})"
            for column in self.labels
            for value, count in self._most(column).items()
        ]
        concepts = [item.name for item in (self.group.concepts or ())[:HINTS] if item.name]
        attributes = []
        for item in (self.group.attributes or ())[:HINTS]:
            within = self.attributes.get(item.name)
            span = f" ({item.name.replace('_', ' ')} {within})" if within else ""
            attributes.append(f"{item.words}{span}")
        said = {"Labels": labels, "Aim for": concepts, "They are": attributes}
        return [f"{start}: {', '.join(words)}" for start, words in said.items() if words]

    def _most(self, column: str) -> dict[str, int]:
        """The label that most of its images have, with its count; empty where there is none."""
        counts = self.labels.get(column, {})
        return {value: count for value, count in counts.items() if count > MOSTLY * self.real}


def wants_of(
    comparison: Comparison,
    version_id: int,
    gaps: Sequence[GroupRow],
    inside: Members,
    size: int,
) -> list[Want]:
    """The gaps of a version of ``size`` images with what to render of each, absent ones first, the
    most wanted first.
    """
    own = _own(gaps, inside)
    rendered = _rendered(gaps, inside, own, _label_counts(comparison, version_id))
    needs = [
        Need(len(own[group.group_id]) / max(inside.images, 1), rendered[group.group_id])
        for group in gaps
    ]
    many = wanted(needs, size)
    order = sorted(
        range(len(gaps)),
        key=lambda place: (TIERS.index(gaps[place].tier), -many[place], gaps[place].group_id),
    )
    shown = [inside.rows[gaps[place].group_id][:EXAMPLES] for place in order]
    pictures = data_uris(
        comparison,
        (
            one
            for rows in shown[:PICTURED]
            for row in rows
            for one in (row.content_id, row.nearest_id)
        ),
    )
    attributes = _attributes(comparison) if gaps else {}
    wants = []
    for place, rows in zip(order, shown, strict=True):
        group, members = gaps[place], inside.rows[gaps[place].group_id]
        told, used = group.rendered or 0.0, rendered[group.group_id]
        wants.append(
            Want(
                group=group,
                real=len(members),
                shared=len(members) - len(own[group.group_id]),
                rendered=used,
                look_alikes=told if _is_far(group) else 0.0,
                wanted=many[place],
                labels=_labels(members, inside),
                attributes=_ranges(members, attributes),
                examples=[_example(row, pictures) for row in rows],
            )
        )
    return wants


# --- how many -------------------------------------------------------------------------------------


def _own(gaps: Sequence[GroupRow], inside: Members) -> dict[str, set[str]]:
    """Paths of the real images that each gap counts: an image in two gaps counts for the smaller,
    which says more of it.
    """
    taken: set[str] = set()
    own = {}
    for group in sorted(gaps, key=lambda one: (len(inside.rows[one.group_id]), one.group_id)):
        own[group.group_id] = {row.path for row in inside.rows[group.group_id]} - taken
        taken |= own[group.group_id]
    return own


def _rendered(
    gaps: Sequence[GroupRow],
    inside: Members,
    own: Mapping[str, set[str]],
    counts: Mapping[str, Mapping[str, int]],
) -> dict[str, float]:
    """Synthetic images of each gap, each counted once: none of an absent cluster (what comes
    nearest to it is of another kind), of another cluster no more than there are of its labels; of a
    label without those of the gaps inside it.
    """
    found = {}
    for group in gaps:
        count = 0.0 if _is_far(group) else group.rendered or 0.0
        if group.decided_by == DecidedBy.VECTORS:
            count = min([count, *_limits(inside.rows[group.group_id], inside, counts)])
        found[group.group_id] = count
    left = dict(found)
    for outer in gaps:
        around = {row.path for row in inside.rows[outer.group_id]}
        for inner in gaps:
            part = own[inner.group_id]
            smaller = len(inside.rows[inner.group_id]) < len(around)
            if smaller and len(part & around) > MOSTLY * len(part):
                left[outer.group_id] -= found[inner.group_id]
    return {group_id: max(0.0, count) for group_id, count in left.items()}


def _is_far(group: GroupRow) -> bool:
    """Whether what comes nearest to a group is not of it: an absent cluster."""
    return group.tier == Tier.ABSENT and group.decided_by == DecidedBy.VECTORS


def _limits(
    rows: Sequence[LabelledCoverageRow],
    inside: Members,
    counts: Mapping[str, Mapping[str, int]],
) -> list[float]:
    """By column that both sides know: how many images are rendered of the labels in a group."""
    limits = []
    for column, values in _labels(rows, inside).items():
        common = [value for value, count in values.items() if count > RARE * len(rows)]
        if column in counts and common and sum(values.values()) == len(rows):
            limits.append(float(sum(counts[column].get(value, 0) for value in common)))
    return limits


def _label_counts(comparison: Comparison, version_id: int) -> dict[str, dict[str, int]]:
    """Synthetic images of a version by column and label."""
    counts: dict[str, dict[str, int]] = {}
    for row in read_rows(LabelCountRow, comparison.label_counts()):
        if row.version_id == version_id:
            counts.setdefault(row.column, {})[row.value] = row.rendered
    return counts


# --- what it looks like ---------------------------------------------------------------------------


def _labels(rows: Sequence[LabelledCoverageRow], inside: Members) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        for column, value in inside.labels.get(row.path, {}).items():
            counts.setdefault(column, Counter())[value] += 1
    return {column: dict(found.most_common()) for column, found in counts.items()}


def _attributes(comparison: Comparison) -> dict[str, dict[str, float | None]]:
    """Attributes of the real images by path, then name."""
    table = comparison.real_attributes()
    return {row["path"]: row for row in table.select(["path", *ATTRIBUTES]).to_pylist()}


def _ranges(
    rows: Sequence[LabelledCoverageRow], attributes: Mapping[str, Mapping[str, float | None]]
) -> dict[str, Range]:
    ranges = {}
    for name in ATTRIBUTES:
        values = [attributes.get(row.path, {}).get(name) for row in rows]
        known = [value for value in values if value is not None]
        if known:
            low, typical, high = (float(value) for value in np.quantile(known, RANGE))
            ranges[name] = Range(low, typical, high)
    return ranges


def _example(row: LabelledCoverageRow, pictures: Mapping[str, str]) -> Example:
    return Example(
        path=row.path,
        nearest=row.nearest_path or "",
        picture=pictures.get(row.content_id, ""),
        nearest_picture=pictures.get(row.nearest_id, ""),
        distance=row.distance,
    )
