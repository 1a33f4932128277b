"""Figures of the Fine-tune page. Each takes plain rows and draws them; colours of mixtures are the
same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pages.parts.shared.plots import FAINT, MANY, REAL, VERSIONS
from pages.parts.studies import read

MIXTURE_COLOURS = {
    "none": FAINT,
    "usb": "#f1a340",
    "asb": "#b07aa1",
    "ffr": "#3a74b8",
    "synthetic": "#59a14f",
    "reversed": "#9c755f",
    "ffr_biased": "#76b7b2",
}
WHISKER = "#6f7883"  # seen on bars, on light and on dark
HEIGHT = 340
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
MARGIN = {"l": 0, "r": 8, "t": 8, "b": 0}


def bars(found: Sequence[Mapping[str, Any]], what: str, most: float = 1.0) -> go.Figure:
    """Mean accuracy of mixtures × objectives with the deviation over seeds. ``what``: worst or
    balanced.
    """
    figure = go.Figure()
    objectives = read.objectives_of(found)
    for mixture in read.mixtures_of(found):
        mine = {row["objective"]: row for row in found if row["mixture"] == mixture}
        there = [name for name in objectives if name in mine]
        figure.add_bar(
            x=[read.objective(name) for name in there],
            y=[mine[name][f"{what}_mean"] for name in there],
            name=read.mixture(mixture),
            marker={"color": MIXTURE_COLOURS[mixture]},
            error_y={
                "type": "data",
                "array": [mine[name][f"{what}_sd"] or 0.0 for name in there],
                "thickness": 1.6,
                "width": 4,
                "color": WHISKER,
            },
            text=[_percent(mine[name][f"{what}_mean"]) for name in there],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            hovertemplate="%{x}: %{y:.1%} ± %{error_y.array:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        barmode="group", bargap=0.24, bargroupgap=0.06, height=HEIGHT, margin=MARGIN, legend=LEGEND
    )
    figure.update_yaxes(tickformat=".0%", range=[0, most], title=f"{what.capitalize()} accuracy")
    return figure


def strip(trials: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Worst accuracy of every finished trial: one dot a seed."""
    figure = go.Figure()
    for mixture in read.mixtures_of(trials):
        mine = [
            row for row in trials if row["mixture"] == mixture and row["worst_accuracy"] is not None
        ]
        figure.add_scatter(
            x=[read.objective(row["objective"]) for row in mine],
            y=[row["worst_accuracy"] for row in mine],
            name=read.mixture(mixture),
            mode="markers",
            offsetgroup=mixture,
            marker={"color": MIXTURE_COLOURS[mixture], "size": 9},
            text=[f"seed {row['seed']}" for row in mine],
            hovertemplate="%{y:.1%}, %{text}<extra>%{fullData.name}</extra>",
        )
    order = [read.objective(name) for name in read.objectives_of(trials)]
    figure.update_layout(scattermode="group", height=260, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(categoryorder="array", categoryarray=order)
    figure.update_yaxes(tickformat=".0%", title="Worst accuracy", rangemode="tozero")
    return figure


def curves(lines: Sequence[Mapping[str, Any]], what: str = "valid_worst") -> go.Figure:
    """A trial's epochs, one line a learning rate; its stages follow one another. ``what``: a column
    of the curves.
    """
    figure = go.Figure()
    stages = list(dict.fromkeys(line["stage"] for line in lines))
    rates = sorted({line["rate"] for line in lines})
    start, ends = 0, []
    for stage in stages:
        last = max(line["epoch"] for line in lines if line["stage"] == stage)
        for index, rate in enumerate(rates):
            mine = sorted(
                (line for line in lines if line["stage"] == stage and line["rate"] == rate),
                key=lambda line: line["epoch"],
            )
            figure.add_scatter(
                x=[start + line["epoch"] for line in mine],
                y=[line[what] for line in mine],
                mode="lines+markers",
                name=f"rate {rate:g}",
                legendgroup=f"{rate:g}",
                showlegend=stage == stages[0],
                line={"color": MANY[index % len(MANY)], "width": 2},
                marker={"size": 4},
                hovertemplate=f"{stage}, epoch %{{x}}: %{{y:.3f}}<extra>rate {rate:g}</extra>",
            )
        ends.append((stage, start, last))
        start += last
    for stage, begin, length in ends if len(ends) > 1 else ():
        figure.add_annotation(
            x=begin + (length + 1) / 2,
            y=1,
            yref="paper",
            text=f"on {stage} images",
            showarrow=False,
            yanchor="top",
            font={"size": 11},
            opacity=0.7,
        )
        if begin:
            figure.add_vline(x=begin + 0.5, line={"width": 1, "dash": "dot", "color": FAINT})
    figure.update_layout(height=260, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="Epoch")
    names = {
        "valid_worst": "Worst accuracy, validation",
        "valid_balanced": "Balanced accuracy, validation",
        "loss": "Training loss",
    }
    figure.update_yaxes(title=names[what])
    if what != "loss":
        figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


def grid(
    values: np.ndarray,
    across: Sequence[str],
    down: Sequence[str],
    hover: np.ndarray,
    *,
    low: float = 0.0,
) -> go.Figure:
    """Shares (rows, columns) as tinted cells with their numbers; NaN stays empty. ``hover``: text
    for each cell.
    """
    words = np.vectorize(lambda value: "" if np.isnan(value) else f"{100 * value:.0f}")(values)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(across),
            y=list(down),
            text=words,
            texttemplate="%{text}",
            customdata=hover,
            zmin=low,
            zmax=1.0,
            xgap=2,
            ygap=2,
            showscale=False,
            colorscale=[(0, "#b5420a"), (0.5, "#d8b84a"), (1, REAL)],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    figure.update_layout(
        height=70 + 30 * max(2, len(down)), margin={"l": 0, "r": 0, "t": 30, "b": 0}
    )
    figure.update_xaxes(type="category", side="top", automargin=True)
    figure.update_yaxes(type="category", autorange="reversed", automargin=True)
    return figure


def features(points: Sequence[Mapping[str, Any]], by_class: bool) -> go.Figure:
    """One mixture's learned features of test images: real ones as dots, synthetic ones as crosses."""
    figure = go.Figure()
    classes = sorted({point["class"] for point in points})
    for domain, symbol, colour in (("real", "circle", REAL), ("synthetic", "x", VERSIONS[0])):
        for index, name in enumerate(classes if by_class else [None]):
            mine = [
                point
                for point in points
                if point["domain"] == domain and name in (None, point["class"])
            ]
            figure.add_scatter(
                x=[point["x"] for point in mine],
                y=[point["y"] for point in mine],
                mode="markers",
                name=f"{domain}" if name is None else f"{name}, {domain}",
                showlegend=False,
                text=[
                    f"{domain} · {point['class']}"
                    + (f" · {point['bias']}" if point["bias"] else "")
                    for point in mine
                ],
                hovertemplate="%{text}<extra></extra>",
                marker={
                    "symbol": symbol,
                    "size": 6,
                    "opacity": 0.75,
                    "color": MANY[index % len(MANY)] if by_class else colour,
                },
            )
    figure.update_layout(height=280, margin={"l": 0, "r": 0, "t": 4, "b": 0})
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**bare)
    figure.update_yaxes(**bare)
    return figure


def severity_lines(found: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Worst accuracy against the corruption of the synthetic images, one line a mixture, of one
    objective.
    """
    figure = go.Figure()
    for mixture in read.mixtures_of(found):
        mine = sorted(
            (row for row in found if row["mixture"] == mixture), key=lambda row: row["severity"]
        )
        figure.add_scatter(
            x=[row["severity"] for row in mine],
            y=[row["worst_mean"] for row in mine],
            mode="lines+markers",
            name=read.mixture(mixture),
            line={
                "color": MIXTURE_COLOURS[mixture],
                "width": 2,
                "dash": "dot" if mixture == "none" else "solid",
            },
            error_y={
                "type": "data",
                "array": [row["worst_sd"] or 0.0 for row in mine],
                "thickness": 1,
                "width": 3,
            },
            hovertemplate="severity %{x}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="Corruption of the synthetic images, severity", dtick=1)
    figure.update_yaxes(title="Worst accuracy", tickformat=".0%", rangemode="tozero")
    return figure


def against(
    names: Sequence[str],
    x: Sequence[float],
    y: Sequence[float],
    y_sd: Sequence[float | None],
    label: str,
) -> go.Figure:
    """Versions as dots: a cheap number across, worst accuracy up."""
    figure = go.Figure(
        go.Scatter(
            x=list(x),
            y=list(y),
            mode="markers+text",
            text=list(names),
            textposition="top center",
            marker={
                "size": 11,
                "color": [VERSIONS[index % len(VERSIONS)] for index in range(len(names))],
            },
            error_y={
                "type": "data",
                "array": [value or 0.0 for value in y_sd],
                "thickness": 1,
                "width": 3,
                "color": FAINT,
            },
            hovertemplate="%{text}: %{x:.4g}, worst accuracy %{y:.1%}<extra></extra>",
        )
    )
    figure.update_layout(height=300, margin=MARGIN, showlegend=False)
    figure.update_xaxes(title=label)
    figure.update_yaxes(title="Worst accuracy", tickformat=".0%")
    return figure


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}"
