"""The palette, and the figures of spectra. Figures are transparent: Streamlit's theme gives them
light or dark.

Real images are teal, absent ones orange, thin ones light orange, those of which it cannot be told
grey, everywhere; each version keeps its colour. The colours
stay apart for colour-blind readers (``tests/pages/test_map.py`` simulates it); where there are more
versions than colours, they repeat.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from core.contracts.words import Tier

REAL = "#0e8aa8"
ABSENT = "#d9660f"
THIN = "#f6b26b"
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


TIERS = {Tier.ABSENT: ABSENT, Tier.THIN: THIN, Tier.CANNOT_TELL: FAINT, Tier.COVERED: REAL}
"""The colour of a real image by its tier."""


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
    # the screen shows no more; the strongest of each block stays, so that a peak is not lost
    step = max(1, size // 160)
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
        title={"text": plotly_text(title), "font": {"size": 14}},
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
    return figure


def plotly_text(text: object) -> str:
    """Text as Plotly shows it letter by letter: it reads some marks of HTML, but not ``&quot;``."""
    return html.escape(str(text), quote=False)


def translucent(colour: str, opacity: float) -> str:
    """``#rrggbb`` as ``rgba(…)``."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
