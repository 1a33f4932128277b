"""A selection compared between the versions of a comparison."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.selections import Selection
from core.contracts.words import RecordStatus


def table(ws: Workspace, selection: Selection) -> None:
    """What each version shows of the selection's real images, and how many of its synthetic images
    are the version's; nothing where there is no comparison.
    """
    records = {one.id: one for one in ws.comparisons.list() if one.status == RecordStatus.DONE}
    if not records:
        return
    chosen = st.session_state.get("comparison")
    comparison = ws.comparisons.get(chosen if chosen in records else next(iter(records)))
    rows = ws.selections.over_versions(selection, comparison)
    if not any(row.real or row.synthetic for row in rows):
        st.caption("No image of this selection is in the newest comparison.")
        return
    st.dataframe(
        [
            {
                "Version": row.version,
                "Real images": row.real,
                "absent": row.absent,
                "thin": row.thin,
                "covered": row.covered,
                "cannot tell": row.cannot_tell,
                "Mean gap score": row.score,
                "Synthetic images": row.synthetic,
            }
            for row in rows
        ],
        hide_index=True,
        column_config={"Mean gap score": st.column_config.NumberColumn(format="%.2f")},
    )
