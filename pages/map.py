"""Map: every image as a point, the images themselves beside it; draw around points to see them."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from pages.parts.map import choices as map_choices
from pages.parts.map import class_shares, colouring, component, figures, images, panels, selected
from pages.parts.map.picture import Picture
from pages.parts.shared import choose
from pages.parts.shared.read import Scene
from pages.parts.shared.session import workspace

KEY = "map"  # of the component
HIDDEN = "map_hidden"  # session state: labels that the legend leaves out, by colouring
MISSING = "map_missing"  # session state: this browser has no WebGL 2


def page() -> None:
    """Draw the page."""
    ws = workspace()
    with st.container(key="gs-map"):
        with st.container(key="gs-map-title", horizontal=True, vertical_alignment="center"):
            st.title("Map", anchor=False, width="content")
            comparison = choose.comparison(ws)
        if comparison is not None:
            _map(ws, comparison)


def _map(ws: Workspace, comparison: Comparison) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        version = choose.version(comparison, "Absent from version")
        scene = Scene(ws, comparison, version)
        choices = map_choices.controls(scene) if len(scene.points) else None
    if choices is None:
        st.info("This comparison has no map.")
        return
    passing = map_choices.visible(scene, choices)
    if not passing.any():
        st.info("No image passes these filters.")
        return
    colours = colouring.colouring(scene, choices, passing)
    hidden = st.session_state.get(HIDDEN, {}).get(choices.colouring, ())
    picture = Picture(scene, choices, passing, colours, hidden)
    shown = picture.shown
    chosen = selected.current(scene.key)
    with st.container(key="gs-stack"):
        left, right = st.columns([1.8, 1], gap="small")
    with left:
        if st.session_state.get(MISSING):
            _sample(picture)
        component.show(picture.drawing(chosen), KEY, partial(_told, picture))
    rows = chosen.rows[shown[chosen.rows]]
    with right, st.container(key="gs-map-side"):
        if len(rows):
            panels.selection(scene, picture.space.clusters, rows)
        else:
            panels.nothing_selected(int(shown.sum()))
        every = rows if len(rows) else np.flatnonzero(shown)
        images.gallery_of(scene, every)
        class_shares.panel(scene.points, every, selected=len(rows) > 0)


def _told(picture: Picture, event: str) -> None:
    """The map told something: remember it before the page is drawn anew."""
    value = component.value_of(KEY, event)
    if event == "gesture":
        selected.take(value, picture.ground)
    elif event == "missing":
        st.session_state[MISSING] = True
    elif event == "hide" and isinstance(value, dict):
        labels = {entry.label for entry in picture.colours.legend}
        hidden = tuple(label for label in value.get("hidden") or () if label in labels)
        st.session_state.setdefault(HIDDEN, {})[picture.choices.colouring] = hidden


def _sample(picture: Picture) -> None:
    """The map for a browser without WebGL 2."""
    figure, count = figures.sample_figure(picture)
    key = "map_sample"

    def drawn() -> None:
        serial = time.time_ns() // 1_000_000
        selected.apply(figures.gestures(st.session_state[key], serial), picture.ground)

    st.plotly_chart(
        figure,
        key=key,
        on_select=drawn,
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "scrollZoom": True},
    )
    every = int(picture.shown.sum())
    if count < every:
        st.caption(
            f"A sample: {count:,} of {every:,} points are drawn. A selection counts all of them."
        )


page()
