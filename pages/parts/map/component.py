"""The map as a Streamlit component: what it is told, and what it tells.

Its JavaScript is in ``js/``. The message to it is small at any number of points: addresses of media
files, the palette, legend and labels. It tells three things: what was drawn or clicked
(``gesture``), which entries of the legend are left out (``hide``), that there is no WebGL 2
(``missing``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.map import modules
from pages.parts.map.colouring import Colouring
from pages.parts.map.media import MediaFile, address, mask_file, media_file
from pages.parts.shared.plots import ABSENT

REAL_FLAG, ABSENT_FLAG = 1, 2  # as engine.js has them


@dataclass(frozen=True)
class Label:
    """Words on the map: above which place on paper and, if it has one there, at which in space.
    ``tone``: ``gap`` or ``plain``.
    """

    text: str
    tone: str
    flat: tuple[float, ...]
    deep: tuple[float, ...] | None = None


@dataclass(frozen=True, eq=False)
class Drawing:
    """What one map shows. All arrays have n rows, in one order.

    ``view``: names the map; another name starts with all of it in sight. ``flat``: float32 (n, 2),
    ``deep``: float32 (n, 3) or None, both as files of :func:`coordinates`; NaN: not on this map.
    ``real``, ``absent``, ``shown``, ``selected``: bool (n,). ``hidden``: labels that the legend
    leaves out. ``serial``: of the newest gesture that ``selected`` knows. ``cards``: where to ask
    for what is known of a row. ``link``: maps of one name move together. ``share``: of how many
    maps, one above the other, it is one that fill the window down to its foot; 0: of none.
    ``first``: it is the topmost of them.
    """

    view: str
    title: str
    flat: MediaFile
    deep: MediaFile | None
    real: np.ndarray
    absent: np.ndarray
    shown: np.ndarray
    selected: np.ndarray
    colours: Colouring
    by: str
    hidden: tuple[str, ...] = ()
    labels: Sequence[Label] = ()
    serial: int = 0
    cards: str | None = None
    link: str | None = None
    note: str | None = None
    share: int = 0
    first: bool = True


def coordinates(places: np.ndarray) -> MediaFile:
    """Coordinates (n, 2) or (n, 3) as a file; NaN stays NaN."""
    return media_file(np.ascontiguousarray(places, dtype="<f4").tobytes())


def show(drawing: Drawing, key: str, told: Callable[[str], None]) -> None:
    """Draw the map. ``told`` is called before the next run with what it told: ``gesture``, ``hide``
    or ``missing``; :func:`value_of` gives the value.
    """
    _component()(
        key=key,
        data=_data(drawing),
        on_gesture_change=lambda: told("gesture"),
        on_hide_change=lambda: told("hide"),
        on_missing_change=lambda: told("missing"),
    )


def value_of(key: str, event: str) -> Any:
    """What the map of this key told just now, or None. It comes from a browser: check it."""
    state = st.session_state.get(key) or {}
    return state.get(event)


def _data(drawing: Drawing) -> dict[str, Any]:
    colours = drawing.colours
    kinds = drawing.real * np.uint8(REAL_FLAG) + drawing.absent * np.uint8(ABSENT_FLAG)
    return {
        "module": modules.entry_address(),
        "view": drawing.view,
        "title": drawing.title,
        "count": len(drawing.real),
        "flat": address(drawing.flat),
        "deep": address(drawing.deep) if drawing.deep is not None else None,
        "kinds": address(media_file(kinds.astype(np.uint8).tobytes())),
        "codes": address(media_file(colours.codes.astype(np.uint8).tobytes())),
        "shown": None if drawing.shown.all() else address(mask_file(drawing.shown)),
        "selected": address(mask_file(drawing.selected)) if drawing.selected.any() else None,
        "serial": drawing.serial,
        "palette": list(colours.colours),
        "legend": [
            {
                "label": entry.label,
                "count": entry.count,
                "codes": list(entry.codes),
                "ring": entry.ring,
                "hidden": entry.label in drawing.hidden,
            }
            for entry in colours.legend
        ],
        "scale": colours.ends
        and {"colours": colours.colours[1::8], "low": colours.ends[0], "high": colours.ends[1]},
        "by": drawing.by,
        "labels": [
            {"text": label.text, "tone": label.tone, "flat": label.flat, "deep": label.deep}
            for label in drawing.labels
        ],
        "gap": ABSENT,
        "cards": drawing.cards,
        "link": drawing.link,
        "note": drawing.note,
        "share": drawing.share,
        "first": drawing.first,
    }


@st.cache_resource(show_spinner=False)
def _component() -> Any:
    return st.components.v2.component(
        "gapscope_map", css=modules.text(modules.STYLE), js=modules.text(modules.LOADER)
    )
