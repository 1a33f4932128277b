"""Map: every image as a point, the images themselves beside it; draw around points to see them."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from pages.parts.map import choices as map_choices
from pages.parts.map import (
    class_shares,
    colouring,
    component,
    figures,
    images,
    panels,
    selected,
    typed_classes,
)
from pages.parts.map.choices import Choices
from pages.parts.map.picture import Picture
from pages.parts.map.selected import Selected
from pages.parts.shared import choose
from pages.parts.shared.read import Scene
from pages.parts.shared.session import workspace

KEY = "map"  # of the component
HIDDEN = "map_hidden"  # session state: labels that the legend leaves out, by colouring
SIDE_BY_SIDE = 4  # maps on the page at most: each is a WebGL context, of which a browser has few
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
    pictures = _pictures(scene, choices)
    if not any(picture.passing.any() for picture in pictures):
        st.info("No image passes these filters.")
        return
    chosen = selected.current(scene.key)
    with st.container(key="gs-stack"):
        left, right = st.columns([1.8, 1], gap="small")
    with left:
        _draw(pictures, chosen)
    shown = np.logical_or.reduce([picture.shown for picture in pictures])
    rows = chosen.rows[shown[chosen.rows]]
    with right, st.container(key="gs-map-side"):
        if len(rows):
            panels.selection(scene, pictures[0].space.clusters, rows)
        else:
            panels.nothing_selected(int(shown.sum()))
        every = rows if len(rows) else np.flatnonzero(shown)
        images.gallery_of(scene, every)
        class_shares.panel(scene.points, every, selected=len(rows) > 0)
        typed_classes.panel(scene)


def _pictures(scene: Scene, choices: Choices) -> list[Picture]:
    """What the maps show: one map, or one for each of the newest versions."""
    versions = [scene.version_id]
    if choices.side_by_side:
        versions = [dataset.id for dataset in scene.comparison.versions][-SIDE_BY_SIDE:]
    hidden = st.session_state.get(HIDDEN, {}).get(choices.colouring, ())
    made = []
    for version in versions:
        one = scene.of(version)
        passing = map_choices.visible(one, choices)
        made.append(
            Picture(one, choices, passing, colouring.colouring(one, choices, passing), hidden)
        )
    return made


def _draw(pictures: list[Picture], chosen: Selected) -> None:
    if st.session_state.get(MISSING):
        _sample(pictures[0])
    if len(pictures) == 1:
        component.show(pictures[0].drawing(chosen), KEY, partial(_told, pictures[0], KEY))
        return
    columns = st.columns(2, gap="xsmall")
    lines = (len(pictures) + 1) // 2
    for place, picture in enumerate(pictures):
        key, version = f"{KEY}_{picture.scene.version_id}", picture.scene.version.label
        drawing = replace(
            picture.drawing(chosen), link=KEY, share=lines, first=not place, note=version
        )
        with columns[place % 2]:
            component.show(drawing, key, partial(_told, picture, key))


def _told(picture: Picture, key: str, event: str) -> None:
    """A map told something: remember it before the page is drawn anew."""
    value = component.value_of(key, event)
    if event == "gesture":
        selected.take(value, picture.ground)
    elif event == "missing":
        st.session_state[MISSING] = True
    elif event == "hide" and isinstance(value, dict):
        own = {entry.label for entry in picture.colours.legend}
        hidden = own & {label for label in value.get("hidden") or () if isinstance(label, str)}
        others = set(picture.hidden) - own  # of maps beside it
        kept = st.session_state.setdefault(HIDDEN, {})
        kept[picture.choices.colouring] = tuple(sorted(hidden | others))


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
