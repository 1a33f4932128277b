"""Colours and figures that the pages share. Figures are transparent: Streamlit's theme gives them
light or dark.

Real images are teal and absent ones orange everywhere; each version keeps its colour. The colours
stay apart for colour-blind readers (``tests/test_pages_map.py`` simulates it); where there are more
versions than colours, they repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

REAL = "#0e8aa8"
ABSENT = "#d9660f"
VERSIONS = ("#6d3bcb", "#c0adf0", "#862036", "#66c05a", "#e0be45")
FAINT = "#9aa3ab"  # what is there but not meant, on light and dark
# clusters and classes, which repeat: neighbours in the list differ in lightness as well as in hue
MANY = (
    "#4e79a7",
    "#f1a340",
    "#59a14f",
    "#b07aa1",
    "#e15759",
    "#76b7b2",
    "#9c755f",
    "#edc948",
    "#3f5f8a",
    "#ff9da7",
    "#2f7d5b",
    "#c7a9d9",
    "#a33b45",
    "#8fcfe0",
    "#6b4f36",
    "#b7c94e",
    "#7566b8",
    "#f4c7a1",
    "#1f6f78",
    "#d884b8",
)
SCALE = tuple(
    sample_colorscale([REAL, "#d8b84a", "#b5420a"], np.linspace(0, 1, 64))
)  # from covered to absent
RING = 1.6  # pixels around an absent image


def group_colours(groups: Sequence[str]) -> dict[str, str]:
    """A colour for each group of images: the real ones first, then the versions in order."""
    return {
        label: REAL if index == 0 else VERSIONS[(index - 1) % len(VERSIONS)]
        for index, label in enumerate(groups)
    }


def ink(colour: str) -> str:
    """Black or white, whichever reads better on ``#rrggbb`` (relative luminance of WCAG 2)."""
    parts = (
        np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
        if len(colour) == 7
        else np.full(3, 0.4)
    )
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return "#111" if float(linear @ (0.2126, 0.7152, 0.0722)) > 0.28 else "#fff"


def map_figure(
    place: np.ndarray,
    rows: np.ndarray,
    codes: np.ndarray,
    colours: Sequence[str],
    words: Sequence[str],
    size: np.ndarray,
    ring: np.ndarray,
    selections: Sequence[dict] = (),
    look: str = "",
    revision: str = "",
) -> go.Figure:
    """The 2-D map as one WebGL trace.

    ``rows`` (m,): the points to draw, in drawing order; they come back as ``customdata``. ``place``
    (n, 2), ``codes`` (n,) into ``colours``, ``size`` (n,) in pixels and ``ring`` (n,) bool are of
    all points; ``words`` (m,) are shown on hover. ``selections``: shapes drawn before. ``look``
    names the coordinates: zoom is kept while it stays the same; what is drawn in the browser is
    kept while ``revision`` does.
    """
    marker = {
        "color": codes[rows].astype(np.int16),
        "colorscale": stepped(colours),
        "cmin": -0.5,
        "cmax": len(colours) - 0.5,
        "showscale": False,
        "size": size[rows].astype(np.float32),
        "opacity": 0.85,
        "line": {"width": np.where(ring[rows], RING, 0.0).astype(np.float32), "color": ABSENT},
    }
    figure = go.Figure(
        go.Scattergl(
            x=place[rows, 0].astype(np.float32),
            y=place[rows, 1].astype(np.float32),
            mode="markers",
            marker=marker,
            customdata=rows.astype(np.int32),
            text=np.array(words, dtype=object),
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
        uirevision=look,
        selectionrevision=revision,
        selections=list(selections),
        hoverlabel={"align": "left"},
        newselection={"line": {"color": ABSENT, "width": 1.5, "dash": "solid"}},
        modebar={"orientation": "v"},
    )
    bare = {"visible": False, "showgrid": False, "zeroline": False}
    figure.update_xaxes(**bare)
    figure.update_yaxes(**bare, scaleanchor="x", scaleratio=1)
    return figure


def cube_figure(
    place: np.ndarray,
    rows: np.ndarray,
    codes: np.ndarray,
    colours: Sequence[str],
    words: Sequence[str],
    chosen: np.ndarray | None,
    look: str = "",
) -> go.Figure:
    """The 3-D map. ``place`` (n, 3); ``chosen`` (n,) bool: these stand out and the others recede;
    None: all alike.
    """
    figure = go.Figure()
    text = np.array(words, dtype=object)
    lit = np.ones(len(rows), bool) if chosen is None else chosen[rows]
    for part, opacity, size in ((~lit, 0.2, 2.0), (lit, 0.9, 2.6 if chosen is None else 3.6)):
        if part.any():
            mine = rows[part]
            figure.add_scatter3d(
                x=place[mine, 0].astype(np.float32),
                y=place[mine, 1].astype(np.float32),
                z=place[mine, 2].astype(np.float32),
                mode="markers",
                text=text[part].tolist(),
                hovertemplate="%{text}<extra></extra>",
                marker={
                    "color": codes[mine].astype(np.int16),
                    "colorscale": stepped(colours),
                    "cmin": -0.5,
                    "cmax": len(colours) - 0.5,
                    "size": size,
                    "opacity": opacity,
                    "line": {"width": 0},
                },
            )
    bare = {"visible": False}  # the axes of a UMAP picture have no meaning
    figure.update_layout(
        height=400,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        showlegend=False,
        uirevision=look,
        scene={
            "xaxis": bare,
            "yaxis": bare,
            "zaxis": bare,
            "aspectmode": "cube",
            "camera": {"eye": {"x": 1.15, "y": 1.15, "z": 0.8}},
        },
    )
    return figure


def share_bars(
    names: Sequence[str], shares: Mapping[str, Sequence[float]], colours: Mapping[str, str]
) -> go.Figure:
    """How often each class occurs in each group: horizontal bars side by side, shares of 1."""
    figure = go.Figure()
    for label, values in shares.items():
        figure.add_bar(
            y=list(names),
            x=list(values),
            name=label,
            orientation="h",
            marker={"color": colours.get(label, FAINT)},
            hovertemplate="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=80 + len(names) * (10 + 11 * max(1, len(shares))),
        barmode="group",
        bargap=0.3,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category", automargin=True)
    return figure


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


def curves_figure(
    curves: Sequence[tuple[str, Mapping[str, np.ndarray]]],
    colours: Mapping[str, str],
    *,
    wide: bool,
) -> go.Figure:
    """Radial power curves with a band around each: where 80 % of images lie (``wide``), or the
    mean's 95 % interval.

    Each curve has ``frequency``, ``level``, ``low``, ``high``, ``mean_low`` and ``mean_high``, all
    (rings,).
    """
    figure = go.Figure()
    low, high = ("low", "high") if wide else ("mean_low", "mean_high")
    for label, curve in curves:
        colour = colours.get(label, FAINT)
        x = curve["frequency"]
        figure.add_scatter(
            x=np.concatenate([x, x[::-1]]),
            y=np.concatenate([curve[high], curve[low][::-1]]),
            fill="toself",
            fillcolor=translucent(colour, 0.16),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            mode="lines",
        )
    for label, curve in curves:
        figure.add_scatter(
            x=curve["frequency"],
            y=curve["level"],
            name=label,
            mode="lines",
            line={"color": colours.get(label, FAINT), "width": 2},
            hovertemplate="%{x:.3f} cycles/pixel: %{y:.1f} dB<extra>%{fullData.name}</extra>",
        )
    figure.update_layout(
        height=380,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="Frequency, cycles per pixel", rangemode="tozero")
    figure.update_yaxes(title="Power, dB")
    return figure


def plane_figure(
    plane: np.ndarray, title: str, low: float, high: float, *, signed: bool = False
) -> go.Figure:
    """A 2-D spectrum (size, size), frequency zero in the middle, as a heat map; ``signed``: a
    difference around zero.
    """
    size = len(plane)
    step = max(
        1, size // 160
    )  # the screen shows no more; the strongest of each block stays, so that a peak is not lost
    if step > 1:
        blocks = (
            plane[: size // step * step, : size // step * step]
            .reshape(size // step, step, size // step, step)
            .swapaxes(1, 2)
        )
        flat = blocks.reshape(size // step, size // step, -1)
        strongest = np.abs(flat - np.median(plane)).argmax(axis=-1)[..., None]
        plane = np.take_along_axis(flat, strongest, axis=-1)[..., 0]
    axis = np.linspace(-0.5, 0.5, len(plane), endpoint=False)
    scale = [(0.0, REAL), (0.5, "rgba(128,128,128,0.12)"), (1.0, ABSENT)] if signed else "Cividis"
    figure = go.Figure(
        go.Heatmap(
            z=plane.astype(np.float32),
            x=axis,
            y=axis,
            zmin=low,
            zmax=high,
            colorscale=scale,
            colorbar={"thickness": 8, "outlinewidth": 0, "ticksuffix": " dB", "len": 0.9},
            hovertemplate="%{x:.2f}, %{y:.2f} cycles/pixel: %{z:.1f} dB<extra></extra>",
        )
    )
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 30, "b": 0},
        title={"text": title.replace("&", "&amp;").replace("<", "&lt;"), "font": {"size": 14}},
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
    return figure


def translucent(colour: str, opacity: float) -> str:
    """``#rrggbb`` as ``rgba(…)``."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
