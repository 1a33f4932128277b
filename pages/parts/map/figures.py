"""The map where the browser has no WebGL 2: a Plotly chart of a sample of the points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.workspace.selection import plot_sample
from pages.parts.map.picture import Picture
from pages.parts.map.selected import Gesture, Mode
from pages.parts.shared.plots import ABSENT

LIMIT = 5_000  # points drawn; every absent image is among them
BARE = {"visible": False}  # the axes of a UMAP picture have no meaning


def sample_figure(picture: Picture) -> tuple[go.Figure, int]:
    """The map as SVG, and how many points it draws."""
    points, absent = picture.scene.points, picture.scene.on_points.absent
    there = np.flatnonzero(picture.shown)
    rows = there[plot_sample(absent[there], LIMIT)]
    # later points lie on top: synthetic, real, absent
    rows = rows[np.argsort(points.real[rows].astype(int) + absent[rows], kind="stable")]
    flat, colours = picture.ground.flat, picture.colours
    figure = go.Figure(
        go.Scatter(
            x=flat[rows, 0],
            y=flat[rows, 1],
            mode="markers",
            marker={
                "color": colours.codes[rows].astype(np.int16),
                "colorscale": stepped(colours.colours),
                "cmin": -0.5,
                "cmax": len(colours.colours) - 0.5,
                "showscale": False,
                "size": np.where(points.real[rows], 6, 4.5),
                "opacity": 0.85,
                "line": {"width": np.where(absent[rows], 1.4, 0.0), "color": ABSENT},
            },
            customdata=rows.astype(np.int32),
            hoverinfo="none",
        )
    )
    figure.update_layout(
        dragmode="lasso",
        height=520,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=False,
        uirevision=picture.view,
    )
    figure.update_xaxes(**BARE, showgrid=False, zeroline=False)
    figure.update_yaxes(**BARE, showgrid=False, zeroline=False, scaleanchor="x", scaleratio=1)
    return figure, len(rows)


def gestures(event: Mapping[str, Any] | None, serial: int) -> list[Gesture]:
    """What a chart's event says was drawn: its lassos and boxes, else its points, in place of what
    was selected. ``serial``: of the first of them.
    """
    selection = (event or {}).get("selection") or {}
    made: list[Gesture] = []

    def add(**what: Any) -> None:
        mode = Mode.ADD if made else Mode.REPLACE
        made.append(Gesture(mode, serial + len(made), **what))

    for area in selection.get("lasso") or ():
        add(corners=np.column_stack([area["x"], area["y"]]).astype(np.float64))
    for area in selection.get("box") or ():
        (x0, x1), (y0, y1) = area["x"], area["y"]
        add(corners=np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64))
    if not made:
        for point in selection.get("points") or ():
            data = point.get("customdata")
            row = data[0] if isinstance(data, list | tuple) else data
            if row is not None:
                add(row=int(row))
    return made


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
