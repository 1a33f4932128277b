"""One picture at full size, or two side by side, to zoom and move in.

A small component (``viewer.js``, ``viewer.css``) shows them. The pictures go to the browser as
media files, so that a message holds only their addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit import runtime

from core import Workspace
from core.errors import InputError
from core.workspace.datasets import FullImage

LARGEST = 4096  # pixels, longest side of a picture that a browser cannot show as it is


@dataclass(frozen=True)
class Pane:
    """One picture: whose content, the line under it and a fainter one behind."""

    content_id: str
    title: str
    note: str = ""


def show(ws: Workspace, panes: Sequence[Pane], key: str) -> None:
    """Draw the pictures side by side; they are zoomed and moved together."""
    images: list[dict[str, str | None]] = []
    for place, pane in enumerate(panes):
        full = _full(ws, str(ws.path), pane.content_id)
        if isinstance(full, FullImage):
            note = " · ".join(filter(None, (pane.note, f"{full.width:,} × {full.height:,} px")))
            url = _media_url(full, f"{key}-{place}")
            images.append({"title": pane.title, "note": note, "url": url})
        else:
            images.append({"title": pane.title, "note": pane.note, "url": None, "why": full})
    _component()(key=key, data={"images": images})


@st.cache_data(show_spinner=False, max_entries=16)
def _full(_ws: Workspace, path: str, content_id: str) -> FullImage | str:
    """The picture, or why there is none. ``path``: the workspace's, for the cache."""
    try:
        return _ws.datasets.full_image(content_id, LARGEST)
    except InputError as error:
        return f"{error.what}."


def _media_url(image: FullImage, place: str) -> str:
    """The address at which the browser gets a picture. (The manager is Streamlit's own; it is not
    public, so it is used here only.)
    """
    manager = runtime.get_instance().media_file_mgr
    return manager.add(image.data, image.mime, f"gapscope-{place}")


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    here = Path(__file__)
    return st.components.v2.component(
        "gapscope_viewer",
        css=here.with_suffix(".css").read_text("utf-8"),
        js=here.with_suffix(".js").read_text("utf-8"),
    )
