"""Pairs of versions as screens and reports show them: what closed, opened, came back, what happened
to each group, and whether the later version is better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.changes.net import net_change
from core.contracts.change_words import LISTS, ChangeList
from core.contracts.comparison import ChangeRow
from core.contracts.words import State
from core.reports.verdict import GroupChange, PairVerdict, group_changes, pair_verdict
from core.store.results import Comparison


@dataclass(frozen=True)
class Pair:
    """Two versions (by dataset id and label), the real images that changed between them, what
    happened to each group, and the verdict.

    ``lists``: by list, the largest change first. The regressed are among the opened.
    """

    from_id: int
    to_id: int
    before: str
    after: str
    lists: Mapping[ChangeList, Sequence[ChangeRow]]
    groups: Sequence[GroupChange]
    verdict: PairVerdict

    @property
    def key(self) -> str:
        """What the pair is known by on a page."""
        return f"{self.from_id}-{self.to_id}"

    @property
    def counts(self) -> dict[ChangeList, int]:
        """How many images each list has."""
        return {name: len(rows) for name, rows in self.lists.items()}


def pairs_of(comparison: Comparison) -> list[Pair]:
    """Every pair of versions that the comparison judged, neighbours first, then wider ones; empty
    for one version.
    """
    place = {dataset.id: index for index, dataset in enumerate(comparison.versions)}
    labels = {dataset.id: str(dataset.version) for dataset in comparison.versions}
    rows = {row.version_id: row for row in comparison.version_rows()}
    groups = {dataset.id: comparison.group_rows(dataset.id) for dataset in comparison.versions}
    pairs = []
    for judged in sorted(
        comparison.judged_pairs(),
        key=lambda one: (place[one.to_id] - place[one.from_id], place[one.from_id]),
    ):
        lists = lists_of(comparison.changed_rows(judged.from_id, judged.to_id))
        closed, opened = lists[ChangeList.CLOSED], lists[ChangeList.OPENED]
        between = (judged.from_id, judged.to_id)
        net = net_change(len(closed), len(opened), judged.images)
        pairs.append(
            Pair(
                judged.from_id,
                judged.to_id,
                labels[judged.from_id],
                labels[judged.to_id],
                lists,
                group_changes(
                    groups[judged.from_id],
                    groups[judged.to_id],
                    comparison.state_counts(*between),
                ),
                pair_verdict(
                    rows[judged.from_id], rows[judged.to_id], net, comparison.tier_changes(*between)
                ),
            )
        )
    return pairs


def lists_of(rows: Sequence[ChangeRow]) -> dict[ChangeList, list[ChangeRow]]:
    """Rows of one pair by list, the largest change first: what closed came nearest, what opened
    went farthest.
    """
    lists = {
        ChangeList.CLOSED: [row for row in rows if row.state == State.CLOSED],
        ChangeList.OPEN: [row for row in rows if row.state == State.OPEN],
        ChangeList.OPENED: [row for row in rows if row.state == State.OPENED],
        ChangeList.REGRESSED: [row for row in rows if row.regressed],
    }
    for name in (ChangeList.OPENED, ChangeList.REGRESSED):
        lists[name].sort(key=lambda row: row.change)
    return {name: lists[name] for name in LISTS}


def neighbours(comparison: Comparison, pair: Pair) -> bool:
    """Whether the pair's second version comes directly after its first."""
    order = comparison.record.version_ids
    return order.index(pair.to_id) == order.index(pair.from_id) + 1
