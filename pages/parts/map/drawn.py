"""What the user drew on the map, which points lie in it, and how it outlives a new figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import streamlit as st

from core.workspace.selection import inside_box, inside_polygon

Area = tuple[tuple[float, ...], tuple[float, ...]]  # x and y of its corners


@dataclass(frozen=True)
class Drawn:
    """Lassos and boxes in map coordinates, or single points by row. Hashable, for caches."""

    lassos: tuple[Area, ...] = ()
    boxes: tuple[Area, ...] = ()
    rows: tuple[int, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.lassos or self.boxes or self.rows)


def from_event(event: Mapping[str, Any] | None) -> Drawn:
    """What a chart's event says was drawn. Points count only where no area was drawn: an area is
    resolved over all points.
    """
    selection = (event or {}).get("selection") or {}
    lassos, boxes = (
        tuple(
            (tuple(map(float, area["x"])), tuple(map(float, area["y"])))
            for area in selection.get(name) or ()
        )
        for name in ("lasso", "box")
    )
    if lassos or boxes:
        return Drawn(lassos, boxes)
    rows = []
    for point in selection.get("points") or ():
        data = point.get("customdata")
        value = data[0] if isinstance(data, list | tuple) else data
        if value is not None:
            rows.append(int(value))
    return Drawn(rows=tuple(rows))


def rows_inside(drawn: Drawn, place: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Rows (ascending) of the ``visible`` (n,) points at ``place`` (n, 2) that lie in what was
    drawn.
    """
    inside = np.zeros(len(place), bool)
    for x, y in drawn.lassos:
        inside |= inside_polygon(place, np.column_stack([x, y]))
    for x, y in drawn.boxes:
        inside |= inside_box(place, x, y)
    rows = np.array([row for row in drawn.rows if 0 <= row < len(place)], np.int64)
    inside[rows] = True
    return np.flatnonzero(inside & visible)


def before(coordinates: tuple[Any, ...], figure: tuple[Any, ...]) -> Drawn:
    """What to draw into the figure as selected already: a selection outlives new colours and
    filters, not new ``coordinates``.

    Streamlit forgets a chart's selection when its figure changes, so the selection at that moment
    becomes part of the new ``figure``; while the figure stays, that part stays too.
    """
    state = st.session_state
    if state.get("map_coordinates") != coordinates:
        state["map_coordinates"], state["map_selection"] = coordinates, Drawn()
    if state.get("map_figure") != figure:
        state["map_figure"], state["map_base"] = figure, state.get("map_selection", Drawn())
        state["map_touched"] = False
    return state["map_base"]


def remember(now: Drawn, base: Drawn) -> Drawn:
    """The selection that holds: what was drawn just ``now``, else what the figure came with
    (``base``), unless it was cleared since.
    """
    state = st.session_state
    if now:
        state["map_selection"], state["map_touched"] = now, True
    else:
        state["map_selection"] = Drawn() if state.get("map_touched") else base
    return state["map_selection"]


def clear() -> None:
    """Forget what was drawn."""
    st.session_state["map_selection"] = Drawn()
    st.session_state["map_cleared"] = times_cleared() + 1


def times_cleared() -> int:
    """How often the selection was cleared: a figure drawn anew has nothing drawn into it."""
    return st.session_state.get("map_cleared", 0)
