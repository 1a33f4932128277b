"""The report's plots, as Plotly figures without a theme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.reports.extras import SpectrumFound
from core.reports.source import ComparisonLike

REAL, ABSENT, FAINT = "#0e8aa8", "#d9660f", "#9aa3ab"
VERSIONS = ("#6d3bcb", "#c0adf0", "#862036", "#66c05a", "#e0be45")
POINTS = 20_000  # on the map; every absent image is among them
INK = "#1d252b"
_FONT = {
    "family": "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif",
    "size": 12,
    "color": INK,
}


def map_figure(
    comparison: ComparisonLike, version_id: int, *, limit: int = POINTS, seed: int = 0
) -> go.Figure | None:
    """The map with the look removed, real and synthetic images in colours, absent ones (of one
    version) on top; None without points.

    More than ``limit`` images: a sample by seed that keeps every absent image.
    """
    table = comparison.points()
    x, y = (
        table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
        for name in ("ax", "ay")
    )
    if not np.isfinite(x).any():
        x, y = (
            table.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("x", "y")
        )
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return None
    dataset_id = table.column("dataset_id").to_numpy()
    paths = np.array(table.column("path").to_pylist(), object)
    missing = set(comparison.absent(version_id).column("path").to_pylist())
    absent = (dataset_id == comparison.record.real_id) & np.array(
        [path in missing for path in paths]
    )
    shown = _sample(there, absent, limit, seed)
    figure = go.Figure()
    groups = [
        (comparison.real.label, comparison.record.real_id, REAL),
        *(
            (f"version {one.version}", one.id, VERSIONS[place % len(VERSIONS)])
            for place, one in enumerate(comparison.versions)
        ),
    ]
    for name, number, colour in groups:
        rows = np.flatnonzero(shown & ~absent & (dataset_id == number))
        _dots(
            figure,
            x,
            y,
            rows,
            _words(paths, rows),
            name,
            {"color": colour, "size": 4, "opacity": 0.65},
        )
    rows = np.flatnonzero(shown & absent)
    newest = next(one for one in comparison.versions if one.id == version_id)
    _dots(
        figure,
        x,
        y,
        rows,
        _words(paths, rows),
        f"absent from {newest.version}",
        {"color": ABSENT, "size": 7, "line": {"width": 1, "color": "#ffffff"}},
    )
    figure.update_layout(
        height=560,
        font=_FONT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        paper_bgcolor="white",
        plot_bgcolor="white",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemsizing": "constant"},
        dragmode="pan",
    )
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1)
    return figure


def trend_figure(rows: Sequence[dict[str, Any]], columns: int = 3) -> go.Figure | None:
    """Small plots, one a number: its value by version with the interval, and the floor as a dashed
    line.
    """
    names = [
        name
        for name in dict.fromkeys(row["name"] for row in rows)
        if any(row["value"] is not None for row in rows if row["name"] == name)
    ]
    if not names:
        return None
    lines = -(-len(names) // columns)
    titles = [next(row["label"] for row in rows if row["name"] == name) for name in names]
    figure = make_subplots(
        lines,
        min(columns, len(names)),
        subplot_titles=titles,
        vertical_spacing=0.42 / max(lines, 2),
        horizontal_spacing=0.07,
    )
    for place, name in enumerate(names):
        where = {"row": place // columns + 1, "col": place % columns + 1}
        mine = [row for row in rows if row["name"] == name and row["value"] is not None]
        labels = [row["version"] for row in mine]
        value = np.array([row["value"] for row in mine])
        up, down = (
            np.array(
                [abs(row[side] - row["value"]) if row[side] is not None else 0.0 for row in mine]
            )
            for side in ("high", "low")
        )
        floors = [row["baseline"] for row in mine]
        if any(floor is not None for floor in floors):
            figure.add_scatter(
                x=labels,
                y=floors,
                mode="lines",
                line={"dash": "dash", "color": FAINT, "width": 1.5},
                **where,
                hovertemplate="real vs real %{y:.4g}<extra></extra>",
                showlegend=False,
            )
        figure.add_scatter(
            x=labels,
            y=value,
            mode="lines+markers",
            marker={"color": ABSENT if name == "absent_rate" else INK, "size": 7},
            line={"color": ABSENT if name == "absent_rate" else INK, "width": 1.5},
            **where,
            showlegend=False,
            error_y={"type": "data", "array": up, "arrayminus": down, "thickness": 1.2, "width": 4},
            hovertemplate="%{x}: %{y:.4g}<extra></extra>",
        )
    figure.update_layout(
        height=40 + 190 * lines,
        font=_FONT,
        margin={"l": 44, "r": 8, "t": 34, "b": 24},
        paper_bgcolor="white",
        plot_bgcolor="white",
    )
    figure.update_xaxes(type="category", showgrid=False, linecolor="#c9d1d6")
    figure.update_yaxes(gridcolor="#e8ecee", zeroline=False, nticks=5)
    figure.update_annotations(font={"size": 12, "color": INK})
    return figure


def spectrum_figure(found: SpectrumFound) -> go.Figure:
    """Log power by frequency of every dataset."""
    figure = go.Figure()
    place = 0
    for row in found.rows:
        curve = [point for point in found.curves if point["dataset_id"] == row["dataset_id"]]
        real = row["domain"] == "real"
        colour = REAL if real else VERSIONS[place % len(VERSIONS)]
        place += not real
        figure.add_scatter(
            x=[point["frequency"] for point in curve],
            y=[point["level"] for point in curve],
            mode="lines",
            name=str(row["name"]),
            line={"color": colour, "width": 2},
            hovertemplate="%{x:.3f} cycles per pixel: %{y:.1f} dB<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=340,
        font=_FONT,
        margin={"l": 56, "r": 8, "t": 8, "b": 44},
        paper_bgcolor="white",
        plot_bgcolor="white",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="cycles per pixel", gridcolor="#e8ecee", zeroline=False)
    figure.update_yaxes(title="dB", gridcolor="#e8ecee", zeroline=False)
    return figure


def _sample(there: np.ndarray, absent: np.ndarray, limit: int, seed: int) -> np.ndarray:
    """Which rows to draw, bool (n,): all absent ones, and others at random up to ``limit``."""
    rest = np.flatnonzero(there & ~absent)
    room = max(limit - int((there & absent).sum()), 0)
    shown = there & absent
    shown[np.random.default_rng(seed).permutation(rest)[:room]] = True
    return shown


def _words(paths: np.ndarray, rows: np.ndarray) -> list[str]:
    """What hovering shows, safe: Plotly reads a little HTML in it."""
    return [str(path).replace("&", "&amp;").replace("<", "&lt;") for path in paths[rows]]


def _dots(
    figure: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    rows: np.ndarray,
    words: list[str],
    name: str,
    marker: dict[str, Any],
) -> None:
    if len(rows):
        figure.add_scattergl(
            x=x[rows].astype(np.float32),
            y=y[rows].astype(np.float32),
            mode="markers",
            name=name.replace("<", "&lt;"),
            marker=marker,
            text=words,
            hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        )
