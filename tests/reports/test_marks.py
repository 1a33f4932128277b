"""What marks make of a judgement: open gaps, the list, the check's ten groups, and the precision
that held-back answers measure.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from core.contracts.comparison import GroupRow
from core.contracts.words import DecidedBy, GroupKind, Mark, Tier
from core.reports.check import GROUPS, borderline, drawn
from core.reports.marks import Precision, VersionMarks, is_open, measured
from core.store.mark_table import Answer, GroupMark, ImageMark
from core.workspace import Comparison

VERSION, EARLIER = 2, 1
BLANK = GroupRow(
    version_id=VERSION,
    group_id="cluster:0",
    kind=GroupKind.CLUSTER,
    cluster=0,
    column=None,
    value=None,
    size=20,
    own=20,
    tier=Tier.COVERED,
    decided_by=DecidedBy.VECTORS,
    reason="as others",
    probability=None,
    q=None,
    absent=0,
    rendered=None,
    expected=None,
    low=None,
    high=None,
    score=None,
    stability=None,
    name=None,
    explanation=None,
    tags=None,
    attributes=None,
    concepts=None,
    classes=None,
)


def group(number: int, tier: Tier = Tier.ABSENT, **values: object) -> GroupRow:
    """A group with this number and these values."""
    return replace(BLANK, group_id=f"cluster:{number}", cluster=number, tier=tier, **values)


def marked(mark: Mark, version_id: int = VERSION) -> GroupMark:
    """A mark on a whole group."""
    return GroupMark(mark, 20, version_id)


def test_without_a_mark_absent_and_thin_groups_are_open() -> None:
    assert [is_open(group(0, tier), None) for tier in Tier] == [
        tier in (Tier.ABSENT, Tier.THIN) for tier in Tier
    ]


@pytest.mark.parametrize(
    ("tier", "said_of"), product(Tier, (EARLIER, VERSION)), ids=lambda value: str(value)
)
def test_a_mark_decides_what_is_open(tier: Tier, said_of: int) -> None:
    row = group(0, tier)
    assert not is_open(row, marked(Mark.COVERED, said_of))
    assert not is_open(row, marked(Mark.IGNORED, said_of))
    # a version that covers what mattered in an earlier one has closed it
    assert is_open(row, marked(Mark.MATTERS, said_of)) is (
        tier != Tier.COVERED or said_of == VERSION
    )


def test_an_image_follows_its_mark_on_and_off_the_list() -> None:
    images = {
        "covered": ImageMark(Mark.COVERED, VERSION, own=True),
        "ignored": ImageMark(Mark.IGNORED, VERSION, own=False),
        "matters": ImageMark(Mark.MATTERS, EARLIER, own=True),
    }
    marks = VersionMarks(VERSION, {}, images, {}, (), None)
    assert not marks.lists("covered", Tier.ABSENT, absent=True)
    assert marks.lists("ignored", Tier.ABSENT, absent=True)
    assert marks.lists("matters", Tier.CANNOT_TELL, absent=False)
    assert not marks.lists("matters", Tier.COVERED, absent=False)
    assert marks.lists("unmarked", Tier.ABSENT, absent=True)
    assert not marks.lists("unmarked", Tier.CANNOT_TELL, absent=False)


def test_precision_counts_held_back_answers_about_absent_groups_only() -> None:
    rows = [group(number) for number in range(12)]
    rows += [group(12, Tier.CANNOT_TELL), group(13, Tier.COVERED)]
    held, used = Answer(covered=False, held_back=True), Answer(covered=True, held_back=False)
    answers = {f"cluster:{number}": held for number in range(8)}
    answers |= {"cluster:8": Answer(covered=True, held_back=True)}
    answers |= {f"cluster:{number}": used for number in (9, 10, 11)}
    answers |= {f"cluster:{number}": Answer(True, True) for number in (12, 13)}
    found = measured(rows, answers)
    assert found is not None and (found.right, found.checked) == (8, 9)
    # Newcombe 1998, method 3, worked by hand for 8 of 9
    assert (found.low, found.high) == (
        pytest.approx(0.5650, abs=1e-4),
        pytest.approx(0.9801, abs=1e-4),
    )
    assert "Of 9 groups said absent" in found.sentence
    assert "8 are (precision 0.89, 95 %: 0.57 to 0.98)" in found.sentence


def test_without_a_held_back_answer_there_is_no_precision() -> None:
    assert measured([group(0)], {}) is None
    assert measured([group(0)], {"cluster:0": Answer(False, held_back=False)}) is None
    assert measured([group(0, Tier.COVERED)], {"cluster:0": Answer(False, True)}) is None


def test_one_group_is_told_in_the_singular() -> None:
    assert Precision(1, 1, 0.2, 1.0).sentence.startswith("Of 1 group said absent")
    assert ", 1 is (precision 1.00" in Precision(1, 1, 0.2, 1.0).sentence


def test_the_least_sure_groups_are_asked_about_first() -> None:
    rows = [
        group(0, Tier.ABSENT, q=0.2),
        group(1, Tier.ABSENT, q=0.01),
        group(2, Tier.ABSENT),
        group(3, Tier.CANNOT_TELL, size=5),
        group(4, Tier.CANNOT_TELL, size=50),
        group(5, Tier.ABSENT, probability=0.7),
        group(6, Tier.COVERED, probability=0.4),
        group(7, Tier.COVERED, probability=0.001),
        group(8, Tier.COVERED),
        group(9, Tier.ABSENT, decided_by=DecidedBy.COUNTS, probability=0.5),
    ]
    asked = [row.cluster for row in borderline(rows)]
    assert asked == [6, 5, 4, 3, 1, 0, 2, 7]


def test_ten_at_most_are_asked_about() -> None:
    assert len(borderline([group(number) for number in range(30)])) == GROUPS == 10


def test_half_is_held_back_by_content_alone() -> None:
    rows = [group(number) for number in range(6)]
    rows += [group(number, Tier.CANNOT_TELL) for number in range(6, 10)]
    hashes = {row.group_id: f"{(row.cluster or 0) * 5 % 11:02d}" for row in rows}
    held = drawn(rows, hashes)
    assert len(held & {row.group_id for row in rows[:6]}) == 3
    assert len(held & {row.group_id for row in rows[6:]}) == 2
    assert drawn(rows[::-1], hashes) == held
    # other numbers for the same contents: the same groups
    renamed = [replace(row, group_id=f"cluster:{row.cluster + 50}") for row in rows]
    moved = {f"cluster:{int(one.split(':')[1]) + 50}": value for one, value in hashes.items()}
    assert {int(one.split(":")[1]) - 50 for one in drawn(renamed, moved)} == {
        int(one.split(":")[1]) for one in held
    }


def test_nothing_marked_says_nothing(comparison: Comparison) -> None:
    assert comparison.group_marks("1.1") == comparison.image_marks("1.1") == {}
    assert comparison.answers("1.1") == {}
