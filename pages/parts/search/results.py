"""What a search found, as cards; a click opens the detail view."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.search import FoundImage
from pages.parts.shared import detail, neighbours, selections
from pages.parts.shared.style import number

STEP = 48


def datasets(ws: Workspace) -> list[Dataset] | None:
    """The datasets to search; None for all."""
    every = {dataset.id: dataset for dataset in ws.datasets.list()}
    chosen = st.multiselect(
        "In",
        list(every),
        format_func=lambda one: every[one].label if one in every else "",
        key="search_in",
        placeholder="All datasets",
        persist_state="session",
    )
    return [every[one] for one in chosen] or None


def show(ws: Workspace, found: Sequence[FoundImage], nothing: str) -> None:
    """The cards, or ``nothing`` (Markdown) where there are none."""
    if not found:
        st.info(nothing)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{number(len(found))} image{'s' * (len(found) != 1)}", width="content")
        selections.save_contents(ws, (one.content_id for one in found), "found")
    opened = neighbours.tiles(ws, found, ws.datasets.list(), "search_found", step=STEP)
    if opened is not None:
        detail.show_found(ws, opened, found)
