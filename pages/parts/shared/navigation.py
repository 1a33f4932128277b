"""The pages there are, in the order of the navigation, and links between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from pages.parts.shared import style

FOLDER = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class PageInfo:
    """One page: its file's name, its title, its icon and the section it belongs to."""

    name: str
    title: str
    icon: str
    section: str

    @property
    def file(self) -> Path:
        """Where its script is."""
        return FOLDER / f"{self.name}.py"


ALL = (
    PageInfo("home", "Home", ":material/home:", "Project"),
    PageInfo("datasets", "Datasets", ":material/photo_library:", "Project"),
    PageInfo("jobs", "Jobs", ":material/pending_actions:", "Project"),
    PageInfo("map", "Map", ":material/scatter_plot:", "Look"),
    PageInfo("gaps", "Gaps", ":material/troubleshoot:", "Look"),
    PageInfo("versions", "Versions", ":material/compare_arrows:", "Look"),
    PageInfo("search", "Search", ":material/image_search:", "Look"),
    PageInfo("selections", "Selections", ":material/bookmarks:", "Look"),
    PageInfo("spectrum", "Spectrum", ":material/equalizer:", "Look"),
    PageInfo("finetune", "Fine-tune", ":material/model_training:", "Act"),
)


def existing() -> list[PageInfo]:
    """The pages whose script is there."""
    return [page for page in ALL if page.file.exists()]


def has(name: str) -> bool:
    """Whether a page is there."""
    return _find(name) is not None


def menu() -> dict[str, list[st.Page]]:
    """The pages by section, as ``st.navigation`` takes them."""
    sections: dict[str, list[st.Page]] = {}
    for info in existing():
        page = st.Page(
            info.file,
            title=info.title,
            icon=info.icon,
            url_path=info.name,
            default=info.name == "home",
        )
        sections.setdefault(info.section, []).append(page)
    return sections


def inside_shell() -> None:
    """See to it that a page runs inside the shell.

    In a server that has served nothing yet, Streamlit takes a link to ``/datasets`` as a call of
    ``pages/datasets.py`` alone, because of the folder's name. Once the navigation is known, the
    same link leads through the shell.
    """
    if PagesManager.uses_pages_directory:
        # else the browser asks a font service for the page's own icon
        st.set_page_config(page_icon=style.ICON)
        st.navigation(menu())
        st.rerun()


def visit(name: str) -> None:
    """Remember that this browser session has seen a page."""
    st.session_state.setdefault("visited", set()).add(name)


def visited(name: str) -> bool:
    """Whether this browser session has seen a page."""
    return name in st.session_state.get("visited", ())


def link(name: str, label: str, *, icon: str | None = None) -> None:
    """A link to another page; nothing where that page is not there."""
    page = _find(name)
    if page is not None:
        st.page_link(str(page.file), label=label, icon=icon or page.icon)


def go(name: str, *, comparison: int | None = None) -> None:
    """Show another page now, with this comparison chosen there; stay where there is none."""
    page = _find(name)
    if page is None:
        return
    if comparison is not None:
        st.session_state["comparison"] = comparison
    st.switch_page(str(page.file))


def _find(name: str) -> PageInfo | None:
    return next((page for page in existing() if page.name == name), None)
