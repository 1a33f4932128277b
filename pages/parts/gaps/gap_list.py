"""Which real images the Gaps page lists: the choices, the rows they leave, and the CSV of those."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pyarrow as pa
import streamlit as st

from core import Workspace
from core.contracts.words import Tier
from pages.parts.gaps import marks
from pages.parts.shared import address
from pages.parts.shared.read import Coverage, Scene
from pages.parts.shared.style import slug


class Listing(StrEnum):
    """Which images are listed."""

    JUDGEMENT = "Judgement"
    OUTSIDE = "Outside synthetic clusters"
    RANKING = "Ranking"
    SINGLES = "Single images"
    SURPLUS = "Surplus renders"


class OnMap(StrEnum):
    """On which map real images are outside the synthetic clusters."""

    JOINT = "As it is"
    ALIGNED = "Domain-aligned"


class Order(StrEnum):
    """Which group comes first."""

    SCORE = "Most absent"
    SIZE = "Most images"


LISTING_HELP = """
- **Judgement**: what is said of each group of real images. Absent and thin groups first, then those
  of which it cannot be told, then covered ones.
- **Outside synthetic clusters**: the plain reading of the map. All images, real and synthetic, are
  laid out and clustered together (UMAP, HDBSCAN); listed are real images in clusters with
  practically no image of this version, and those in no cluster at all. Nothing is tested.
- **Ranking**: every real image, the most absent first.
- **Single images**: odd photographs by themselves, with few real images near them and farther from
  every synthetic image than covered ones are. They are in no absent group and not in its counts.
- **Surplus renders**: the other way round, synthetic images that no real image is near.
"""
MAP_HELP = (
    "As it is: all images as the encoder sees them. If the renderer's look is far from "
    "photographs, nearly every real image is outside. Domain-aligned: what the look does to all "
    "images is taken out first. Both maps hold all versions of this comparison."
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
    classes: tuple[str, ...] = ()
    order: Order = Order.SCORE
    on_map: OnMap = OnMap.ALIGNED


def controls(scene: Scene) -> Choices:
    """Draw the controls in one row, with the button for the CSV; what they say."""
    coverage = scene.coverage
    with st.container(horizontal=True, vertical_alignment="bottom"):
        address.keep("list", "gaps_list", address.by_slug(Listing), default=Listing.JUDGEMENT)
        listing = st.segmented_control(
            "Which images",
            tuple(Listing),
            required=True,
            key="gaps_list",
            help=LISTING_HELP,
        )
        on_map: OnMap | None = OnMap.ALIGNED
        if listing == Listing.OUTSIDE:
            address.keep("on", "gaps_map", address.by_slug(OnMap), default=OnMap.ALIGNED)
            on_map = st.segmented_control(
                "On the map",
                tuple(OnMap),
                required=True,
                key="gaps_map",
                help=MAP_HELP,
            )
        known = sorted({value for value in coverage.class_.tolist() if value is not None})
        classes: list[str] = []
        if known:
            classes = st.multiselect("Class", known, key="gaps_class", placeholder="All classes")
        address.keep("sort", "gaps_order", address.by_slug(Order), default=Order.SCORE)
        order = st.selectbox("Sort groups by", tuple(Order), key="gaps_order", width=180)
        choices = Choices(
            Listing(listing or Listing.JUDGEMENT),
            tuple(classes),
            Order(order or Order.SCORE),
            OnMap(on_map or OnMap.ALIGNED),
        )
        st.download_button(
            "CSV",
            data=lambda: csv_of(scene, choices),
            file_name=f"{choices.listing.name.lower()}-{slug(scene.version.version)}.csv",
            mime="text/csv",
            key="gaps_csv",
            icon=":material/download:",
            on_click="ignore",
            help="The images listed here, with their scores and groups",
        )
    return choices


def rows_of(scene: Scene, choices: Choices) -> np.ndarray:
    """Rows of the coverage that the choices and the engineer's marks leave, the most absent
    first.
    """
    rows = listed(scene.coverage, choices)
    return marks.respected(scene, rows, choices.classes, absent_only=False)


def listed(coverage: Coverage, choices: Choices) -> np.ndarray:
    """Rows of the coverage that the choices leave, the most absent first: none for surplus, which
    is of synthetic images.
    """
    every = np.ones(len(coverage), bool)
    aligned = choices.on_map == OnMap.ALIGNED
    chosen = {
        Listing.JUDGEMENT: every,
        Listing.OUTSIDE: coverage.outside_aligned if aligned else coverage.outside,
        Listing.RANKING: every,
        Listing.SINGLES: coverage.single,
        Listing.SURPLUS: ~every,
    }[choices.listing]
    if choices.classes:
        chosen = chosen & np.isin(coverage.class_.astype(str), choices.classes)
    return np.flatnonzero(chosen)


def csv_of(scene: Scene, choices: Choices) -> bytes:
    """What the button hands out: the real images of the list (of the judgement, those of absent and
    thin groups), or the surplus images.
    """
    if choices.listing == Listing.SURPLUS:
        return scene.ws.exports.surplus_csv(scene.comparison, scene.version_id)
    coverage, rows = scene.coverage, listed(scene.coverage, choices)
    absent_only = choices.listing == Listing.JUDGEMENT
    if absent_only:
        rows = rows[np.isin(coverage.tier[rows], (Tier.ABSENT, Tier.THIN))]
    rows = marks.respected(scene, rows, choices.classes, absent_only=absent_only)
    return csv_bytes(scene.ws, coverage, rows, marks.words_by_row(scene))


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
