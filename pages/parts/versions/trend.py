"""Every number over the versions, each in a small chart: four first, the others on request."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from core import Workspace
from core.workspace import Comparison
from core.workspace.exports import TrendRow
from pages.parts.shared.plots import ABSENT, FAINT, REAL
from pages.parts.shared.style import escape
from pages.parts.versions import read
from pages.parts.versions.read import Unlike

FIRST = ("absent_rate", "recall", "frechet_distance", "classifier_auc")
"""What is asked first: how much is missing, how much of the real images lies among the synthetic
ones, how far the two are apart, and whether a classifier can tell them apart."""
FEW, MANY = 2, 3  # charts side by side, of the first and of the others
MORE = "trend_more"  # session state: whether the others are shown
NAMED = 5  # comparisons named that are not in the trend
ABSENT_RATE = "absent_rate"


def show(ws: Workspace, comparison: Comparison) -> None:
    """The charts, what is left out of them, and what could not be measured."""
    rows, unlike = read.trend(ws, comparison)
    if len({row.version_id for row in rows}) < 2:
        st.info(
            "A trend needs two versions. Compare the real images with another one.",
            icon=":material/lightbulb:",
        )
    if unlike:
        _left_out(unlike)
    st.caption(
        "Intervals are 95 %. Dashed: the real-vs-real baseline, the same number for real "
        "images in the version's place."
    )
    there = list(dict.fromkeys(row.name for row in rows))
    _charts(comparison, rows, [name for name in FIRST if name in there], FEW)
    others = [name for name in there if name not in FIRST]
    if others:
        more = st.expander(f"{len(others)} more numbers", key=MORE, on_change="rerun")
        if more.open:
            with more:
                _charts(comparison, rows, others, MANY)
    notes = (
        f"{row.label}, {row.version}: {row.note}" for row in rows if row.note and row.value is None
    )
    for note in dict.fromkeys(notes):
        st.caption(escape(note))


def _charts(
    comparison: Comparison, rows: Sequence[TrendRow], names: Sequence[str], across: int
) -> None:
    for start in range(0, len(names), across):
        columns = st.columns(across, gap="medium")
        for column, name in zip(columns, names[start : start + across], strict=False):
            with column:
                _chart([row for row in rows if row.name == name], f"trend_{comparison.id}_{name}")


def _left_out(unlike: list[Unlike]) -> None:
    names = "; ".join(
        f"{escape(one.name)} ({escape(', '.join(one.reasons))})" for one in unlike[:NAMED]
    )
    more = f" and {len(unlike) - NAMED} more" if len(unlike) > NAMED else ""
    st.warning(
        f"Not in the trend: {names}{more}. Their numbers cannot be compared with these.",
        icon=":material/link_off:",
    )


def _chart(rows: Sequence[TrendRow], key: str) -> None:
    """One number over the versions with its interval, and its baseline as a dashed line."""
    first, known = rows[0], [row for row in rows if row.value is not None]
    aim = first.better
    better = f", best at {aim}" if aim else ""
    if aim in ("higher", "lower"):
        better = f", {aim} is better"
    st.markdown(f"**{escape(first.label)}**{escape(better)}", help=first.meaning or None)
    if not known:
        note = next((row.note for row in rows if row.note), None)
        st.caption(escape(note or "Not measured."))
        return
    figure = trend_figure(known, ABSENT if first.name == ABSENT_RATE else REAL)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def trend_figure(rows: Sequence[TrendRow], colour: str) -> go.Figure:
    """One number over the versions that have it, with its interval; its baseline dashed."""
    versions = [row.version for row in rows]
    figure = go.Figure()
    if any(row.baseline is not None for row in rows):
        figure.add_scatter(
            x=versions,
            y=[row.baseline for row in rows],
            mode="lines+markers" if len(rows) == 1 else "lines",
            line={"dash": "dash", "color": FAINT, "width": 1.5},
            hovertemplate="real vs real %{y:.4g}<extra></extra>",
        )
    figure.add_scatter(
        x=versions,
        y=[row.value for row in rows],
        mode="lines+markers",
        marker={"color": colour, "size": 8},
        line={"color": colour, "width": 1.5},
        hovertemplate="%{x}: %{y:.4g}<extra></extra>",
        error_y={
            "type": "data",
            "array": [_reach(row.value, row.high) for row in rows],
            "arrayminus": [_reach(row.value, row.low) for row in rows],
            "thickness": 1.2,
            "width": 4,
        },
    )
    figure.update_layout(height=190, showlegend=False, margin={"l": 0, "r": 8, "t": 4, "b": 0})
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(nticks=5, zeroline=False)
    return figure


def _reach(value: float | None, end: float | None) -> float:
    """How far an interval's end is from the value; 0 where there is none."""
    return 0.0 if value is None or end is None else abs(end - value)
