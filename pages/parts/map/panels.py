"""What stands beside the map: what a selection is made of."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.workspace.selection import Composition, composition
from pages.parts.map import selected
from pages.parts.shared import plots
from pages.parts.shared.read import Scene
from pages.parts.shared.style import html

GRID = (
    "display:grid;grid-template-columns:minmax(5rem,max-content) 1fr max-content;"
    "gap:.15rem .6rem;align-items:center;font-size:.84rem"
)
CLUSTERS = 5  # clusters of a selection that have a bar


def selection(scene: Scene, clusters: str, rows: np.ndarray) -> None:
    """What the selected ``rows`` are made of, and a button that clears the selection. ``clusters``:
    the column of the map's clusters.
    """
    points = scene.points
    made = composition(points.group[rows], points.groups, points[clusters][rows])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{made.sentence}**", width="content")
        st.button(
            "Clear",
            key="map_clear",
            type="tertiary",
            icon=":material/close:",
            on_click=selected.clear,
        )
    st.html(bars(made, points.colours, points.groups[0]))


def nothing_selected(shown: int) -> None:
    """How to select. ``shown``: how many images the map shows."""
    images = "1 image" if shown == 1 else f"{shown:,} images"
    st.html(
        f"<div class='gs'><b>{images} on the map.</b> <span class='gs-soft'>Nothing is selected. "
        "Draw around points; Shift adds, Alt removes, Esc clears. A click takes one image.</span>"
        "</div>"
    )


def bars(made: Composition, colours: dict[str, str], real: str) -> str:
    """Small bars as HTML: by version, then by cluster. ``real``: the real dataset's label."""
    versions = [_bar(real, made.real, made.total, plots.REAL)] if made.real else []
    versions += [
        _bar(label, count, made.total, colours.get(label, plots.FAINT))
        for label, count in made.by_version
    ]
    clusters = [
        _bar("no cluster", count, made.total, plots.FAINT)
        if one < 0
        else _bar(f"cluster {one}", count, made.total, plots.MANY[one % len(plots.MANY)])
        for one, count in made.by_cluster[:CLUSTERS]
    ]
    rest = len(made.by_cluster) - CLUSTERS
    more = f"<div class='gs-soft'>and {rest:,} more clusters</div>" if rest > 0 else ""
    return (
        f"<div class='gs'><div style='{GRID}'>{''.join(versions)}</div>"
        f"<div style='{GRID};margin-top:.6rem'>{''.join(clusters)}</div>{more}</div>"
    )


def _bar(label: str, count: int, total: int, colour: str) -> str:
    share = 100 * count / max(1, total)
    return (
        f"<span class='gs-soft' style='overflow-wrap:anywhere'>{html(label)}</span>"
        "<span style='background:color-mix(in srgb,currentColor 8%,transparent);"
        "border-radius:3px;height:.55rem'><span style='display:block;height:100%;"
        f"border-radius:3px;background:{colour};width:{share:.2f}%'></span></span>"
        f"<span style='text-align:right'>{count:,}</span>"
    )
