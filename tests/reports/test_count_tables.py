"""The tables of counts in the report and the render brief: gaps first, and none left out."""

from __future__ import annotations

from typing import cast

from core.contracts.comparison import LabelCountRow
from core.contracts.words import Tier
from core.reports.count_tables import SHOWN, count_tables
from core.store.results import Comparison


class Counted:
    """A comparison of which only the counts are asked for."""

    def __init__(self, tiers: list[Tier]) -> None:
        self.tiers = tiers

    def label_count_rows(self, version: str | int) -> list[LabelCountRow]:
        assert version == "1.0"
        return [
            LabelCountRow(3, "class", f"kind {n}", 50 + n, 0, 0.1, 0.0, 9.6, 0.0, 0.01, tier, "why")
            for n, tier in enumerate(self.tiers)
        ]


def test_gaps_come_first_and_are_all_shown() -> None:
    tiers = [Tier.COVERED] * 20 + [Tier.THIN] * 9 + [Tier.ABSENT] * 9
    (table,) = count_tables(cast(Comparison, Counted(tiers)), "1.0")
    shown = [row.tier for row in table.rows]
    assert shown == [Tier.ABSENT] * 9 + [Tier.THIN] * 9
    assert (table.left, table.gaps) == (20, True)
    assert [row.real for row in table.rows][:2] == [87, 86]  # the commonest first


def test_a_column_without_gaps_is_short() -> None:
    (table,) = count_tables(cast(Comparison, Counted([Tier.COVERED] * 20)), "1.0")
    assert (len(table.rows), table.left, table.gaps) == (SHOWN, 20 - SHOWN, False)
