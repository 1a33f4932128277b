"""The check: ten borderline groups of a version for a quick yes or no, and which half of the
answers is held back to measure the list.

Which groups are asked about and which answers are held back is fixed by the stored judgement and
the groups' contents alone, so neither moves with what was answered before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts.comparison import GroupRow
from core.contracts.words import DecidedBy, Tier
from core.store.mark_table import Answer
from core.store.results import Comparison

GROUPS = 10
UNSURE = (0.05, 0.95)  # probabilities between which a group is borderline before all others


@dataclass(frozen=True)
class Question:
    """A group to ask about with the paths of its images, what was answered, and whether the answer
    is held back.
    """

    group: GroupRow
    paths: Sequence[str]
    answer: Answer | None
    held_back: bool


def questions(comparison: Comparison, version: str | int) -> list[Question]:
    """The groups to ask about, at most :data:`GROUPS`. A group that carries a mark which is not an
    answer is not asked about: it has the engineer's word already.
    """
    version_id = comparison.version_id(version)
    asked = borderline(comparison.group_rows(version_id))
    held_back = drawn(asked, comparison.group_fingerprints(version_id))
    answers, marks = comparison.answers(version_id), comparison.group_marks(version_id)
    paths = comparison.group_paths(version_id, [row.group_id for row in asked])
    made = []
    for row in asked:
        answer = answers.get(row.group_id)
        if row.group_id in paths and (answer is not None or row.group_id not in marks):
            held = answer.held_back if answer is not None else row.group_id in held_back
            made.append(Question(row, paths[row.group_id], answer, held))
    return made


def borderline(rows: Sequence[GroupRow]) -> list[GroupRow]:
    """The groups that a yes or no says most about: first those with a probability inside
    :data:`UNSURE`, the nearest to 0.5 first; then those of which the judgement cannot tell, the
    largest first; then the absent ones by q-value; then the rest with a probability. Groups that
    were decided by counting labels are no question.
    """
    open_questions = [row for row in rows if row.decided_by == DecidedBy.VECTORS]
    ranked = sorted(
        ((_place(row), row.group_id, row) for row in open_questions if _place(row) is not None),
        key=lambda one: one[:2],
    )
    return [row for _, _, row in ranked[:GROUPS]]


def drawn(asked: Sequence[GroupRow], fingerprints: Mapping[str, str]) -> set[str]:
    """Ids of the groups whose answers are held back: every second one by the hash of its contents,
    of those said absent first and of the others behind them, so that half of each is.
    """
    order = sorted(
        (row.tier != Tier.ABSENT, fingerprints.get(row.group_id, ""), row.group_id) for row in asked
    )
    return {group_id for _, _, group_id in order[::2]}


def _place(row: GroupRow) -> tuple[int, float] | None:
    """Where a group stands among the questions, smaller first; None: it is no question."""
    p = row.probability
    if p is not None and UNSURE[0] <= p <= UNSURE[1]:
        return 0, abs(p - 0.5)
    if row.tier == Tier.CANNOT_TELL:
        return 1, -row.size
    if row.tier == Tier.ABSENT:
        return 2, 1.0 if row.q is None else row.q
    return None if p is None else (3, abs(p - 0.5))
