"""What stands beside the map: what a selection is made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.workspace.selection import Composition, composition
from pages.parts.map import selected
from pages.parts.map.choices import class_column
from pages.parts.map.colouring import class_colours_of
from pages.parts.shared import plots
from pages.parts.shared.read import Scene
from pages.parts.shared.style import html

GRID = (
    "display:grid;grid-template-columns:minmax(5rem,max-content) 1fr max-content;"
    "gap:.15rem .6rem;align-items:center;font-size:.84rem"
)
CLUSTERS, CLASSES = 5, 5  # of a selection that have a bar


def selection(scene: Scene, clusters: str, rows: np.ndarray) -> None:
    """What the selected ``rows`` are made of, and a button that clears the selection. ``clusters``:
    the column of the map's clusters.
    """
    points = scene.points
    column = class_column(points)
    classes = None if column is None else points[column][rows]
    made = composition(points.group[rows], points.groups, points[clusters][rows], classes)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{made.sentence}**", width="content")
        st.button(
            "Clear",
            key="map_clear",
            type="tertiary",
            icon=":material/close:",
            on_click=selected.clear,
        )
    named = {} if column is None else class_colours_of(scene, column)
    st.html(bars(made, points.colours, points.groups[0], named))


def nothing_selected(shown: int) -> None:
    """How to select. ``shown``: how many images the map shows."""
    images = "1 image" if shown == 1 else f"{shown:,} images"
    st.html(
        f"<div class='gs'><b>{images} on the map.</b> <span class='gs-soft'>Nothing is selected. "
        "Draw around points; Shift adds, Alt removes, Esc clears. A click takes one image.</span>"
        "</div>"
    )


def bars(
    made: Composition, colours: dict[str, str], real: str, named: Mapping[str, str] | None = None
) -> str:
    """Small bars as HTML: by version, by class, by cluster. ``real``: the real dataset's label;
    ``named``: the colours of classes.
    """
    versions = [_bar(real, made.real, made.total, plots.REAL)] if made.real else []
    versions += [
        _bar(label, count, made.total, colours.get(label, plots.FAINT))
        for label, count in made.by_version
    ]
    classes = [
        _bar(one or "no class", count, made.total, (named or {}).get(one or "", plots.FAINT))
        for one, count in made.by_class[:CLASSES]
    ]
    clusters = [
        _bar("no cluster", count, made.total, plots.FAINT)
        if one < 0
        else _bar(f"cluster {one}", count, made.total, plots.MANY[one % len(plots.MANY)])
        for one, count in made.by_cluster[:CLUSTERS]
    ]
    below = f"{GRID};margin-top:.6rem"
    return (
        f"<div class='gs'><div style='{GRID}'>{''.join(versions)}</div>"
        f"<div style='{below}'>{''.join(classes)}</div>"
        f"{_more(len(made.by_class) - CLASSES, 'classes')}"
        f"<div style='{below}'>{''.join(clusters)}</div>"
        f"{_more(len(made.by_cluster) - CLUSTERS, 'clusters')}</div>"
    )


def _more(count: int, what: str) -> str:
    return f"<div class='gs-soft'>and {count:,} more {what}</div>" if count > 0 else ""


def _bar(label: str, count: int, total: int, colour: str) -> str:
    share = 100 * count / max(1, total)
    return (
        f"<span class='gs-soft' style='overflow-wrap:anywhere'>{html(label)}</span>"
        "<span style='background:color-mix(in srgb,currentColor 8%,transparent);"
        "border-radius:3px;height:.55rem'><span style='display:block;height:100%;"
        f"border-radius:3px;background:{colour};width:{share:.2f}%'></span></span>"
        f"<span style='text-align:right'>{count:,}</span>"
    )
