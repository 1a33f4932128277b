"""Words on the map: the names of gaps, and what the images of a cluster mostly are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st

from pages.parts.map.choices import PREDICTIONS, SPACES
from pages.parts.map.component import Label
from pages.parts.shared.read import Key, Points, Scene

GAPS = 12  # gaps that are named
CLUSTERS = 40  # clusters that are looked at, the largest
MOSTLY = 0.5  # share of a cluster's named images that one class must have to name it
TOP = 0.95  # share of a label's images that lie below it
FEWEST = 8  # images of a gap or a cluster that has a name


def of(scene: Scene, space: str) -> tuple[Label, ...]:
    """The labels of a map (a key of :data:`~pages.parts.map.choices.SPACES`), the weightiest
    first: gaps, the largest first, then clusters.
    """
    return _kept(scene, scene.key, scene.version_id, space)


@st.cache_resource(show_spinner=False, max_entries=32)
def _kept(_scene: Scene, key: Key, version_id: int, space: str) -> tuple[Label, ...]:
    gaps = _gaps(_scene, space)
    taken = {label.text for label in gaps}
    return (*gaps, *(one for one in _clusters(_scene.points, space) if one.text not in taken))


def _gaps(scene: Scene, space: str) -> list[Label]:
    points, coverage = scene.points, scene.coverage
    gap_of = dict(zip(coverage.path.tolist(), coverage.gap.tolist(), strict=True))
    names = np.array(
        [gap_of.get(path) if real else None for path, real in _paths(points)], dtype=object
    )
    known = names != None  # noqa: E711 - elementwise
    found, counts = np.unique(names[known].astype(str), return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:GAPS]
    made = [
        _label(points, space, np.flatnonzero(names == str(found[one])), str(found[one]), "gap")
        for one in largest
        if counts[one] >= FEWEST
    ]
    return [label for label in made if label is not None]


def _clusters(points: Points, space: str) -> list[Label]:
    """Each class once, at its largest cluster."""
    column = next((name for name in ("class", *PREDICTIONS) if points.known(name)), None)
    if column is None:
        return []
    clusters = points[SPACES[space].clusters]
    found, counts = np.unique(clusters[clusters >= 0], return_counts=True)
    made: dict[str, Label] = {}
    for one in np.argsort(-counts, kind="stable")[:CLUSTERS]:
        rows = np.flatnonzero(clusters == found[one])
        values = points[column][rows]
        named = values[values != None].astype(str)  # noqa: E711 - elementwise
        if len(rows) < FEWEST or not len(named):
            continue
        classes, sizes = np.unique(named, return_counts=True)
        best = int(sizes.argmax())
        name = str(classes[best])
        if name in made or sizes[best] < MOSTLY * len(named):
            continue
        label = _label(points, space, rows[values == name], name, "plain")
        if label is not None:
            made[name] = label
    return list(made.values())


def _label(points: Points, space: str, rows: np.ndarray, text: str, tone: str) -> Label | None:
    """A label above these rows; None where none of them is on the map."""
    columns = SPACES[space]
    flat = _finite(points.place(columns.flat)[rows])
    if not len(flat):
        return None
    middle, top = np.median(flat, axis=0), np.quantile(flat[:, 1], TOP)
    deep = _finite(points.place(columns.deep)[rows]) if columns.deep else None
    inside = None if deep is None or not len(deep) else _rounded(np.median(deep, axis=0))
    return Label(text, tone, _rounded((middle[0], top)), inside)


def _finite(places: np.ndarray) -> np.ndarray:
    return places[np.isfinite(places).all(axis=1)]


def _rounded(place: Iterable[float]) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in place)


def _paths(points: Points) -> zip[tuple[str, bool]]:
    return zip(points["path"].tolist(), points.real.tolist(), strict=True)
