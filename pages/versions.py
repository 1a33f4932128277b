"""Versions: what each renderer version closed and what it broke, whether that is more than chance,
and what may be compared.
"""

from __future__ import annotations

from enum import StrEnum

from pages.parts.shared import address, choose, style
from pages.parts.shared.session import workspace
from pages.parts.versions import changes, clusters, exports, history, trend


class Section(StrEnum):
    """What the page shows."""

    CHANGES = "What changed"
    TREND = "Trend"
    CLUSTERS = "Clusters"
    HISTORY = "History"
    EXPORTS = "Report and exports"


SHOW = {
    Section.CHANGES: changes.show,
    Section.TREND: trend.show,
    Section.CLUSTERS: clusters.show,
    Section.HISTORY: history.show,
    Section.EXPORTS: exports.show,
}


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Versions",
        "What each renderer version closed, what it broke, and whether the difference is real.",
    )
    comparison = choose.comparison(ws)
    if comparison is None:
        return
    section = address.section(Section, "versions_section")
    SHOW[section](ws, comparison)


page()
