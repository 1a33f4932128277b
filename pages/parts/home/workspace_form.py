"""Opening or making another workspace."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.shared import errors, session


def draw(ws: Workspace) -> None:
    """The form; the browser session looks at the workspace that was opened."""
    with st.expander(
        "Open or make another workspace", icon=":material/folder_open:", type="compact"
    ):
        st.caption(
            "A workspace is one DuckDB file with everything in it. A path that is not there yet is "
            "made."
        )
        with st.form("open_workspace", border=False):
            typed = st.text_input("Path of the file", value=str(ws.path), key="workspace_path")
            read_only = st.checkbox(
                "For reading only",
                help="Look at a colleague's copy without changing it.",
                key="workspace_read_only",
            )
            if st.form_submit_button("Open"):
                with errors.shown():
                    where = session.checked(typed, read_only=read_only)
                    session.open_shared(where)
                    session.look_at(where)
                    st.rerun()
