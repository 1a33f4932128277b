"""Measured spectra: what stands out in each version, the curves, and the mean 2-D spectra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.workspace.spectra import MeasuredSpectrum, SpectrumDistance
from pages.parts.shared import plots, style
from pages.parts.shared.style import escape, figure, html

ACROSS = 3  # pictures in a row
LEAST_REACH = 3.0  # dB: differences below it stay pale
BARE = {"displayModeBar": False}


def draw(spectra: Sequence[MeasuredSpectrum], labels: Mapping[int, str], seed: int) -> None:
    """Draw everything. ``spectra``: the real one first; ``labels``: names by dataset id."""
    names = [labels.get(spectrum.dataset_id, spectrum.name) for spectrum in spectra]
    colours = plots.group_colours(names)
    _cautions(spectra)
    for spectrum, name in zip(spectra, names, strict=True):
        if spectrum.distance is not None:
            _findings(spectrum.distance, name, colours[name])
    _curves(spectra, names, colours)
    _means(spectra, names)
    _differences(spectra, names)
    counts = ", ".join(
        f"{escape(name)}: {spectrum.images:,} images"
        for spectrum, name in zip(spectra, names, strict=True)
    )
    st.caption(f"{escape(spectra[0].note)} {counts}; seed {seed}.")


def _cautions(spectra: Sequence[MeasuredSpectrum]) -> None:
    """What of the files differs, before anything that it may have made."""
    found = [one.distance.caution for one in spectra if one.distance and one.distance.caution]
    if found:
        lines = "  \n".join(map(escape, found))
        st.warning(
            f"**Before you read the findings.** {lines}", icon=":material/photo_size_select_large:"
        )


def _findings(distance: SpectrumDistance, name: str, colour: str) -> None:
    with st.container(border=True):
        st.html(
            f"<div class='gs'><span style='color:{colour}'>●</span> "
            f"<span class='gs-name'>{html(name)}</span></div>"
        )
        style.figures(
            figure(
                "distance to the real spectrum",
                f"{distance.distance:.2f} dB",
                f"{distance.low:.2f} to {distance.high:.2f}",
            ),
            figure(
                "real-vs-real baseline: one half of the real images against the other",
                f"{distance.baseline:.2f} dB",
                f"{distance.baseline_low:.2f} to {distance.baseline_high:.2f}",
            ),
        )
        if distance.findings:
            st.markdown("\n".join(f"- {escape(sentence)}" for sentence in distance.findings))
        else:
            st.html(
                "<div class='gs gs-soft'>Nothing stands out: no single frequency, and no band "
                "beyond its uncertainty.</div>"
            )


def _curves(
    spectra: Sequence[MeasuredSpectrum], names: Sequence[str], colours: Mapping[str, str]
) -> None:
    st.subheader("How strong each detail size is", anchor=False)
    wide = st.toggle(
        "Show where 80 % of the images lie",
        value=True,
        key="spectrum_bands",
        help="Off: the 95 % interval of the mean alone.",
    )
    curves = [(name, vars(spectrum.curve)) for spectrum, name in zip(spectra, names, strict=True)]
    st.plotly_chart(
        plots.curves_figure(curves, colours, wide=wide),
        key="spectrum_curves",
        config={"displaylogo": False},
    )
    st.caption(
        "Mean power in dB of each crop's total. Left: coarse shapes; right: detail from one pixel "
        "to the next."
    )


def _means(spectra: Sequence[MeasuredSpectrum], names: Sequence[str]) -> None:
    st.subheader("Mean 2-D spectra", anchor=False)
    means = [spectrum.mean for spectrum in spectra]
    low, high = np.percentile(np.stack(means), (1, 99.8))
    for number, (column, mean) in enumerate(zip(_columns(len(means)), means, strict=True)):
        with column:
            st.plotly_chart(
                plots.plane_figure(mean, names[number], float(low), float(high)),
                key=f"spectrum_mean_{number}",
                config=BARE,
            )


def _differences(spectra: Sequence[MeasuredSpectrum], names: Sequence[str]) -> None:
    planes = [
        (name, spectrum.difference)
        for spectrum, name in zip(spectra, names, strict=True)
        if spectrum.difference is not None
    ]
    reach = max([LEAST_REACH, *(float(np.percentile(np.abs(plane), 99.5)) for _, plane in planes)])
    # beneath the picture it belongs to, where all fit into one row: the real images have no
    # difference
    one_row = len(spectra) <= ACROSS
    places = _columns(len(spectra))[1:] if one_row else _columns(len(planes))
    for number, (column, (name, plane)) in enumerate(zip(places, planes, strict=True)):
        with column:
            st.plotly_chart(
                plots.plane_figure(plane, f"{name} minus real", -reach, reach, signed=True),
                key=f"spectrum_difference_{number}",
                config=BARE,
            )
    st.caption(
        "Frequency zero is in the middle; right is finer detail from left to right, up is finer "
        "from top to bottom. In the differences, orange is more than in the real images and teal "
        "is less. A bright dot is a grid."
    )


def _columns(count: int) -> list[DeltaGenerator]:
    """``count`` places for pictures, a few a row."""
    rows = [st.columns(ACROSS) for _ in range(-(-count // ACROSS))]
    return [place for row in rows for place in row][:count]
