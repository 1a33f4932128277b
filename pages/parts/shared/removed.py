"""What was removed: a button that puts it back, and one that deletes all of it for good and asks
before.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.shared import errors
from pages.parts.shared.style import ago, escape


def panel(ws: Workspace) -> None:
    """Draw it; nothing where nothing was removed."""
    gone = ws.removals.list()
    if not gone or ws.read_only:
        return
    with st.expander(f"Removed: {len(gone)}", icon=":material/restore_from_trash:", type="compact"):
        for one in gone:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                st.markdown(f"{escape(one.words)} :gray[· removed {ago(one.removed_at)}]")
                if st.button(
                    "Put back", icon=":material/undo:", key=f"put_back-{one.thing}-{one.id}"
                ):
                    with errors.shown():
                        ws.removals.put_back(one)
                        st.rerun()
        with st.popover("Delete for good…", icon=":material/delete_forever:", key="purge"):
            st.markdown(
                f"**Delete {'this' if len(gone) == 1 else f'all {len(gone)}'} for good?** Results, "
                "labels and marks are gone then. Your image files are not touched."
            )
            if st.button("Delete for good", key="purge_sure", width="stretch"):
                with errors.shown():
                    ws.removals.purge()
                    st.rerun()
