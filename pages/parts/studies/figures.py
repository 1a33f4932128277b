"""Figures of the Fine-tune page. Each takes rows and draws them; a mixture has the same colour
everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.graph_objects import Figure as Figure

from core.contracts.study import Mixture
from core.contracts.study_rows import EmbeddingRow, SummaryRow
from core.contracts.words import Domain
from core.workspace.study_readings import FinishedTrial
from core.workspace.study_versions import NUMBERS, StudyVersion
from pages.parts.shared.plots import FAINT, MANY, REAL, VERSIONS
from pages.parts.studies import words
from pages.parts.studies.words import ACCURACY_NAMES, Accuracy

MIXTURE_COLOURS: dict[str, str] = {
    Mixture.NONE: FAINT,
    Mixture.USB: "#f1a340",
    Mixture.ASB: "#b07aa1",
    Mixture.FFR: "#3a74b8",
    Mixture.SYNTHETIC: "#59a14f",
    Mixture.REVERSED: "#9c755f",
    Mixture.FFR_BIASED: "#76b7b2",
}
CURVE_NAMES = {
    "valid_worst": "Worst-group accuracy, validation",
    "valid_balanced": "Mean-group accuracy, validation",
    "loss": "Training loss",
}
WHISKER = "#6f7883"  # seen on bars, on light and on dark
HEIGHT = 340
LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
MARGIN = {"l": 0, "r": 8, "t": 8, "b": 0}


class Epoch(Protocol):
    """One epoch of one learning rate."""

    @property
    def stage(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    @property
    def rate(self) -> float: ...


def bars(rows: Sequence[SummaryRow], accuracy: Accuracy) -> go.Figure:
    """Mean accuracy of mixtures × objectives with the deviation over seeds."""
    figure = go.Figure()
    objectives = words.objectives_of(rows)
    for mixture in words.mixtures_of(rows):
        by_objective = {row.objective: row for row in rows if row.mixture == mixture}
        there = [name for name in objectives if name in by_objective]
        means = [getattr(by_objective[name], f"{accuracy}_mean") for name in there]
        deviations = [getattr(by_objective[name], f"{accuracy}_sd") or 0.0 for name in there]
        figure.add_bar(
            x=[words.objective(name) for name in there],
            y=means,
            name=words.mixture(mixture),
            marker={"color": MIXTURE_COLOURS[mixture]},
            error_y=_whiskers(deviations) | {"thickness": 1.6, "width": 4, "color": WHISKER},
            text=[f"{100 * value:.0f}" for value in means],
            textposition="inside",
            insidetextanchor="start",
            textangle=0,
            hovertemplate="%{x}: %{y:.1%} ± %{error_y.array:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        barmode="group", bargap=0.24, bargroupgap=0.06, height=HEIGHT, margin=MARGIN, legend=LEGEND
    )
    figure.update_yaxes(tickformat=".0%", range=[0, 1.0], title=ACCURACY_NAMES[accuracy])
    return figure


def strip(trials: Sequence[FinishedTrial]) -> go.Figure:
    """Worst-group accuracy of every finished trial: one dot a seed."""
    figure = go.Figure()
    for mixture in words.mixtures_of(trials):
        rows = [row for row in trials if row.mixture == mixture and row.worst_accuracy is not None]
        figure.add_scatter(
            x=[words.objective(row.objective) for row in rows],
            y=[row.worst_accuracy for row in rows],
            name=words.mixture(mixture),
            mode="markers",
            offsetgroup=str(mixture),
            marker={"color": MIXTURE_COLOURS[mixture], "size": 9},
            text=[f"seed {row.seed}" for row in rows],
            hovertemplate="%{y:.1%}, %{text}<extra>%{fullData.name}</extra>",
        )
    order = [words.objective(name) for name in words.objectives_of(trials)]
    figure.update_layout(scattermode="group", height=260, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(categoryorder="array", categoryarray=order)
    figure.update_yaxes(tickformat=".0%", title=ACCURACY_NAMES[Accuracy.WORST], rangemode="tozero")
    return figure


def curves(epochs: Sequence[Epoch], column: str = "valid_worst") -> go.Figure:
    """A trial's epochs, one line a learning rate; its stages follow one another. ``column``: one of
    :data:`CURVE_NAMES`.
    """
    figure = go.Figure()
    stages = list(dict.fromkeys(one.stage for one in epochs))
    rates = sorted({one.rate for one in epochs})
    start = 0
    for stage in stages:
        for index, rate in enumerate(rates):
            line = sorted(
                (one for one in epochs if one.stage == stage and one.rate == rate),
                key=lambda one: one.epoch,
            )
            figure.add_scatter(
                x=[start + one.epoch for one in line],
                y=[getattr(one, column) for one in line],
                mode="lines+markers",
                name=f"rate {rate:g}",
                legendgroup=f"{rate:g}",
                showlegend=stage == stages[0],
                line={"color": MANY[index % len(MANY)], "width": 2},
                marker={"size": 4},
                hovertemplate=f"{stage}, epoch %{{x}}: %{{y:.3f}}<extra>rate {rate:g}</extra>",
            )
        length = max(one.epoch for one in epochs if one.stage == stage)
        if len(stages) > 1:
            _mark_stage(figure, stage, start, length)
        start += length
    figure.update_layout(height=260, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="Epoch")
    figure.update_yaxes(title=CURVE_NAMES[column])
    if column != "loss":
        figure.update_yaxes(tickformat=".0%", range=[0, 1.02])
    return figure


def grid(
    values: np.ndarray,
    across: Sequence[str],
    down: Sequence[str],
    hover: np.ndarray,
) -> go.Figure:
    """Shares (rows, columns) as tinted cells with their numbers; NaN stays empty. ``hover``: text
    for each cell.
    """
    numbers = np.vectorize(lambda value: "" if np.isnan(value) else f"{100 * value:.0f}")(values)
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(across),
            y=list(down),
            text=numbers,
            texttemplate="%{text}",
            customdata=hover,
            zmin=0.0,
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


def features(points: Sequence[EmbeddingRow], by_class: bool) -> go.Figure:
    """One mixture's learned features of test images: dots are real, crosses synthetic."""
    figure = go.Figure()
    classes = sorted({point.class_ for point in points}) if by_class else [None]
    looks = ((Domain.REAL, "circle", REAL), (Domain.SYNTHETIC, "x", VERSIONS[0]))
    for domain, symbol, colour in looks:
        for index, name in enumerate(classes):
            shown = [
                point for point in points if point.domain == domain and name in (None, point.class_)
            ]
            figure.add_scatter(
                x=[point.x for point in shown],
                y=[point.y for point in shown],
                mode="markers",
                name=str(domain) if name is None else f"{name}, {domain}",
                showlegend=False,
                text=[
                    " · ".join(part for part in (point.domain, point.class_, point.bias) if part)
                    for point in shown
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


def saliency_map(values: np.ndarray, low: float, high: float) -> go.Figure:
    """A saliency map (height, width) between ``low`` and ``high``, the image's top row on top."""
    figure = go.Figure(
        go.Heatmap(
            z=values,
            zmin=low,
            zmax=max(high, low + 1e-9),
            colorscale="Cividis",
            showscale=False,
            hovertemplate="%{z:.2f}<extra></extra>",
        )
    )
    figure.update_layout(height=190, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure


def severity_lines(rows: Sequence[SummaryRow]) -> go.Figure:
    """Worst-group accuracy against the corruption of the synthetic images, one line a mixture, of
    one objective.
    """
    figure = go.Figure()
    for mixture in words.mixtures_of(rows):
        line = sorted((row for row in rows if row.mixture == mixture), key=lambda row: row.severity)
        figure.add_scatter(
            x=[row.severity for row in line],
            y=[row.worst_mean for row in line],
            mode="lines+markers",
            name=words.mixture(mixture),
            line={
                "color": MIXTURE_COLOURS[mixture],
                "width": 2,
                "dash": "dot" if mixture == Mixture.NONE else "solid",
            },
            error_y=_whiskers([row.worst_sd or 0.0 for row in line]),
            hovertemplate="severity %{x}: %{y:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)
    figure.update_xaxes(title="Corruption of the synthetic images, severity", dtick=1)
    figure.update_yaxes(title=ACCURACY_NAMES[Accuracy.WORST], tickformat=".0%", rangemode="tozero")
    return figure


def against(labels: Sequence[str], versions: Sequence[StudyVersion], number: str) -> go.Figure:
    """Versions as dots: a cheap number across, worst-group accuracy up. ``labels``: of the
    versions.
    """
    figure = go.Figure(
        go.Scatter(
            x=[one.numbers[number] for one in versions],
            y=[one.worst_mean for one in versions],
            mode="markers+text",
            text=[plain(label) for label in labels],
            textposition="top center",
            marker={
                "size": 11,
                "color": [VERSIONS[index % len(VERSIONS)] for index in range(len(versions))],
            },
            error_y=_whiskers([one.worst_sd or 0.0 for one in versions]) | {"color": FAINT},
            hovertemplate="%{text}: %{x:.4g}, worst-group accuracy %{y:.1%}<extra></extra>",
        )
    )
    figure.update_layout(height=300, margin=MARGIN, showlegend=False)
    figure.update_xaxes(title=NUMBERS[number])
    figure.update_yaxes(title=ACCURACY_NAMES[Accuracy.WORST], tickformat=".0%")
    return figure


def plain(name: str | None) -> str:
    """A name inside a figure, where ``<`` would begin a tag."""
    return str(name).replace("&", "&amp;").replace("<", "&lt;")


def _whiskers(deviations: Sequence[float]) -> dict[str, object]:
    return {"type": "data", "array": list(deviations), "thickness": 1, "width": 3}


def _mark_stage(figure: go.Figure, stage: str, start: int, length: int) -> None:
    """A stage's name over its epochs, and a line before it."""
    figure.add_annotation(
        x=start + (length + 1) / 2,
        y=1,
        yref="paper",
        text=f"on {stage} images",
        showarrow=False,
        yanchor="top",
        font={"size": 11},
        opacity=0.7,
    )
    if start:
        figure.add_vline(x=start + 0.5, line={"width": 1, "dash": "dot", "color": FAINT})
