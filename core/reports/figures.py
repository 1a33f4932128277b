"""The report's plots, as Plotly figures without a theme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.contracts.words import Domain
from core.reports.history import ABSENT_RATE, TrendRow
from core.reports.related import SpectrumLine
from core.store.results import Comparison

REAL, ABSENT, FAINT = "#0e8aa8", "#d9660f", "#9aa3ab"
VERSIONS = ("#6d3bcb", "#c0adf0", "#862036", "#66c05a", "#e0be45")
INK, AXIS, GRID = "#1d252b", "#c9d1d6", "#e8ecee"
POINTS = 20_000  # on the map; every absent image is among them
COLUMNS = 3  # plots beside each other
_FONT = {
    "family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif",
    "size": 12,
    "color": INK,
}
_WHITE = {"font": _FONT, "paper_bgcolor": "white", "plot_bgcolor": "white"}


@dataclass(frozen=True)
class MapPoints:
    """The n images of a comparison on its map. ``x``, ``y``: float (n,), not finite where an image
    has no place; ``group``: int (n,), the place in ``groups`` (the real images first, then the
    versions); ``absent``: bool (n,); ``paths``: (n,) of str.
    """

    x: np.ndarray
    y: np.ndarray
    group: np.ndarray
    groups: tuple[str, ...]
    absent: np.ndarray
    absent_from: str
    paths: np.ndarray


def map_points(comparison: Comparison, version_id: int) -> MapPoints:
    """The domain-aligned map (the map of all images as they are where there is none), and what is
    absent from one version.
    """
    table = comparison.points()
    columns = {
        name: table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in ("x", "y", "ax", "ay")
    }
    aligned = bool(np.isfinite(columns["ax"]).any())
    datasets = [comparison.real, *comparison.versions]
    dataset_ids = table.column("dataset_id").to_numpy()
    group = np.full(len(dataset_ids), -1)
    for place, dataset in enumerate(datasets):
        group[dataset_ids == dataset.id] = place
    paths = np.array(table.column("path").to_pylist(), object)
    absent = {row.path for row in comparison.absent_rows(version_id)}
    return MapPoints(
        x=columns["ax" if aligned else "x"],
        y=columns["ay" if aligned else "y"],
        group=group,
        groups=(datasets[0].label, *(f"version {one.version}" for one in datasets[1:])),
        absent=(group == 0) & np.array([path in absent for path in paths], bool),
        absent_from=f"absent from {comparison.version(version_id).version}",
        paths=paths,
    )


def map_figure(points: MapPoints, *, limit: int = POINTS, seed: int = 0) -> go.Figure | None:
    """The map: real and synthetic images in colours, absent ones on top; None without points.

    More than ``limit`` images: a sample by seed that keeps every absent image.
    """
    placed = np.isfinite(points.x) & np.isfinite(points.y)
    if not placed.any():
        return None
    shown = _sample(placed, points.absent, limit, seed)
    figure = go.Figure()
    for place, name in enumerate(points.groups):
        colour = VERSIONS[(place - 1) % len(VERSIONS)] if place else REAL
        rows = np.flatnonzero(shown & ~points.absent & (points.group == place))
        _dots(figure, points, rows, name, {"color": colour, "size": 4, "opacity": 0.65})
    outline = {"width": 1, "color": "#ffffff"}
    _dots(
        figure,
        points,
        np.flatnonzero(shown & points.absent),
        points.absent_from,
        {"color": ABSENT, "size": 7, "line": outline},
    )
    figure.update_layout(
        **_WHITE,
        height=560,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
        dragmode="pan",
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    return figure


def trend_figure(rows: Sequence[TrendRow]) -> go.Figure | None:
    """Small plots, one a number: its value by version with the interval, and the real-vs-real
    baseline as a dashed line; None where nothing was measured.
    """
    measured: dict[str, list[TrendRow]] = {}
    for row in rows:
        if row.value is not None:
            measured.setdefault(row.name, []).append(row)
    names = [name for name in dict.fromkeys(row.name for row in rows) if name in measured]
    if not names:
        return None
    lines = -(-len(names) // COLUMNS)
    figure = make_subplots(
        lines,
        min(COLUMNS, len(names)),
        subplot_titles=[measured[name][0].label for name in names],
        vertical_spacing=0.42 / max(lines, 2),
        horizontal_spacing=0.07,
    )
    for place, name in enumerate(names):
        _trend(figure, measured[name], place // COLUMNS + 1, place % COLUMNS + 1)
    figure.update_layout(
        **_WHITE, height=40 + 190 * lines, margin={"l": 44, "r": 8, "t": 34, "b": 24}
    )
    figure.update_xaxes(type="category", showgrid=False, linecolor=AXIS)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, nticks=5)
    figure.update_annotations(font={"size": 12, "color": INK})
    return figure


def spectrum_figure(lines: Sequence[SpectrumLine]) -> go.Figure | None:
    """Log power by frequency of every dataset; None without any."""
    if not lines:
        return None
    figure = go.Figure()
    versions = [line for line in lines if line.domain != Domain.REAL]
    for line in lines:
        real = line.domain == Domain.REAL
        figure.add_scatter(
            x=line.frequency.tolist(),
            y=line.level.tolist(),
            mode="lines",
            name=line.name,
            line={
                "color": REAL if real else VERSIONS[versions.index(line) % len(VERSIONS)],
                "width": 2,
            },
            hovertemplate="%{x:.3f} cycles per pixel: %{y:.1f} dB<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        **_WHITE,
        height=340,
        margin={"l": 56, "r": 8, "t": 8, "b": 44},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="cycles per pixel", gridcolor=GRID, zeroline=False)
    figure.update_yaxes(title="dB", gridcolor=GRID, zeroline=False)
    return figure


def _sample(placed: np.ndarray, absent: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Which rows to draw, bool (n,): all absent ones, and others at random up to ``limit``."""
    rest = np.flatnonzero(placed & ~absent)
    room = max(limit - int((placed & absent).sum()), 0)
    shown = placed & absent
    shown[np.random.default_rng(seed).permutation(rest)[:room]] = True
    return shown


def _dots(
    figure: go.Figure, points: MapPoints, rows: np.ndarray, name: str, marker: dict[str, object]
) -> None:
    """Add some images to the map. Plotly reads a little HTML in names, so they are made safe."""
    if len(rows):
        figure.add_scattergl(
            x=points.x[rows].astype(np.float32),
            y=points.y[rows].astype(np.float32),
            mode="markers",
            name=name.replace("<", "&lt;"),
            marker=marker,
            text=[
                str(path).replace("&", "&amp;").replace("<", "&lt;") for path in points.paths[rows]
            ],
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        )


def _trend(figure: go.Figure, rows: Sequence[TrendRow], line: int, column: int) -> None:
    """One number over the versions. ``rows``: those that were measured."""
    labels = [row.version for row in rows]
    value = np.array([row.value for row in rows])
    up, down = (
        np.array(
            [0.0 if end is None else abs(end - at) for end, at in zip(ends, value, strict=True)]
        )
        for ends in ([row.high for row in rows], [row.low for row in rows])
    )
    baseline = [row.baseline for row in rows]
    if any(one is not None for one in baseline):
        figure.add_scatter(
            x=labels,
            y=baseline,
            mode="lines",
            line={"dash": "dash", "color": FAINT, "width": 1.5},
            hovertemplate="real vs real %{y:.4g}<extra></extra>",
            showlegend=False,
            row=line,
            col=column,
        )
    colour = ABSENT if rows[0].name == ABSENT_RATE else INK
    figure.add_scatter(
        x=labels,
        y=value,
        mode="lines+markers",
        marker={"color": colour, "size": 7},
        line={"color": colour, "width": 1.5},
        showlegend=False,
        error_y={"type": "data", "array": up, "arrayminus": down, "thickness": 1.2, "width": 4},
        hovertemplate="%{x}: %{y:.4g}<extra></extra>",
        row=line,
        col=column,
    )
