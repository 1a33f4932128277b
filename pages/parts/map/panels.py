"""What stands beside and below the map: the legend, a selection's bars, and the classes by domain."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.workspace.selection import Composition
from pages.parts.map import view as map_view
from pages.parts.map.view import Colouring
from pages.parts.shared import plots, read
from pages.parts.shared.style import html


def legend(colours: Colouring) -> None:
    """What the colours mean: names with counts, or the two ends of a scale."""
    if colours.ends is not None:
        steps = ", ".join(colours.colours[1::8])
        st.html(
            f"<div class='gs'><div style='height:8px;border-radius:4px;background:linear-gradient(90deg,{steps})'></div>"
            f"<div class='gs-soft' style='display:flex;justify-content:space-between'><span>{html(colours.ends[0])}</span>"
            f"<span>{html(colours.ends[1])}</span></div></div>"
        )
        return
    parts = "".join(
        f"<span><span style='color:{colour}'>●</span> {html(label)} <span class='gs-label'>{count:,}</span></span>"
        for label, colour, count in colours.legend
    )
    st.html(
        f"<div class='gs' style='display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-size:.86rem'>{parts}</div>"
    )


def bars(made: Composition, colours: dict[str, str], real: str) -> str:
    """Small bars: by version, then by cluster."""

    def line(label: str, count: int, colour: str) -> str:
        share = 100 * count / max(1, made.total)
        return (
            f"<span class='gs-soft' style='overflow-wrap:anywhere'>{html(label)}</span><span style='background:color-mix(in srgb,"
            f"currentColor 8%,transparent);border-radius:3px;height:.55rem'><span style='display:block;height:100%;"
            f"border-radius:3px;background:{colour};width:{share:.2f}%'></span></span><span style='text-align:right'>{count:,}</span>"
        )

    versions = [line(real, made.real, plots.REAL)] if made.real else []
    versions += [
        line(label, count, colours.get(label, plots.FAINT)) for label, count in made.by_version
    ]
    clusters = [
        line(
            "no cluster" if one < 0 else f"cluster {one}",
            count,
            plots.FAINT if one < 0 else plots.MANY[one % len(plots.MANY)],
        )
        for one, count in made.by_cluster[:8]
    ]
    rest = len(made.by_cluster) - 8
    grid = "display:grid;grid-template-columns:minmax(5rem,max-content) 1fr max-content;gap:.15rem .6rem;align-items:center;font-size:.84rem"
    more = f"<div class='gs-soft'>and {rest:,} more clusters</div>" if rest > 0 else ""
    return (
        f"<div class='gs'><div style='{grid}'>{''.join(versions)}</div><div style='{grid};margin-top:.6rem'>{''.join(clusters)}</div>"
        f"{more}</div>"
    )


def histogram(points: read.Points, rows: np.ndarray, *, selected: bool) -> None:
    """How often each class occurs among the chosen ``rows`` of each group; nothing is counted while
    it is closed.
    """
    sources = {"class": "labels", **map_view.PREDICTIONS}
    known = [name for name in ("zero_shot", "tag", "class") if points.known(name)]
    if not known:
        return
    panel = st.expander(
        "Classes by domain" + (", of the selection" if selected else ", of the whole map"),
        key="map_histogram_panel",
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        column = (
            st.segmented_control(
                "Classes from",
                known,
                default=known[0],
                required=True,
                key="map_classes_from",
                format_func=lambda one: sources[one],
            )
            if len(known) > 1
            else known[0]
        )
        names, shares = map_view.shares(points, column or known[0], rows)
        if not names:
            st.caption("None of these images has a class.")
            return
        st.plotly_chart(
            plots.share_bars(names, shares, plots.group_colours(points.groups)),
            key="map_histogram",
            config={"displayModeBar": False},
        )
        st.caption(
            "Shares of each group's images that have a class; classes on which the groups disagree most come first."
        )
