"""How often each class occurs in each dataset, below the map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.parts.map.choices import PREDICTIONS
from pages.parts.shared.plots import FAINT, REAL, VERSIONS
from pages.parts.shared.read import Points

SOURCES = {"class": "labels", **PREDICTIONS}  # the user's labels first
CLASSES = 16  # classes that have bars
SHARES, COUNTS = "Shares", "Counts"
BY_DATASET, BY_DOMAIN = "Dataset", "Domain"


def panel(points: Points, rows: np.ndarray, *, selected: bool) -> None:
    """How often each class occurs among the chosen ``rows`` of each dataset; nothing is counted
    while it is closed.
    """
    known = [name for name in SOURCES if points.known(name)]
    if not known:
        return
    box = st.expander(
        "Classes by dataset" + (", of the selection" if selected else ", of the whole map"),
        key="map_histogram_panel",
        on_change="rerun",
    )
    if not box.open:
        return
    with box:
        column = known[0]
        if len(known) > 1:
            column = st.segmented_control(
                "Classes from",
                known,
                default=known[0],
                required=True,
                key="map_classes_from",
                format_func=lambda one: SOURCES[one],
            )
        with st.container(horizontal=True):
            measure = st.segmented_control(
                "Bars",
                (SHARES, COUNTS),
                default=SHARES,
                required=True,
                key="map_classes_measure",
            )
            side = BY_DATASET
            if len(points.groups) > 2:
                side = st.segmented_control(
                    "By",
                    (BY_DATASET, BY_DOMAIN),
                    default=BY_DATASET,
                    required=True,
                    key="map_classes_by",
                )
        chosen = sides(points, side)
        names, by_side = shares(points, column, rows, chosen)
        if not names:
            st.caption("None of these images has a class.")
            return
        unclassed = int((points[column][rows] == None).sum())  # noqa: E711 - elementwise
        if measure == COUNTS:
            by_side = counts(points, column, rows, names, chosen)
        st.plotly_chart(
            share_bars(names, by_side, chosen.colours, counted=measure == COUNTS),
            key="map_histogram",
            config={"displayModeBar": False},
        )
        what = "Images" if measure == COUNTS else "Shares of the images that have a class"
        none = f" {unclassed:,} of {len(rows):,} images have none." if unclassed else ""
        st.caption(
            f"{what}, by {side.lower()}; classes on which the shares disagree most come first."
            + none
        )


@dataclass(frozen=True, eq=False)
class Sides:
    """What bars stand side by side: ``of`` (n,), the side of each point; their labels and
    colours.
    """

    of: np.ndarray
    labels: tuple[str, ...]
    colours: Mapping[str, str]


def sides(points: Points, by: str) -> Sides:
    """The datasets, or the two domains."""
    if by == BY_DOMAIN:
        colours = {"real": REAL, "synthetic": VERSIONS[0]}
        return Sides((~points.real).astype(np.int64), tuple(colours), colours)
    return Sides(points.group, points.groups, points.colours)


def counts(
    points: Points, column: str, rows: np.ndarray, names: Sequence[str], chosen: Sides
) -> dict[str, list[float]]:
    """How many of the ``rows`` of each side have each of these classes."""
    values, side = points[column][rows], chosen.of[rows]
    table: dict[str, list[float]] = {}
    for index, label in enumerate(chosen.labels):
        if (side == index).any():
            found = Counter(values[side == index].tolist())
            table[label] = [float(found[name]) for name in names]
    return table


def shares(
    points: Points,
    column: str,
    rows: np.ndarray,
    chosen: Sides | None = None,
    top: int = CLASSES,
) -> tuple[list[str], dict[str, list[float]]]:
    """How often each class occurs among the chosen ``rows`` of each side (None: each dataset): the
    ``top`` classes, and shares by side.

    Classes are ordered by how far the datasets disagree. Shares are of a dataset's images that have
    a class at all.
    """
    chosen = chosen or sides(points, BY_DATASET)
    values = points[column][rows]
    known = np.array([value is not None for value in values], bool)
    values, group = values[known].astype(str), chosen.of[rows][known]
    names, codes = np.array([]), np.array([], int)
    if len(values):
        names, codes = np.unique(values, return_inverse=True)
    table: dict[str, np.ndarray] = {}
    for index, label in enumerate(chosen.labels):
        own = codes[group == index]
        if len(own):
            table[label] = np.bincount(own, minlength=len(names)) / len(own)
    if not table:
        return [], {}
    every = np.array(list(table.values()))
    spread = every.max(axis=0) - (every.min(axis=0) if len(table) > 1 else 0)
    first = np.argsort(-spread, kind="stable")[:top]
    return [str(name) for name in names[first]], {
        label: share[first].tolist() for label, share in table.items()
    }


def share_bars(
    names: Sequence[str],
    by_dataset: Mapping[str, Sequence[float]],
    colours: Mapping[str, str],
    *,
    counted: bool = False,
) -> go.Figure:
    """How often each class occurs in each dataset: horizontal bars side by side, shares of 1 or,
    ``counted``, images.
    """
    number = ",.0f" if counted else ".1%"
    figure = go.Figure()
    for label, values in by_dataset.items():
        figure.add_bar(
            y=list(names),
            x=list(values),
            name=label,
            orientation="h",
            marker={"color": colours.get(label, FAINT)},
            hovertemplate="%{y}: %{x:" + number + "}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=80 + len(names) * (10 + 11 * max(1, len(by_dataset))),
        barmode="group",
        bargap=0.3,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(tickformat=",.0f" if counted else ".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    return figure
