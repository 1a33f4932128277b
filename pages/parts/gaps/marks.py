"""What the engineer's marks do to the list on the Gaps page: the switches, the rows that stay, the
column of the CSV, and what is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.contracts.comparison import GroupRow
from core.contracts.words import Mark, Tier
from core.workspace.marks import summary_sentence
from pages.parts.shared import marks
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

RESPECT, HIDE = "gaps_respect_marks", "gaps_hide_ignored"  # session state: the switches
PLAIN = (
    "Every mark you set and half of your answers to the check are used here; the other half is "
    "held back: it changes no list and only measures how often the list is right."
)


def controls(scene: Scene) -> None:
    """The switches and one line on what the marks say; nothing where nothing is marked."""
    marks.show_error()
    marked = marks.of(scene)
    if not marked:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(
            "Respect my marks",
            value=True,
            key=RESPECT,
            persist_state="session",
            help="What you marked as covered after all is off the list, what matters is on it. "
            "The stored judgement stays as it is.",
        )
        st.toggle("Hide what does not matter", key=HIDE, persist_state="session")
    words = summary_sentence(marked)
    if marked.precision is not None:
        words += f" {marked.precision.sentence}"
    st.caption(f"{escape(words)} {escape(PLAIN)}")


def respected(
    scene: Scene, rows: np.ndarray, classes: Sequence[str], *, absent_only: bool
) -> np.ndarray:
    """The rows of the coverage that stay under the switches, in the coverage's order.

    ``absent_only``: ``rows`` are the absent images of the ``classes`` (none: of all); then what was
    marked as covered after all goes, and what matters comes in.
    """
    marked, coverage = marks.of(scene), scene.coverage
    if not marked.images:
        return rows
    keep = np.zeros(len(coverage), bool)
    keep[rows] = True
    if absent_only and st.session_state.get(RESPECT, True):
        for row, path in enumerate(coverage.path.tolist()):
            if path in marked.images:
                keep[row] = marked.lists(path, coverage.tier[row], bool(coverage.absent[row]))
        if classes:
            keep &= np.isin(coverage.class_.astype(str), list(classes))
    if st.session_state.get(HIDE, False):
        keep &= words_by_row(scene) != Mark.IGNORED
    return np.flatnonzero(keep)


def tier(scene: Scene, group: GroupRow) -> Tier:
    """Where a group stands on the list: its tier, or what the engineer's marks make of it."""
    marked = marks.of(scene)
    mark = marked.groups.get(group.group_id)
    if mark is None or not st.session_state.get(RESPECT, True):
        return group.tier
    if mark.mark == Mark.COVERED:
        return Tier.COVERED
    opened = mark.mark == Mark.MATTERS and group.group_id in marked.open_groups
    return Tier.ABSENT if opened and group.tier != Tier.THIN else group.tier


def words_by_row(scene: Scene) -> np.ndarray:
    """The mark of each row of the coverage, None where there is none: objects (n,)."""
    images = marks.of(scene).images
    found = (images.get(path) for path in scene.coverage.path.tolist())
    words = np.empty(len(scene.coverage), object)
    words[:] = [one.mark if one else None for one in found]
    return words
