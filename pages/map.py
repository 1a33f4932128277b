"""Map: every image as a point; draw a lasso and see what is inside."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from core.workspace.selection import composition, plot_sample
from pages.parts.map import panels as map_panels
from pages.parts.map import view as map_view
from pages.parts.map.view import LOOKS, Colouring, Drawn, Filters
from pages.parts.shared import choose, detail, gallery, plots, read, style
from pages.parts.shared.session import workspace
from pages.parts.shared.style import escape

LIMIT = 60_000  # points drawn; above it a sample that keeps every absent image
STEP = 48  # images shown at first
ORDERS = {"Most absent first": "score", "By name": "path"}


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Map",
        "Every image is a point; near points look alike to the encoder. Draw a lasso to see what is inside.",
    )
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    with left:
        found = choose.comparison(ws)
    if found is None:
        return
    with right:
        version_id = choose.version(found, "Absent from version")
    points = read.points(ws, found)
    if not len(points):
        st.info("This comparison has no map.")
        return
    _map(ws, found, points, version_id)


def _map(ws: Workspace, found: Comparison, points: read.Points, version_id: int) -> None:
    version = next(dataset.label for dataset in found.versions if dataset.id == version_id)
    aligned = read.coverage_of_points(ws, found, version_id)
    look, by, cube, ring, filters = _controls(points, version)
    key = (str(ws.path), read.comparison_key(found), version_id, look, filters)
    shown = _visible(points, aligned["absent"], key)
    colours = _colouring(points, aligned, version, shown, key, by)
    if not shown.any():
        st.info("No image passes these filters.")
        return
    figure_key = (*key, by, ring, st.session_state.get("map_cleared", 0))
    wanted = _drawn_before(
        (*key[:2], look, version_id if look == "Version alone" else None), figure_key
    )
    with st.container(key="gs-stack"):
        left, right = st.columns([2.3, 1], gap="medium")
    with left:
        figure, drawn_points = _figure(points, aligned, colours, shown, figure_key, wanted)
        event = st.plotly_chart(
            figure,
            key="map",
            on_select="rerun",
            selection_mode=("points", "box", "lasso"),
            config={
                "displaylogo": False,
                "scrollZoom": True,
                "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
            },
        )
        if drawn_points < int(shown.sum()):
            st.caption(
                f"{drawn_points:,} of {int(shown.sum()):,} points are drawn, every absent image among them. A selection "
                "counts all of them."
            )
    drawn = _remember(map_view.drawn(event), wanted)
    place = points.place(LOOKS[look][0])
    rows = map_view.selected(drawn, place, shown) if drawn else np.array([], np.int64)
    with right:
        map_panels.legend(colours)
        if cube:
            _cube(points, look, colours, shown, aligned, (*key, by), drawn, rows)
        if drawn:
            _composition(points, rows, look)
        else:
            st.html(
                "<div class='gs gs-soft'>Nothing is selected. Draw around points with the lasso, or switch to the box in the "
                "map's corner; hold Shift to add. A click takes one image.</div>"
            )
    if drawn and len(rows):
        _gallery(ws, found, points, rows, aligned, version_id)
    map_panels.histogram(
        points,
        rows if drawn and len(rows) else np.flatnonzero(shown),
        selected=bool(drawn and len(rows)),
    )


# --- controls -------------------------------------------------------------------------------------


def _controls(points: read.Points, version: str) -> tuple[str, str, bool, bool, Filters]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        look = st.segmented_control(
            "Map",
            tuple(LOOKS),
            default="Look removed",
            required=True,
            key="map_look",
            persist_state="session",
            help="Look removed: each domain's mean is taken out before the map is made, so that content decides. As it is: one map "
            "of everything. Alone: the map of one side by itself; a class that holds together there and splits in the joint "
            "map is a finding.",
        )
        offered = map_view.offered(points)
        by = st.selectbox(
            "Colour",
            list(offered),
            format_func=lambda one: offered.get(one, one),
            key="map_colour",
            persist_state="session",
            width=210,
        )
        filters = _filters(points, version)
        flat = LOOKS[look][1] is None
        cube = (
            st.toggle(
                "3-D",
                key="map_cube",
                disabled=flat,
                help="Turns with the mouse; follows the selection.",
            )
            and not flat
        )
        ring = (
            st.toggle("Ring absent", key="map_ring", disabled=by == "version") and by != "version"
        )
    return look, by, cube, ring, filters


def _filters(points: read.Points, version: str) -> Filters:
    with st.popover("Filter", icon=":material/filter_list:"):
        groups = (
            st.pills("Images from", points.groups, selection_mode="multi", key="map_groups") or []
        )
        absent = st.toggle(f"Only images absent from {escape(version)}", key="map_absent")
        classes: tuple[str, ...] = ()
        predicted: tuple[str, ...] = ()
        if points.known("class"):
            classes = tuple(
                st.multiselect(
                    "Class", points.values("class"), key="map_classes", placeholder="All classes"
                )
            )
        known = [name for name in map_view.PREDICTIONS if points.known(name)]
        prediction, confidence = (known or ["tag"])[0], (0.0, 1.0)
        if known:
            if len(known) > 1:
                prediction = (
                    st.segmented_control(
                        "Predicted by",
                        known,
                        default=known[0],
                        required=True,
                        key="map_prediction",
                        format_func=lambda one: map_view.PREDICTIONS[one],
                    )
                    or known[0]
                )
            predicted = tuple(
                st.multiselect(
                    map_view.PREDICTIONS[prediction],
                    points.values(prediction),
                    key=f"map_predicted_{prediction}",
                    placeholder="All predictions",
                )
            )
            confidence = st.slider(
                "Confidence of the prediction", 0.0, 1.0, (0.0, 1.0), 0.05, key="map_confidence"
            )
    return Filters(tuple(groups), classes, predicted, prediction, confidence, absent)


# --- the selection --------------------------------------------------------------------------------


def _drawn_before(coordinates: tuple[Any, ...], figure: tuple[Any, ...]) -> Drawn:
    """What to draw into the figure as selected already: a selection outlives new colours and
    filters, not a new map.

    Streamlit forgets a chart's selection when its figure changes, so the selection at that moment
    becomes part of the new figure; while the figure stays, that part stays too.
    """
    state = st.session_state
    if state.get("map_coordinates") != coordinates:
        state["map_coordinates"], state["map_selection"] = coordinates, Drawn()
    if state.get("map_figure") != figure:
        state["map_figure"], state["map_base"], state["map_touched"] = (
            figure,
            state.get("map_selection", Drawn()),
            False,
        )
    return state["map_base"]


def _remember(now: Drawn, base: Drawn) -> Drawn:
    """The selection that holds: what was drawn just now, else what the figure came with, unless it
    was cleared since.
    """
    state = st.session_state
    if now:
        state["map_selection"], state["map_touched"] = now, True
    else:
        state["map_selection"] = Drawn() if state.get("map_touched") else base
    return state["map_selection"]


def _clear() -> None:
    st.session_state["map_selection"] = Drawn()
    st.session_state["map_cleared"] = st.session_state.get("map_cleared", 0) + 1


# --- figures, kept --------------------------------------------------------------------------------


@st.cache_resource(show_spinner=False, max_entries=32)
def _visible(_points: read.Points, _absent: np.ndarray, key: tuple[Any, ...]) -> np.ndarray:
    _, _, version_id, look, filters = key
    return map_view.visible(_points, look, filters, _absent, version_id)


@st.cache_resource(show_spinner=False, max_entries=32)
def _colouring(
    _points: read.Points,
    _aligned: dict[str, np.ndarray],
    version: str,
    _shown: np.ndarray,
    key: tuple[Any, ...],
    by: str,
) -> Colouring:
    return map_view.colouring(
        _points, by, key[3], _aligned["score"], _aligned["absent"], version, _shown
    )


@st.cache_resource(show_spinner=False, max_entries=12)
def _figure(
    _points: read.Points,
    _aligned: dict[str, np.ndarray],
    _colours: Colouring,
    _shown: np.ndarray,
    key: tuple[Any, ...],
    base: Drawn,
) -> tuple[go.Figure, int]:
    look, ring, cleared = key[3], key[6], key[7]
    rows = _rows(_shown, _aligned["absent"])
    # later points lie on top: synthetic, real, absent
    rows = rows[
        np.argsort(_points.real[rows].astype(int) + _aligned["absent"][rows], kind="stable")
    ]
    small, large = (
        (4.0, 6.5) if len(rows) <= 3000 else (3.2, 4.6) if len(rows) <= 20_000 else (2.4, 3.4)
    )
    size = np.where(_points.real, large, small)
    shapes: list[dict[str, Any]] = []
    for x, y in base.lassos:
        corners = "L".join(f"{a:g},{b:g}" for a, b in zip(x, y, strict=True))
        shapes.append({"type": "path", "xref": "x", "yref": "y", "path": f"M{corners}Z"})
    for x, y in base.boxes:
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "y",
                "x0": x[0],
                "x1": x[1],
                "y0": y[0],
                "y1": y[1],
            }
        )
    figure = plots.map_figure(
        _points.place(LOOKS[look][0]),
        rows,
        _colours.codes,
        _colours.colours,
        map_view.hover(_points, rows, _aligned["score"], look),
        size,
        _aligned["absent"] & bool(ring),
        shapes,
        look,
        f"{look} {cleared}",
    )
    return figure, len(rows)


@st.cache_resource(show_spinner=False, max_entries=6)
def _cube_figure(
    _points: read.Points,
    _aligned: dict[str, np.ndarray],
    _colours: Colouring,
    _shown: np.ndarray,
    key: tuple[Any, ...],
    drawn: Drawn,
    _chosen: np.ndarray | None,
) -> go.Figure:
    look = key[3]
    rows = _rows(_shown, _aligned["absent"], LIMIT // 3)
    return plots.cube_figure(
        _points.place(LOOKS[look][1] or ()),
        rows,
        _colours.codes,
        _colours.colours,
        map_view.hover(_points, rows, _aligned["score"], look),
        _chosen,
        look,
    )


def _rows(shown: np.ndarray, absent: np.ndarray, limit: int = LIMIT) -> np.ndarray:
    """Rows to draw of those shown."""
    there = np.flatnonzero(shown)
    return there[plot_sample(absent[there], limit)]


# --- beside and below the map ---------------------------------------------------------------------


def _cube(
    points: read.Points,
    look: str,
    colours: Colouring,
    shown: np.ndarray,
    aligned: dict[str, np.ndarray],
    key: tuple[Any, ...],
    drawn: Drawn,
    rows: np.ndarray,
) -> None:
    columns = LOOKS[look][1]
    if columns is None or not np.isfinite(points.place(columns)).any():
        st.caption("This map has no 3-D view.")
        return
    chosen = None
    if drawn:
        chosen = np.zeros(len(points), bool)
        chosen[rows] = True
    st.plotly_chart(
        _cube_figure(points, aligned, colours, shown, key, drawn, chosen),
        key="map_3d",
        config={"displaylogo": False, "displayModeBar": False},
    )


def _composition(points: read.Points, rows: np.ndarray, look: str) -> None:
    labels = [None if group == 0 else points.groups[group] for group in points.group[rows].tolist()]
    made = composition(points.real[rows], labels, points[LOOKS[look][2]][rows])
    st.markdown(f"**{made.sentence}**")
    st.html(map_panels.bars(made, plots.group_colours(points.groups), points.groups[0]))
    st.button(
        "Clear selection",
        key="map_clear",
        type="tertiary",
        icon=":material/close:",
        on_click=_clear,
    )


def _gallery(
    ws: Workspace,
    found: Comparison,
    points: read.Points,
    rows: np.ndarray,
    aligned: dict[str, np.ndarray],
    version_id: int,
) -> None:
    st.subheader("Selected images", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        there = [
            label
            for index, label in enumerate(points.groups)
            if (points.group[rows] == index).any()
        ]
        side = st.segmented_control("Show", ("All", *there), default="All", key="map_side") or "All"
        order = st.selectbox("Order", list(ORDERS), key="map_order", width=190)
    if side in points.groups:
        rows = rows[points.group[rows] == points.groups.index(side)]
    if ORDERS[order] == "score":
        rows = rows[np.argsort(-np.nan_to_num(aligned["score"][rows], nan=-np.inf), kind="stable")]
    colours = plots.group_colours(points.groups)
    key = f"map_gallery_{found.id}"
    shown = gallery.growing(key, len(rows), STEP)
    tiles = []
    for row in rows[:shown].tolist():
        label, score = points.groups[points.group[row]], aligned["score"][row]
        absent = bool(aligned["absent"][row])
        note = points["class"][row] or ""
        if np.isfinite(score):
            note = f"{note} · score {score:.2f}" if note else f"score {score:.2f}"
        tiles.append(
            gallery.Tile(
                str(row),
                (
                    gallery.Shown(
                        points["content_id"][row],
                        "absent" if absent else "real" if points.real[row] else label,
                        plots.ABSENT if absent else colours[label],
                    ),
                ),
                PurePosixPath(points["path"][row]).name,
                note,
            )
        )
    opened = gallery.show(ws, tiles, key="map_gallery")
    gallery.more(key, shown, len(rows), STEP)
    if opened is not None:
        detail.show(ws, found, int(opened), version_id)


page()
