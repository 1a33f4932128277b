"""The map's figures, 2-D and 3-D, and which points they draw. Kept from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.workspace.selection import plot_sample
from pages.parts.map.choices import SPACES, Choices, MapSpace, Whose
from pages.parts.map.colouring import Colouring
from pages.parts.map.drawn import Drawn
from pages.parts.shared.plots import ABSENT, plotly_text
from pages.parts.shared.read import Points, Scene

LIMIT = 60_000  # points drawn in 2-D; above it a sample that keeps every absent image
DEEP_LIMIT = LIMIT // 3  # points drawn in 3-D, where each costs more
RING = 1.6  # pixels around an absent image
BARE = {"visible": False}  # the axes of a UMAP picture have no meaning


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: the scene, the choices, which points are ``shown`` (bool (n,)), their colours;
    ``cleared``: how often the selection was cleared.
    """

    scene: Scene
    choices: Choices
    shown: np.ndarray
    colours: Colouring
    cleared: int

    @property
    def key(self) -> tuple[Any, ...]:
        """What the figures depend on."""
        choices = replace(self.choices, deep=False)  # the 2-D map stays as it is beside the 3-D one
        return (*self.scene.key, self.scene.version_id, choices, self.cleared)

    @property
    def coordinates(self) -> tuple[Any, ...]:
        """What the points' places depend on."""
        alone = self.scene.version_id if self.space.whose == Whose.VERSION else None
        return (*self.scene.key, self.choices.space, alone)

    @property
    def space(self) -> MapSpace:
        """The map that is chosen."""
        return SPACES[self.choices.space]

    @property
    def place(self) -> np.ndarray:
        """Coordinates of all points on it, (n, 2)."""
        return self.scene.points.place(self.space.flat)


@dataclass(frozen=True, eq=False)
class Cloud:
    """The points of a figure. ``rows`` (m,): which of n points, in drawing order; ``place`` (n, 2)
    or (n, 3); ``codes`` (n,) into ``colours``; ``words`` (m,): what is shown on hover.
    """

    rows: np.ndarray
    place: np.ndarray
    codes: np.ndarray
    colours: Sequence[str]
    words: Sequence[str]

    def marker(self, rows: np.ndarray, **more: Any) -> dict[str, Any]:
        """Plotly's marker for these rows."""
        return {
            "color": self.codes[rows].astype(np.int16),
            "colorscale": stepped(self.colours),
            "cmin": -0.5,
            "cmax": len(self.colours) - 0.5,
            **more,
        }


def flat_figure(picture: Picture, base: Drawn) -> tuple[go.Figure, int]:
    """The 2-D map with ``base`` drawn into it as selected, and how many points it draws."""
    return _flat(picture, picture.key, base)


def deep_figure(picture: Picture, drawn: Drawn, rows: np.ndarray) -> go.Figure | None:
    """The 3-D map, None where there is none; if something is ``drawn``, its ``rows`` stand out."""
    columns = picture.space.deep
    if columns is None or not picture.scene.points.known(columns[0]):
        return None
    return _deep(picture, rows, picture.key, drawn)


@st.cache_resource(show_spinner=False, max_entries=12)
def _flat(_picture: Picture, key: tuple[Any, ...], base: Drawn) -> tuple[go.Figure, int]:
    points, covered = _picture.scene.points, _picture.scene.on_points
    rows = _rows(_picture, LIMIT)
    # later points lie on top: synthetic, real, absent
    height = points.real[rows].astype(int) + covered.absent[rows]
    cloud = _cloud(_picture, rows[np.argsort(height, kind="stable")], _picture.space.flat)
    figure = map_figure(cloud, _sizes(points, len(rows)), _ring(_picture))
    figure.update_layout(
        # zoom is kept while the map stays the same, what is drawn until it is cleared
        uirevision=_picture.choices.space,
        selectionrevision=f"{_picture.choices.space} {_picture.cleared}",
        selections=_shapes(base),
    )
    return figure, len(rows)


@st.cache_resource(show_spinner=False, max_entries=6)
def _deep(
    _picture: Picture, _selected: np.ndarray, key: tuple[Any, ...], drawn: Drawn
) -> go.Figure:
    chosen = None
    if drawn:
        chosen = np.zeros(len(_picture.scene.points), bool)
        chosen[_selected] = True
    cloud = _cloud(_picture, _rows(_picture, DEEP_LIMIT), _picture.space.deep or ())
    figure = cube_figure(cloud, chosen)
    figure.update_layout(uirevision=_picture.choices.space)
    return figure


def map_figure(cloud: Cloud, size: np.ndarray, ring: np.ndarray) -> go.Figure:
    """The 2-D map as one WebGL trace; each point's row comes back as ``customdata``. ``size`` (n,)
    in pixels; ``ring`` (n,) bool.
    """
    rows = cloud.rows
    line = {"width": np.where(ring[rows], RING, 0.0).astype(np.float32), "color": ABSENT}
    figure = go.Figure(
        go.Scattergl(
            x=cloud.place[rows, 0].astype(np.float32),
            y=cloud.place[rows, 1].astype(np.float32),
            mode="markers",
            marker=cloud.marker(
                rows, showscale=False, size=size[rows].astype(np.float32), opacity=0.85, line=line
            ),
            customdata=rows.astype(np.int32),
            text=np.array(cloud.words, dtype=object),
            hovertemplate="%{text}<extra></extra>",
            selected={"marker": {"opacity": 0.95}},
            unselected={"marker": {"opacity": 0.2}},
        )
    )
    figure.update_layout(
        dragmode="lasso",
        height=620,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=False,
        hoverlabel={"align": "left"},
        newselection={"line": {"color": ABSENT, "width": 1.5, "dash": "solid"}},
        modebar={"orientation": "v"},
    )
    figure.update_xaxes(**BARE, showgrid=False, zeroline=False)
    figure.update_yaxes(**BARE, showgrid=False, zeroline=False, scaleanchor="x", scaleratio=1)
    return figure


def cube_figure(cloud: Cloud, chosen: np.ndarray | None) -> go.Figure:
    """The 3-D map. ``chosen`` (n,) bool: these stand out and the others recede; None: all alike."""
    figure = go.Figure()
    text = np.array(cloud.words, dtype=object)
    lit = np.ones(len(cloud.rows), bool) if chosen is None else chosen[cloud.rows]
    for part, opacity, size in ((~lit, 0.2, 2.0), (lit, 0.9, 2.6 if chosen is None else 3.6)):
        if part.any():
            rows = cloud.rows[part]
            x, y, z = cloud.place[rows].astype(np.float32).T
            figure.add_scatter3d(
                x=x,
                y=y,
                z=z,
                mode="markers",
                text=text[part].tolist(),
                hovertemplate="%{text}<extra></extra>",
                marker=cloud.marker(rows, size=size, opacity=opacity, line={"width": 0}),
            )
    figure.update_layout(
        height=400,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=False,
        scene={
            "xaxis": BARE,
            "yaxis": BARE,
            "zaxis": BARE,
            "aspectmode": "cube",
            "camera": {"eye": {"x": 1.15, "y": 1.15, "z": 0.8}},
        },
    )
    return figure


def hover(points: Points, rows: np.ndarray, score: np.ndarray, clusters: str) -> list[str]:
    """Words for each of ``rows``: name, dataset, class, cluster (a column's name), gap score.
    Plotly reads them as HTML, so names are made safe.
    """
    cluster, classes, paths = points[clusters], points["class"], points["path"]
    guesses = points["tag"] if points.known("tag") else points["zero_shot"]
    words = []
    for row in rows.tolist():
        kind = classes[row] if classes[row] is not None else guesses[row]
        parts = [plotly_text(points.label(row))]
        if kind is not None:
            parts.append(plotly_text(kind))
        parts.append("no cluster" if cluster[row] < 0 else f"cluster {cluster[row]}")
        if np.isfinite(score[row]):
            parts.append(f"gap score {score[row]:.2f}")
        words.append(f"<b>{plotly_text(PurePosixPath(paths[row]).name)}</b><br>{' · '.join(parts)}")
    return words


def stepped(colours: Sequence[str]) -> list[tuple[float, str]]:
    """A Plotly colour scale of one flat step a colour, for codes 0, 1, 2 … between -0.5 and k -
    0.5.
    """
    edges = np.linspace(0, 1, len(colours) + 1)
    return [
        (float(edge), colour)
        for index, colour in enumerate(colours)
        for edge in edges[index : index + 2]
    ]


def _cloud(picture: Picture, rows: np.ndarray, columns: Sequence[str]) -> Cloud:
    points = picture.scene.points
    words = hover(points, rows, picture.scene.on_points.score, picture.space.clusters)
    colours = picture.colours
    return Cloud(rows, points.place(columns), colours.codes, colours.colours, words)


def _rows(picture: Picture, limit: int) -> np.ndarray:
    """Rows to draw of those shown."""
    there = np.flatnonzero(picture.shown)
    return there[plot_sample(picture.scene.on_points.absent[there], limit)]


def _ring(picture: Picture) -> np.ndarray:
    return picture.scene.on_points.absent & picture.choices.ring


def _sizes(points: Points, drawn: int) -> np.ndarray:
    """Pixels of each point, (n,): real ones larger, all smaller where there are many."""
    if drawn <= 3000:
        small, large = 4.0, 6.5
    elif drawn <= 20_000:
        small, large = 3.2, 4.6
    else:
        small, large = 2.4, 3.4
    return np.where(points.real, large, small)


def _shapes(drawn: Drawn) -> list[dict[str, Any]]:
    """What was drawn, as Plotly's selections."""
    shapes: list[dict[str, Any]] = []
    for x, y in drawn.lassos:
        corners = "L".join(f"{a:g},{b:g}" for a, b in zip(x, y, strict=True))
        shapes.append({"type": "path", "xref": "x", "yref": "y", "path": f"M{corners}Z"})
    for x, y in drawn.boxes:
        corner = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}
        shapes.append({"type": "rect", "xref": "x", "yref": "y", **corner})
    return shapes
