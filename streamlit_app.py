"""Gapscope's screen: page setup, navigation and the sidebar. Run it with ``streamlit run
streamlit_app.py``.

All of it stands in functions: a worker process that the server spawns imports this file once more,
and must find nothing to run and no Streamlit to import.
"""

from __future__ import annotations

from typing import Any


def main() -> None:
    """One run of the app: the shell, and inside it the page that the user chose."""
    import streamlit as st

    from core.errors import GapscopeError
    from pages.parts.shared import address, errors, joblist, navigation, session, style

    st.set_page_config(page_title="Gapscope", page_icon=style.ICON, layout="wide")
    style.apply()
    st.logo(style.MARK, size="large")
    current = st.navigation(navigation.menu())

    page = current.url_path or "home"
    address.read(page)
    workspace = session.workspace()
    session.keep_in_address()
    navigation.visit(page)
    with st.sidebar:
        joblist.sidebar(workspace)
        session.describe(workspace)
    try:
        current.run()
    except GapscopeError as error:
        errors.box(error)
    address.write(page)


def __getattr__(name: str) -> Any:
    """``app``: the server, made when Streamlit asks this module for it; this file as its script,
    and beside it a route for the cards of the map.
    """
    if name != "app":
        raise AttributeError(name)
    from streamlit.starlette import App

    from pages.parts.shared import cards

    app = App(__file__, routes=[cards.route()])
    return app  # noqa: RET504 - Streamlit looks for this assignment


if __name__ == "__main__":
    main()
