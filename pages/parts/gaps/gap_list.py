"""Which real images the Gaps page lists: the choices, the rows they leave, and the CSV of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import streamlit as st

from core import Workspace
from pages.parts.gaps import marks
from pages.parts.shared.read import Coverage, Scene
from pages.parts.shared.style import slug


class Listing(StrEnum):
    """Which images are listed."""

    ABSENT = "Absent groups"
    OUTSIDE = "Outside synthetic clusters"
    GROUPS = "All groups"
    RANKING = "Whole ranking"


class Order(StrEnum):
    """Which group comes first."""

    SCORE = "Most absent"
    SIZE = "Most images"


LISTING_HELP = (
    "Absent groups: groups of real images that the version does not cover. Outside "
    "synthetic clusters: images outside every cluster that holds synthetic images. All "
    "groups: every group, the likeliest gap first. Whole ranking: every real image, the most "
    "absent first."
)
CSV_COLUMNS = (  # column, and the field of Coverage it is from
    ("path", "path"),
    ("score", "score"),
    ("q", "q"),
    ("cluster", "cluster"),
    ("tier", "tier"),
    ("outside", "outside"),
    ("outside_aligned", "outside_aligned"),
    ("single", "single"),
    ("nearest", "nearest_path"),
    ("distance", "distance"),
    ("class", "class_"),
    ("bias", "bias"),
    ("gap", "gap"),
)


@dataclass(frozen=True)
class Choices:
    """What is listed, of which classes (none: all), and in which order."""

    listing: Listing
    classes: tuple[str, ...]
    order: Order


def controls(scene: Scene) -> Choices:
    """Draw the controls in one row, with the button for the CSV; what they say."""
    coverage = scene.coverage
    with st.container(horizontal=True, vertical_alignment="bottom"):
        listing = st.segmented_control(
            "Which images",
            tuple(Listing),
            default=Listing.ABSENT,
            required=True,
            key="gaps_list",
            help=LISTING_HELP,
        )
        known = sorted({value for value in coverage.class_.tolist() if value is not None})
        classes: list[str] = []
        if known:
            classes = st.multiselect("Class", known, key="gaps_class", placeholder="All classes")
        order = st.selectbox("Sort groups by", tuple(Order), key="gaps_order", width=180)
        choices = Choices(Listing(listing), tuple(classes), Order(order or Order.SCORE))
        rows = rows_of(scene, choices)
        st.download_button(
            "CSV",
            data=lambda: csv_bytes(scene.ws, coverage, rows, marks.words_by_row(scene)),
            file_name=f"gaps-{slug(scene.version.version)}.csv",
            mime="text/csv",
            key="gaps_csv",
            icon=":material/download:",
            on_click="ignore",
            help="The images listed here, with gap scores and groups",
        )
    return choices


def rows_of(scene: Scene, choices: Choices) -> np.ndarray:
    """Rows of the coverage that the choices and the engineer's marks leave, the most absent
    first.
    """
    rows = listed(scene.coverage, choices.listing, choices.classes)
    absent_only = choices.listing == Listing.ABSENT
    return marks.respected(scene, rows, choices.classes, absent_only=absent_only)


def listed(coverage: Coverage, listing: Listing, classes: Sequence[str]) -> np.ndarray:
    """Rows of the coverage that a list and a choice of classes leave, the most absent first. No
    class: all.
    """
    chosen = {
        Listing.ABSENT: coverage.absent,
        Listing.OUTSIDE: coverage.outside,
        Listing.GROUPS: np.ones(len(coverage), bool),
        Listing.RANKING: np.ones(len(coverage), bool),
    }[listing]
    if classes:
        chosen = chosen & np.isin(coverage.class_.astype(str), list(classes))
    return np.flatnonzero(chosen)


def csv_bytes(
    ws: Workspace, coverage: Coverage, rows: np.ndarray, words: np.ndarray | None = None
) -> bytes:
    """The chosen images as CSV, safe for spreadsheets: the columns of :data:`CSV_COLUMNS` and
    ``mark``. ``words``: the mark of each row of the coverage or None, objects (n,).
    """
    table = pa.table(
        {
            name: pa.array(getattr(coverage, attribute)[rows], from_pandas=True)
            for name, attribute in CSV_COLUMNS
        }
    )
    said = [None] * len(rows) if words is None else words[rows].tolist()
    return ws.exports.csv_bytes(table.append_column("mark", pa.array(said, pa.string())))
