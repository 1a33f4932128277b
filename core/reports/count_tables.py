"""Real against rendered images of every label, as the report and the render brief show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.contracts.comparison import LabelCountRow
from core.contracts.label_words import by_column
from core.contracts.words import Tier
from core.store.results import Comparison

SHOWN = 12  # labels of a column


@dataclass(frozen=True)
class CountTable:
    """One column's counts, the gaps first: those that are shown (``rows``) and how many are
    ``left``.
    """

    column: str
    rows: Sequence[LabelCountRow]
    left: int

    @property
    def gaps(self) -> bool:
        """Whether a label of it is absent or thin."""
        return any(row.tier in (Tier.ABSENT, Tier.THIN) for row in self.rows)


def count_tables(comparison: Comparison, version: str | int) -> list[CountTable]:
    """A table for each column that was counted. Every absent and thin label is in it, however many
    there are.
    """
    tables = []
    for column, rows in by_column(comparison.label_count_rows(version)).items():
        gaps = sum(row.tier in (Tier.ABSENT, Tier.THIN) for row in rows)
        shown = max(SHOWN, gaps)
        tables.append(CountTable(column, rows[:shown], max(len(rows) - shown, 0)))
    return tables
