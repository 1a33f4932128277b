"""Which images are selected, for one browser session, and how gestures on the map change that.

A gesture is a polygon or one point; its rows are found here, over all points that pass the filters.
The rows are kept, so a selection outlives new colours, filters and maps of the same comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
import streamlit as st

from core.workspace.selection import inside_polygon, seen_through
from pages.parts.shared.read import Key

_STATE = "map_selected"  # session state
_NONE = np.zeros(0, np.int64)
CORNERS = 20_000  # numbers in a polygon, at most


class Mode(StrEnum):
    """How a gesture changes what is selected."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"
    CLEAR = "clear"


@dataclass(frozen=True, eq=False)
class Gesture:
    """A polygon (m, 2) in the map's coordinates, or one ``row``. ``matrix`` (4, 4): the projection
    through which a polygon in space was drawn. ``serial``: later ones are larger.
    """

    mode: Mode
    serial: int
    corners: np.ndarray | None = None
    matrix: np.ndarray | None = None
    row: int | None = None


@dataclass(frozen=True, eq=False)
class Ground:
    """What gestures are made on. ``key``: the comparison's; ``flat`` (n, 2); ``deep`` (n, 3) or
    None; ``shown``: bool (n,), which points could be seen.
    """

    key: Key
    flat: np.ndarray
    deep: np.ndarray | None
    shown: np.ndarray


@dataclass(frozen=True, eq=False)
class Selected:
    """The selection: ascending ``rows`` of a comparison's points, and the newest gesture in it."""

    key: Key | None = None
    rows: np.ndarray = field(default_factory=lambda: _NONE)
    serial: int = 0


def current(key: Key) -> Selected:
    """The selection in this comparison; nothing where it was made in another."""
    kept = st.session_state.get(_STATE, Selected())
    return kept if kept.key == key else Selected(key, serial=kept.serial)


def choose(key: Key, rows: np.ndarray) -> None:
    """Select these rows of a comparison's points."""
    st.session_state[_STATE] = replace(current(key), rows=np.unique(rows).astype(np.int64))


def clear() -> None:
    """Select nothing."""
    kept = st.session_state.get(_STATE, Selected())
    st.session_state[_STATE] = replace(kept, rows=_NONE)


def take(message: Any, ground: Ground) -> None:
    """Change the selection by what the map told."""
    apply(read(message), ground)


def apply(gestures: Iterable[Gesture], ground: Ground) -> None:
    """Change the selection by gestures; those that it knows already change nothing."""
    kept = current(ground.key)
    for gesture in gestures:
        if gesture.serial > kept.serial:
            kept = after(kept, gesture, ground)
    st.session_state[_STATE] = kept


def after(selected: Selected, gesture: Gesture, ground: Ground) -> Selected:
    """The selection after one more gesture."""
    rows = rows_of(gesture, ground)
    if gesture.mode == Mode.ADD:
        rows = np.union1d(selected.rows, rows)
    elif gesture.mode == Mode.REMOVE:
        rows = np.setdiff1d(selected.rows, rows, assume_unique=True)
    return Selected(ground.key, rows, gesture.serial)


def rows_of(gesture: Gesture, ground: Ground) -> np.ndarray:
    """Ascending rows of the points in a gesture that can be seen."""
    if gesture.row is not None:
        there = 0 <= gesture.row < len(ground.shown) and ground.shown[gesture.row]
        return np.array([gesture.row] if there else [], np.int64)
    if gesture.corners is None:
        return _NONE
    shown = np.flatnonzero(ground.shown)
    if gesture.matrix is None:
        places = ground.flat[shown]
    elif ground.deep is not None:
        places = seen_through(ground.deep[shown], gesture.matrix)
    else:
        return _NONE
    return shown[inside_polygon(places, gesture.corners)]


def read(message: Any) -> list[Gesture]:
    """The gestures in a message of the map, in their order; what is not one is left out."""
    parts = message.get("gestures") if isinstance(message, Mapping) else None
    made = [_gesture(part) for part in parts] if isinstance(parts, list) else []
    return sorted((one for one in made if one is not None), key=lambda one: one.serial)


def _gesture(part: Any) -> Gesture | None:
    if not isinstance(part, Mapping) or not isinstance(part.get("serial"), int):
        return None
    if part.get("mode") not in tuple(Mode):
        return None
    gesture = Gesture(Mode(part["mode"]), part["serial"])
    if gesture.mode == Mode.CLEAR:
        return gesture
    if isinstance(part.get("row"), int):
        return replace(gesture, row=part["row"])
    corners, matrix = _numbers(part.get("corners")), _numbers(part.get("matrix"))
    if corners is None or not 6 <= len(corners) <= CORNERS or len(corners) % 2:
        return None
    if part.get("matrix") is not None and (matrix is None or len(matrix) != 16):
        return None
    projection = None if matrix is None else matrix.reshape(4, 4).T  # it came column by column
    return replace(gesture, corners=corners.reshape(-1, 2), matrix=projection)


def _numbers(values: Any) -> np.ndarray | None:
    if not isinstance(values, list) or len(values) > CORNERS:
        return None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in values):
        return None
    return np.array(values, np.float64)
