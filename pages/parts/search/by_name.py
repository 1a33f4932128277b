"""Search by a part of a file's name or folder."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.search import results
from pages.parts.shared.style import escape

MOST = 500


def show(ws: Workspace) -> None:
    """The field, and what it finds."""
    part = st.text_input(
        "Part of the path", key="search_name", placeholder="night/00", persist_state="session"
    ).strip()
    datasets = results.datasets(ws)
    if not part:
        return
    found = ws.search.by_name(part, datasets, limit=MOST)
    if len(found) == MOST:
        st.caption(f"The first {MOST:,} images; write more of the name to find fewer.")
    results.show(ws, found, f"No readable image has {escape(part)} in its path.")
