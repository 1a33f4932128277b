"""Pairs of versions as screens and reports tell them: what closed, opened, came back, and whether
that is more than chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from core.analysis.changes.net import NetChange, net_change
from core.reports.source import ComparisonLike

LISTS = ("closed", "open", "opened", "regressed")
WORDS = {"closed": "Closed", "open": "Still open", "opened": "New", "regressed": "Regressed"}
MEANING = {
    "closed": "clearly better covered than before",
    "open": "on the new version's list, not clearly changed or not enough",
    "opened": "clearly worse covered than before",
    "regressed": "closed by an earlier version, open again now",
}


@dataclass(frozen=True)
class Pair:
    """Two versions (by dataset id and label), the rows of the changes table between them, and the
    verdict.

    ``lists``: rows by ``closed``, ``open``, ``opened`` and ``regressed`` (which are among the
    opened), the largest change first.
    """

    from_id: int
    to_id: int
    before: str
    after: str
    lists: Mapping[str, pa.Table]
    verdict: NetChange

    @property
    def counts(self) -> dict[str, int]:
        """How many images each list has."""
        return {name: table.num_rows for name, table in self.lists.items()}


def pairs_of(comparison: ComparisonLike) -> list[Pair]:
    """Every pair of versions that the comparison judged, neighbours first, then wider ones; empty
    for one version.
    """
    table = comparison.changes()
    place = {dataset.id: index for index, dataset in enumerate(comparison.versions)}
    keys = {
        (row["from_id"], row["to_id"])
        for row in table.select(["from_id", "to_id"])
        .group_by(["from_id", "to_id"])
        .aggregate([])
        .to_pylist()
    }
    labels = {dataset.id: str(dataset.version) for dataset in comparison.versions}
    found = []
    for first, second in sorted(
        keys, key=lambda key: (place[key[1]] - place[key[0]], place[key[0]])
    ):
        rows = table.filter(
            pc.and_(pc.equal(table["from_id"], first), pc.equal(table["to_id"], second))
        )
        lists = {
            state: rows.filter(pc.equal(rows["state"], state))
            for state in ("closed", "open", "opened")
        }
        lists["regressed"] = rows.filter(pc.fill_null(rows["regressed"], False))
        for name in ("opened", "regressed"):
            lists[name] = lists[name].sort_by([("change", "ascending")])
        judged = net_change(lists["closed"].num_rows, lists["opened"].num_rows, rows.num_rows)
        found.append(
            Pair(
                first,
                second,
                labels[first],
                labels[second],
                {name: lists[name] for name in LISTS},
                judged,
            )
        )
    return found
