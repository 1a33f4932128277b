"""What the user may choose on the Map page: which map, in which colours, which images."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import streamlit as st

from pages.parts.shared.read import TYPED, Points, Scene
from pages.parts.shared.style import escape


class Whose(StrEnum):
    """Whose images a map shows."""

    ALL = "all"
    REAL = "real"
    VERSION = "version"


@dataclass(frozen=True)
class MapSpace:
    """One map: the columns of its coordinates in 2-D and 3-D (None: it has none) and of its
    clusters, and whose images it shows.
    """

    flat: tuple[str, str]
    deep: tuple[str, str, str] | None
    clusters: str
    whose: Whose


ALIGNED, AS_IT_IS = "Domain-aligned", "As it is"
REAL_ALONE, VERSION_ALONE = "Real alone", "Version alone"
SPACES = {
    ALIGNED: MapSpace(("ax", "ay"), ("ax3", "ay3", "az3"), "acluster", Whose.ALL),
    AS_IT_IS: MapSpace(("x", "y"), ("x3", "y3", "z3"), "cluster", Whose.ALL),
    REAL_ALONE: MapSpace(("sx", "sy"), None, "scluster", Whose.REAL),
    VERSION_ALONE: MapSpace(("sx", "sy"), None, "scluster", Whose.VERSION),
}
SPACES_HELP = (
    "Domain-aligned: each domain's mean is taken out before the map is made, so that content "
    "decides. As it is: one map of everything. Alone: the map of one domain by itself; a class "
    "that holds together there and splits in the joint map is a finding."
)
# what the user typed comes before the labels by CLIP, and both before ImageNet's words
PREDICTIONS = {TYPED: "Typed class", "zero_shot": "CLIP class", "tag": "ImageNet class"}
CLASSES = ("class", *PREDICTIONS)  # columns that say what an image shows, the user's labels first
VERSION, DOMAIN, CLUSTER, SCORE, LOOKS_REAL = "version", "domain", "cluster", "score", "looks_real"
COLOURINGS = {
    VERSION: "Version and judgement",
    DOMAIN: "Domain",
    CLUSTER: "Cluster",
    "class": "Class",
    SCORE: "Gap score",
    LOOKS_REAL: "Looks real",
    **PREDICTIONS,
}
EVERY_CONFIDENCE = (0.0, 1.0)


@dataclass(frozen=True)
class Filters:
    """What to leave out. Empty means all; ``confidence`` is the range of ``prediction``'s
    confidence.
    """

    groups: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    predicted: tuple[str, ...] = ()
    prediction: str = "tag"
    confidence: tuple[float, float] = EVERY_CONFIDENCE
    absent_only: bool = False


@dataclass(frozen=True)
class Choices:
    """Everything that is chosen: the map (a key of :data:`SPACES`), the colouring (a key of
    :data:`COLOURINGS`), the filters, whether each version has a map of its own.
    """

    space: str
    colouring: str
    filters: Filters
    side_by_side: bool = False


def offered(points: Points) -> dict[str, str]:
    """The colourings this comparison has data for: key and words."""
    always = (VERSION, DOMAIN, CLUSTER, SCORE)
    return {key: words for key, words in COLOURINGS.items() if key in always or points.known(key)}


def controls(scene: Scene) -> Choices:
    """Draw the controls side by side; what they say."""
    points = scene.points
    space = st.selectbox(
        "Map",
        tuple(SPACES),
        key="map_look",
        persist_state="session",
        help=SPACES_HELP,
        width=170,
    )
    names = offered(points)
    colouring = st.selectbox(
        "Colour",
        list(names),
        format_func=lambda one: names.get(one, one),
        key="map_colour",
        persist_state="session",
        width=195,
    )
    filters = _filters(points, scene.version.label)
    several = len(points.groups) > 2 and SPACES[space].whose == Whose.ALL
    apart = several and st.toggle(
        "Side by side",
        key="map_apart",
        help="A map for each version, with the real images and its own; they move together.",
    )
    return Choices(space, colouring, filters, apart)


def class_column(points: Points) -> str | None:
    """The column that says best what these images show: labels, else the first prediction."""
    return next((name for name in CLASSES if points.known(name)), None)


def visible(scene: Scene, choices: Choices) -> np.ndarray:
    """Which points the map shows: those with a place on it that pass the filters, side by side of
    the versions only the scene's own; bool (n,).
    """
    inside = _visible(scene, scene.key, scene.version_id, choices.space, choices.filters)
    if not choices.side_by_side:
        return inside
    return inside & (scene.points.real | (scene.points["dataset_id"] == scene.version_id))


@st.cache_resource(show_spinner=False, max_entries=32)
def _visible(
    _scene: Scene, key: tuple[str, int, str], version_id: int, space: str, filters: Filters
) -> np.ndarray:
    return passing(_scene.points, SPACES[space], filters, _scene.on_points.absent, version_id)


def passing(
    points: Points, space: MapSpace, filters: Filters, absent: np.ndarray, version_id: int
) -> np.ndarray:
    """Which points have a place on a map and pass the filters; bool (n,)."""
    inside = np.isfinite(points.place(space.flat)).all(axis=1)
    if space.whose == Whose.REAL:
        inside &= points.real
    elif space.whose == Whose.VERSION:
        inside &= points["dataset_id"] == version_id
    if filters.groups:
        chosen = [points.groups.index(name) for name in filters.groups if name in points.groups]
        inside &= np.isin(points.group, chosen)
    if filters.classes:
        inside &= np.isin(points["class"].astype(str), list(filters.classes))
    if filters.predicted:
        inside &= np.isin(points[filters.prediction].astype(str), list(filters.predicted))
    if filters.confidence != EVERY_CONFIDENCE:
        confidence = points[f"{filters.prediction}_confidence"]
        inside &= (confidence >= filters.confidence[0]) & (confidence <= filters.confidence[1])
    if filters.absent_only:
        inside &= absent
    return inside


def _filters(points: Points, version: str) -> Filters:
    with st.popover("Filter", icon=":material/filter_list:"):
        groups = st.pills("Images from", points.groups, selection_mode="multi", key="map_groups")
        absent = st.toggle(f"Only images absent from {escape(version)}", key="map_absent")
        classes: list[str] = []
        if points.known("class"):
            classes = st.multiselect(
                "Class", points.values("class"), key="map_classes", placeholder="All classes"
            )
        prediction, predicted, confidence = _prediction(points)
    return Filters(
        tuple(groups or ()), tuple(classes), tuple(predicted), prediction, confidence, absent
    )


def _prediction(points: Points) -> tuple[str, list[str], tuple[float, float]]:
    """Whose predictions to filter by, which classes, and how sure it must be of them."""
    known = [name for name in PREDICTIONS if points.known(name)]
    if not known:
        return "tag", [], EVERY_CONFIDENCE
    prediction = known[0]
    if len(known) > 1:
        prediction = st.segmented_control(
            "Predicted by",
            known,
            default=known[0],
            required=True,
            key="map_prediction",
            format_func=lambda one: PREDICTIONS[one],
        )
    predicted = st.multiselect(
        PREDICTIONS[prediction],
        points.values(prediction),
        key=f"map_predicted_{prediction}",
        placeholder="All predictions",
    )
    confidence = st.slider(
        "Confidence of the prediction", 0.0, 1.0, EVERY_CONFIDENCE, 0.05, key="map_confidence"
    )
    return prediction, predicted, confidence
