"""The parameters of a comparison as widgets; name, help, range and default are the contract's."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.contracts.compare_spec import CompareParameters
from core.contracts.specs import Parameter, parameters
from core.contracts.words import Framing
from pages.parts.shared import style

KEY = "compare_of_"  # before a parameter's name: its widget's key
NAMES = {
    "framing": "Framing",
    "n_neighbors": "Neighbours on the map",
    "map_cluster_size": "Smallest cluster on the map",
    "neighborhood": "Neighbours compared together",
    "smoothing": "Neighbours averaged over",
    "min_cluster_size": "Smallest group judged",
    "injected": "Injected gaps",
    "reruns": "Re-runs",
    "k": "Neighbours of precision and recall",
    "concepts": "Concepts, one phrase a line",
}
COLUMNS = 3


FRAMINGS = {
    Framing.CENTRE: "Central square",
    Framing.WHOLE: "Whole frame",
    Framing.TILES_2X2: "Tiles, 2 × 2",
    Framing.TILES_3X2: "Tiles, 3 × 2",
}
"""What the framings are called in the form."""


def framing() -> Framing:
    """The widget that chooses the framing; it stands beside the encoder's."""
    one = next(one for one in parameters(CompareParameters) if one.name == "framing")
    return st.selectbox(
        NAMES[one.name],
        list(one.choices),
        format_func=lambda choice: FRAMINGS[choice],
        key=KEY + one.name,
        help=style.escape(one.help),
    )


def form() -> dict[str, Any]:
    """Draw the widgets behind one line; what they say, by parameter."""
    with st.expander("More parameters", type="compact"):
        numbers = [
            one for one in parameters(CompareParameters) if isinstance(one.default, int | float)
        ]
        values: dict[str, Any] = {}
        for start in range(0, len(numbers), COLUMNS):
            row = zip(
                st.columns(COLUMNS, vertical_alignment="bottom"),
                numbers[start : start + COLUMNS],
                strict=False,
            )
            for column, one in row:
                with column:
                    values[one.name] = _number(one)
        for one in parameters(CompareParameters):
            if isinstance(one.default, tuple):
                values[one.name] = _phrases(one)
    return values


def _number(one: Parameter) -> int | float:
    kind = type(one.default)
    return st.number_input(
        NAMES[one.name],
        min_value=None if one.low is None else kind(one.low),
        max_value=None if one.high is None else kind(one.high),
        value=one.default,
        step=1 if kind is int else 0.05,
        key=KEY + one.name,
        help=style.escape(one.help),
    )


def _phrases(one: Parameter) -> tuple[str, ...]:
    text = st.text_area(NAMES[one.name], key=KEY + one.name, height=80, help=style.escape(one.help))
    return tuple(line.strip() for line in (text or "").splitlines() if line.strip())
