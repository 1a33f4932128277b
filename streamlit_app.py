"""Gapscope's screen: page setup, navigation and the sidebar. Run it with ``streamlit run streamlit_app.py``."""

from __future__ import annotations

import streamlit as st

from core.errors import GapscopeError
from pages.parts import errors, joblist, navigation, session, style

st.set_page_config(page_title="Gapscope", page_icon=":material/troubleshoot:", layout="wide")
style.apply()
st.logo(style.MARK, size="large")

sections: dict[str, list[object]] = {}
for info in navigation.existing():
    page = st.Page(info.file, title=info.title, icon=info.icon, url_path=info.name, default=info.name == "home")
    sections.setdefault(info.section, []).append(page)
current = st.navigation(sections)  # type: ignore[arg-type]

workspace = session.workspace()
session.keep_in_address()
with st.sidebar:
    joblist.sidebar(workspace)
    session.describe(workspace)
try:
    current.run()
except GapscopeError as error:
    errors.box(error)
