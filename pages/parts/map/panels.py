"""What stands beside the map: the legend, the 3-D view, and what a selection is made of."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.workspace.selection import Composition, composition
from pages.parts.map import drawn as drawings
from pages.parts.map.colouring import Colouring
from pages.parts.map.drawn import Drawn
from pages.parts.map.figures import Picture, deep_figure
from pages.parts.shared import plots
from pages.parts.shared.style import html

GRID = (
    "display:grid;grid-template-columns:minmax(5rem,max-content) 1fr max-content;"
    "gap:.15rem .6rem;align-items:center;font-size:.84rem"
)
CLUSTERS = 8  # clusters of a selection that have a bar


def legend(colours: Colouring) -> None:
    """What the colours mean: names with counts, or the two ends of a scale."""
    if colours.ends is not None:
        steps = ", ".join(colours.colours[1::8])
        low, high = (html(end) for end in colours.ends)
        st.html(
            "<div class='gs'><div style='height:8px;border-radius:4px;"
            f"background:linear-gradient(90deg,{steps})'></div>"
            "<div class='gs-soft' style='display:flex;justify-content:space-between'>"
            f"<span>{low}</span><span>{high}</span></div></div>"
        )
        return
    parts = "".join(
        f"<span><span style='color:{colour}'>●</span> {html(label)} "
        f"<span class='gs-label'>{count:,}</span></span>"
        for label, colour, count in colours.legend
    )
    st.html(
        "<div class='gs' style='display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.86rem'>"
        f"{parts}</div>"
    )


def cube(picture: Picture, drawn: Drawn, rows: np.ndarray) -> None:
    """The 3-D map, in which the selected ``rows`` stand out."""
    figure = deep_figure(picture, drawn, rows)
    if figure is None:
        st.caption("This map has no 3-D view.")
        return
    config = {"displaylogo": False, "displayModeBar": False}
    st.plotly_chart(figure, key="map_3d", config=config)


def selection(picture: Picture, rows: np.ndarray) -> None:
    """What the selected ``rows`` are made of, and a button that clears the selection."""
    points = picture.scene.points
    labels = [None if group == 0 else points.groups[group] for group in points.group[rows].tolist()]
    made = composition(points.real[rows], labels, points[picture.space.clusters][rows])
    st.markdown(f"**{made.sentence}**")
    st.html(bars(made, points.colours, points.groups[0]))
    st.button(
        "Clear selection",
        key="map_clear",
        type="tertiary",
        icon=":material/close:",
        on_click=drawings.clear,
    )


def nothing_selected() -> None:
    """How to select."""
    st.html(
        "<div class='gs gs-soft'>Nothing is selected. Draw around points with the lasso, or switch "
        "to the box in the map's corner; hold Shift to add. A click takes one image.</div>"
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
