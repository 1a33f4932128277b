"""How often each class occurs in each dataset, below the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.parts.map.choices import PREDICTIONS
from pages.parts.shared.plots import FAINT
from pages.parts.shared.read import Points

SOURCES = {"zero_shot": PREDICTIONS["zero_shot"], "tag": PREDICTIONS["tag"], "class": "labels"}
CLASSES = 16  # classes that have bars


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
        names, by_dataset = shares(points, column, rows)
        if not names:
            st.caption("None of these images has a class.")
            return
        st.plotly_chart(
            share_bars(names, by_dataset, points.colours),
            key="map_histogram",
            config={"displayModeBar": False},
        )
        st.caption(
            "Shares of each dataset's images that have a class; classes on which the datasets "
            "disagree most come first."
        )


def shares(
    points: Points, column: str, rows: np.ndarray, top: int = CLASSES
) -> tuple[list[str], dict[str, list[float]]]:
    """How often each class occurs among the chosen ``rows`` of each dataset: the ``top`` classes,
    and shares by dataset.

    Classes are ordered by how far the datasets disagree. Shares are of a dataset's images that have
    a class at all.
    """
    values = points[column][rows]
    known = np.array([value is not None for value in values], bool)
    values, group = values[known].astype(str), points.group[rows][known]
    names, codes = np.array([]), np.array([], int)
    if len(values):
        names, codes = np.unique(values, return_inverse=True)
    table: dict[str, np.ndarray] = {}
    for index, label in enumerate(points.groups):
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
    names: Sequence[str], by_dataset: Mapping[str, Sequence[float]], colours: Mapping[str, str]
) -> go.Figure:
    """How often each class occurs in each dataset: horizontal bars side by side, shares of 1."""
    figure = go.Figure()
    for label, values in by_dataset.items():
        figure.add_bar(
            y=list(names),
            x=list(values),
            name=label,
            orientation="h",
            marker={"color": colours.get(label, FAINT)},
            hovertemplate="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=80 + len(names) * (10 + 11 * max(1, len(by_dataset))),
        barmode="group",
        bargap=0.3,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    return figure
