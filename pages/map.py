"""Map: every image as a point; draw a lasso and see what is inside."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.map import choices as map_choices
from pages.parts.map import class_shares, colouring, drawn, figures, images, panels
from pages.parts.map.drawn import Drawn
from pages.parts.map.figures import Picture
from pages.parts.shared import choose, style
from pages.parts.shared.read import Scene
from pages.parts.shared.session import workspace

CHART = {
    "displaylogo": False,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["autoScale2d", "toImage"],
}


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Map",
        "Every image is a point; near points look alike to the encoder. Draw a lasso to see what "
        "is inside.",
    )
    scene = choose.scene(ws, "Absent from version")
    if scene is None:
        return
    if not len(scene.points):
        st.info("This comparison has no map.")
        return
    _map(scene)


def _map(scene: Scene) -> None:
    choices = map_choices.controls(scene)
    shown = map_choices.visible(scene, choices)
    if not shown.any():
        st.info("No image passes these filters.")
        return
    colours = colouring.colouring(scene, choices, shown)
    picture = Picture(scene, choices, shown, colours, drawn.times_cleared())
    with st.container(key="gs-stack"):
        left, right = st.columns([2.3, 1], gap="medium")
    with left:
        selection = _chart(picture)
    rows = drawn.rows_inside(selection, picture.place, shown)
    with right:
        panels.legend(colours)
        if choices.deep:
            panels.cube(picture, selection, rows)
        if selection:
            panels.selection(picture, rows)
        else:
            panels.nothing_selected()
    selected = bool(selection) and len(rows) > 0
    if selected:
        images.selected(scene, rows)
    class_shares.panel(scene.points, rows if selected else np.flatnonzero(shown), selected=selected)


def _chart(picture: Picture) -> Drawn:
    """The map; what is selected on it."""
    base = drawn.before(picture.coordinates, picture.key)
    figure, count = figures.flat_figure(picture, base)
    event = st.plotly_chart(
        figure,
        key="map",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config=CHART,
    )
    every = int(picture.shown.sum())
    if count < every:
        st.caption(
            f"{count:,} of {every:,} points are drawn, every absent image among them. A selection "
            "counts all of them."
        )
    return drawn.remember(drawn.from_event(event), base)


page()
