"""Pictures in a grid that can be clicked: single ones, or a real image with the nearest synthetic
one beside it.

A small component (``gallery.js``, ``gallery.css``) draws them: hundreds of ``st.image`` cost
seconds at every rerun, and plain HTML cannot tell which picture was clicked. Names reach the page
as text, never as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from core import Workspace
from core.contracts.formatting import data_uri
from core.errors import InputError
from pages.parts.shared.plots import FAINT, ink

PREVIEW = 640  # pixels, longest side of the larger picture in the detail dialog


@dataclass(frozen=True)
class Shown:
    """One picture: whose content, and the label in its corner."""

    content_id: str | None
    label: str = ""
    colour: str = FAINT


@dataclass(frozen=True)
class Tile:
    """One card: pictures side by side, a line and a fainter line under them. ``key`` is what a
    click tells.
    """

    key: str
    images: tuple[Shown, ...]
    title: str
    note: str = ""


def show(
    ws: Workspace,
    tiles: Sequence[Tile],
    key: str,
    on_open: Callable[[str], None] | None = None,
) -> str | None:
    """Draw the cards; the key of the one that was just clicked, or None. ``on_open`` hears that
    key before anything is drawn again.
    """
    pictures = [shown for tile in tiles for shown in tile.images]
    ids = tuple(dict.fromkeys(shown.content_id for shown in pictures if shown.content_id))
    uris = data_uris(ws, str(ws.path), ids)
    wide = max((len(tile.images) for tile in tiles), default=1) > 1
    data = {
        "card": "230px" if wide else "124px",
        "tiles": [
            {
                "key": tile.key,
                "title": tile.title,
                "note": tile.note,
                "images": [
                    {
                        "src": uris.get(shown.content_id or ""),
                        "label": shown.label,
                        "colour": shown.colour,
                        "ink": ink(shown.colour),
                    }
                    for shown in tile.images
                ],
            }
            for tile in tiles
        ],
    }
    heard = partial(_opened, key, on_open) if on_open else lambda: None
    result = _component()(key=key, data=data, on_opened_change=heard)
    return result.get("opened")


def grow(
    ws: Workspace,
    rows: Sequence[int] | np.ndarray,
    tile: Callable[[int], Tile],
    *,
    key: str,
    step: int,
    on_open: Callable[[str], None] | None = None,
) -> str | None:
    """Draw a card for each of ``rows``, ``step`` at first and as many more each time the button is
    pressed; the key of the card that was just clicked, or None. ``on_open`` as in :func:`show`.
    """
    shown = growing(key, len(rows), step)
    opened = show(ws, [tile(int(row)) for row in rows[:shown]], f"gallery_{key}", on_open)
    more(key, shown, len(rows), step)
    return opened


def growing(key: str, total: int, step: int) -> int:
    """How many of ``total`` to show: one ``step``, and one more for each press of :func:`more`."""
    return min(total, step * (1 + st.session_state.get(f"{key}_more", 0)))


def more(key: str, shown: int, total: int, step: int) -> None:
    """A button that shows the next ``step``, where there are more."""
    if shown < total:
        st.button(
            f"Show {min(step, total - shown):,} more of {total - shown:,}",
            key=f"{key}_button",
            type="tertiary",
            icon=":material/expand_more:",
            on_click=partial(_show_more, key),
        )


@st.cache_data(show_spinner=False, max_entries=256)
def data_uris(_ws: Workspace, path: str, ids: tuple[str, ...]) -> dict[str, str]:
    """Thumbnails by content id, as data URIs. ``path``: the workspace's, for the cache."""
    return {
        content_id: data_uri(webp) for content_id, webp in _ws.datasets.small_pictures(ids).items()
    }


@st.cache_data(show_spinner=False, max_entries=64)
def preview(_ws: Workspace, path: str, content_id: str) -> bytes | str:
    """A larger WebP made from the image's file, or why there is none."""
    try:
        return _ws.datasets.preview(content_id, PREVIEW)
    except InputError as error:
        return f"{error.what}."


def _opened(key: str, on_open: Callable[[str], None]) -> None:
    opened = (st.session_state.get(key) or {}).get("opened")
    if opened is not None:
        on_open(opened)


def _show_more(key: str) -> None:
    st.session_state[f"{key}_more"] = st.session_state.get(f"{key}_more", 0) + 1


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    here = Path(__file__)
    return st.components.v2.component(
        "gapscope_gallery",
        css=here.with_suffix(".css").read_text("utf-8"),
        js=here.with_suffix(".js").read_text("utf-8"),
    )
