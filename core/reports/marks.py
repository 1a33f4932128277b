"""What the engineer's marks make of a judgement: which gaps are open and matter, which images stay
on the list, and how often the list was right where it was checked.

The stored judgement is never changed. A mark that was set on a group, and the answers of the check
that are used, change what is read from it: "covered after all" takes a group off the list, "does
not matter" leaves it there and out of the count, "matters" puts a group in that the judgement could
not tell of, or that it took for covered when the word was said. Answers that are held back change
nothing: they measure the list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts.comparison import GroupRow
from core.contracts.words import Mark, Tier
from core.reports.members import members
from core.store.mark_table import Answer, GroupMark, ImageMark
from core.store.results import Comparison

Json = dict[str, object]


@dataclass(frozen=True)
class Precision:
    """Of ``checked`` groups that are said absent and whose answers are held back, ``right`` are
    absent by the engineer's word. ``low`` to ``high``: 95 % interval of the share (Wilson).
    """

    right: int
    checked: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.right / self.checked

    @property
    def sentence(self) -> str:
        """The same in words."""
        groups = "group" if self.checked == 1 else "groups"
        are = "is" if self.right == 1 else "are"
        return (
            f"Of {self.checked} {groups} said absent that you checked and whose answers were held "
            f"back, {self.right} {are} (precision {self.value:.2f}, 95 %: {self.low:.2f} to "
            f"{self.high:.2f})."
        )


@dataclass(frozen=True)
class VersionMarks:
    """The marks on the real images as they bear on one version.

    ``groups``: the marked groups by id; ``images``: the marked images by path; ``answers``: those
    of the check by group id; ``open_groups``: ids of the open gaps that matter, in the groups'
    order, without clusters that a label says already; ``precision``: None where no answer about an
    absent group is held back.
    """

    version_id: int
    groups: Mapping[str, GroupMark]
    images: Mapping[str, ImageMark]
    answers: Mapping[str, Answer]
    open_groups: Sequence[str]
    precision: Precision | None

    def __bool__(self) -> bool:
        """Whether anything is marked or answered."""
        return bool(self.groups or self.images or self.answers)

    def count(self, mark: Mark) -> int:
        """How many groups carry a mark."""
        return sum(one.mark == mark for one in self.groups.values())

    def lists(self, path: str, tier: Tier, absent: bool) -> bool:
        """Whether a real image is on the list when the marks are respected. ``tier`` and
        ``absent``: what the judgement says of it.
        """
        mark = self.images.get(path)
        if mark is None:
            return absent
        match mark.mark:
            case Mark.COVERED:
                return False
            case Mark.MATTERS:
                return absent or _put_in(tier, mark.version_id, self.version_id)
            case _:
                return absent


def version_marks(comparison: Comparison, version: str | int) -> VersionMarks:
    """The marks as they bear on one version."""
    version_id = comparison.version_id(version)
    rows, groups = comparison.group_rows(version_id), comparison.group_marks(version_id)
    answers = comparison.answers(version_id)
    once = members(comparison, version_id).once(rows)
    return VersionMarks(
        version_id=version_id,
        groups=groups,
        images=comparison.image_marks(version_id),
        answers=answers,
        open_groups=[row.group_id for row in once if is_open(row, groups.get(row.group_id))],
        precision=measured(rows, answers),
    )


def is_open(row: GroupRow, mark: GroupMark | None) -> bool:
    """Whether a group is an open gap that matters: absent or thin, and neither covered after all
    nor without importance; or put in by "matters".
    """
    gap = row.tier in (Tier.ABSENT, Tier.THIN)
    if mark is None:
        return gap
    if mark.mark == Mark.MATTERS:
        return gap or _put_in(row.tier, mark.version_id, row.version_id)
    return False


def measured(rows: Sequence[GroupRow], answers: Mapping[str, Answer]) -> Precision | None:
    """How often a version's list is right, by the held-back answers about its absent groups."""
    told = [answers.get(row.group_id) for row in rows if row.tier == Tier.ABSENT]
    held = [answer for answer in told if answer is not None and answer.held_back]
    if not held:
        return None
    from core.analysis.coverage.confidence import wilson  # loads SciPy: only where it is asked for

    right = sum(not answer.covered for answer in held)
    return Precision(right, len(held), *wilson(right, len(held)))


def marks_json(marks: VersionMarks) -> Json:
    """What ``compare --json`` says of the marks on one version."""
    precision = marks.precision
    return {
        "open_gaps_that_matter": len(marks.open_groups),
        "checked": len(marks.answers),
        "held_back": sum(answer.held_back for answer in marks.answers.values()),
        "precision": precision
        and {
            "value": precision.value,
            "low": precision.low,
            "high": precision.high,
            "right": precision.right,
            "n": precision.checked,
        },
        "groups": {group_id: mark.mark for group_id, mark in sorted(marks.groups.items())},
    }


def summary_sentence(marks: VersionMarks) -> str:
    """How many gaps are open and matter, and what the marks did, in a sentence or two."""
    count = len(marks.open_groups)
    words = f"{count} open {'gap' if count == 1 else 'gaps'} that {_verb(count)}."
    said = [f"{n} {mark}" for mark in Mark if (n := marks.count(mark))]
    if said:
        words += f" Groups you marked: {', '.join(said)}."
    return words


def _verb(count: int) -> str:
    return "matters" if count == 1 else "matter"


def _put_in(tier: Tier, said_of: int | None, version_id: int) -> bool:
    """Whether "matters" puts a group or image in that the judgement does not list: where it cannot
    tell, and where the word was said against the judgement of this very version. A later version
    that covers it has closed it.
    """
    return tier == Tier.CANNOT_TELL or (tier == Tier.COVERED and said_of == version_id)
