"""Counts before embeddings: for every label that both sides know, real against rendered images, on
top of the Gaps page.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contracts.comparison import LabelCountRow
from core.contracts.label_words import by_column, tier_words
from core.contracts.words import Tier
from pages.parts.shared.read import Scene
from pages.parts.shared.style import html, number, percent

SHOWN = 8  # labels of a column at first; what is absent or thin is shown always
HEADINGS = ("real", "rendered", "expected", "rendered share, 95 %")
ABOUT = (
    "Counts of your labels, before any picture is compared. Expected: synthetic images that would "
    "match the real share. Absent: none is rendered. Thin: less than a quarter of the expected, "
    "and more than chance explains. Covered here means rendered in number; the groups below look "
    "inside."
)


def show(scene: Scene) -> None:
    """A table for each column, its gaps first; then what to know of the columns."""
    columns, notes = by_column(scene.label_counts), scene.label_notes
    if not columns and not notes:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown("**Labels: real against rendered**", help=ABOUT)
        for column, rows in columns.items():
            gaps = sum(row.tier in (Tier.ABSENT, Tier.THIN) for row in rows)
            first = max(SHOWN, gaps)
            _table(column, rows[:first])
            if rows[first:]:
                with st.expander(f"{len(rows) - first:,} more", type="compact"):
                    _table(column, rows[first:])
        for note in notes:
            st.html(f"<div class='gs gs-soft'>{html(note.note)}</div>")


def _table(column: str, rows: Sequence[LabelCountRow]) -> None:
    """A small table at once, without a canvas; each tier's reason shows under the pointer."""
    cells = [
        _cell(column, "gs-label"),
        *(_cell(heading, "gs-label gs-number") for heading in HEADINGS),
        _cell("judgement", "gs-label"),
    ]
    for row in rows:
        interval = f"{percent(row.low)} to {percent(row.high)}"
        cells.append(_cell(row.value, "gs-name"))
        cells += [
            _cell(text, "gs-number")
            for text in (number(row.real), number(row.rendered), number(row.expected), interval)
        ]
        tone = f"gs-tier-{row.tier.replace(' ', '-')}" if row.real else "gs-label"
        cells.append(_cell(tier_words(row), tone, row.reason))
    st.html(
        "<div class='gs gs-table' style='grid-template-columns:repeat(6, auto)'>"
        f"{''.join(cells)}</div>"
    )


def _cell(text: str, tone: str, title: str = "") -> str:
    """One cell as HTML."""
    return f"<span class='{tone}' title='{html(title)}'>{html(text)}</span>"
