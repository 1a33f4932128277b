"""Selections: sets of images with a name, to look at, combine, compare between versions, export."""

from __future__ import annotations

import streamlit as st

from core.contracts.words import Domain
from pages.parts.search import results
from pages.parts.selections import actions, versions
from pages.parts.shared import marks, style
from pages.parts.shared.session import workspace

LEAD = (
    "Sets of images with a name. They are kept by the images' contents, so they hold in every "
    "version and comparison."
)


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading("Selections", LEAD)
    marks.show_error()
    saved = {one.id: one for one in ws.selections.list()}
    if not saved:
        st.info(
            "There is no selection yet. Search for images and save them.",
            icon=":material/lightbulb:",
        )
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "Selection",
        list(saved),
        format_func=lambda one: saved[one].name if one in saved else "",
        key="selection",
        persist_state="session",
    )
    selection = saved.get(chosen) or next(iter(saved.values()))
    if not ws.read_only:
        with right:
            actions.menu(ws, selection)
    rows = ws.selections.files(selection)
    real = sum(row.domain == Domain.REAL for row in rows)
    st.markdown(f"**{len(rows):,} files: {real:,} real, {len(rows) - real:,} synthetic**")
    versions.table(ws, selection)
    actions.exports(ws, selection)
    if not ws.read_only and len(saved) > 1:
        actions.combine(ws, selection, list(saved.values()))
    found = ws.search.files(ws.selections.contents(selection))
    results.show(ws, found, "The files of these images are in no dataset any more.")


page()
