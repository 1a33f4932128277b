"""What the map shows: which points, in which colours, with which words, and which of them a drawn
selection holds.

Display only, over the arrays of :mod:`pages.parts.shared.read`; nothing here touches the screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from core.workspace.selection import inside_box, inside_polygon
from pages.parts.shared.plots import ABSENT, FAINT, MANY, REAL, SCALE, group_colours
from pages.parts.shared.read import Points

# what the map can show: 2-D columns, 3-D columns, cluster column, whose images (None: all)
LOOKS = {
    "Look removed": (("ax", "ay"), ("ax3", "ay3", "az3"), "acluster", None),
    "As it is": (("x", "y"), ("x3", "y3", "z3"), "cluster", None),
    "Real alone": (("sx", "sy"), None, "scluster", "real"),
    "Version alone": (("sx", "sy"), None, "scluster", "version"),
}
PREDICTIONS = {"tag": "ImageNet class", "zero_shot": "CLIP class"}
COLOURINGS = {
    "version": "Version and absence",
    "domain": "Domain",
    "cluster": "Cluster",
    "class": "Class",
    "score": "Coverage score",
    "looks_real": "Looks real",
    **PREDICTIONS,
}
NAMED = 19  # classes with a colour of their own; the others are faint


@dataclass(frozen=True)
class Filters:
    """What to leave out. Empty means all; ``confidence`` is the range of ``prediction``'s
    confidence.
    """

    groups: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    predicted: tuple[str, ...] = ()
    prediction: str = "tag"
    confidence: tuple[float, float] = (0.0, 1.0)
    absent_only: bool = False


@dataclass(frozen=True, eq=False)
class Colouring:
    """A colour for each point: ``codes`` (n,) into ``colours``; ``legend`` (label, colour, count),
    or the ends of a scale.
    """

    codes: np.ndarray
    colours: tuple[str, ...]
    legend: tuple[tuple[str, str, int], ...] = ()
    ends: tuple[str, str] | None = None


@dataclass(frozen=True)
class Drawn:
    """What the user drew: lassos and boxes in map coordinates, or single points by row. Hashable,
    for caches.
    """

    lassos: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    boxes: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()
    rows: tuple[int, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.lassos or self.boxes or self.rows)


def drawn(event: Mapping[str, Any] | None) -> Drawn:
    """What a chart's event says was drawn. Points count only where no area was drawn: an area is
    resolved over all points.
    """
    selection = (event or {}).get("selection") or {}
    areas = {
        name: tuple(
            (tuple(map(float, area["x"])), tuple(map(float, area["y"])))
            for area in selection.get(name) or ()
        )
        for name in ("lasso", "box")
    }
    if areas["lasso"] or areas["box"]:
        return Drawn(areas["lasso"], areas["box"])
    rows = []
    for point in selection.get("points") or ():
        data = point.get("customdata")
        value = data[0] if isinstance(data, list | tuple) else data
        if value is not None:
            rows.append(int(value))
    return Drawn(rows=tuple(rows))


def selected(wanted: Drawn, place: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Rows (ascending) of the ``visible`` (n,) points at ``place`` (n, 2) that lie in what was
    drawn.
    """
    inside = np.zeros(len(place), bool)
    for x, y in wanted.lassos:
        inside |= inside_polygon(place, np.column_stack([x, y]))
    for x, y in wanted.boxes:
        inside |= inside_box(place, x, y)
    rows = np.array([row for row in wanted.rows if 0 <= row < len(place)], np.int64)
    inside[rows] = True
    return np.flatnonzero(inside & visible)


def visible(
    points: Points, look: str, filters: Filters, absent: np.ndarray, version_id: int
) -> np.ndarray:
    """Which points the map shows: those with a place on it that pass the filters; bool (n,)."""
    columns, _, _, whose = LOOKS[look]
    keep = np.isfinite(points.place(columns)).all(axis=1)
    if whose == "real":
        keep &= points.real
    elif whose == "version":
        keep &= points["dataset_id"] == version_id
    if filters.groups:
        keep &= np.isin(
            points.group,
            [points.groups.index(name) for name in filters.groups if name in points.groups],
        )
    if filters.classes:
        keep &= np.isin(points["class"].astype(str), list(filters.classes))
    if filters.predicted:
        keep &= np.isin(points[filters.prediction].astype(str), list(filters.predicted))
    if filters.confidence != (0.0, 1.0):
        sure = points[f"{filters.prediction}_confidence"]
        keep &= (sure >= filters.confidence[0]) & (sure <= filters.confidence[1])
    if filters.absent_only:
        keep &= absent
    return keep


def offered(points: Points) -> dict[str, str]:
    """The colourings this comparison has data for: key and words."""
    always = ("version", "domain", "cluster", "score")
    return {key: words for key, words in COLOURINGS.items() if key in always or points.known(key)}


def colouring(
    points: Points,
    by: str,
    look: str,
    score: np.ndarray,
    absent: np.ndarray,
    version: str,
    shown: np.ndarray,
) -> Colouring:
    """Colours of all points. ``shown``: bool (n,), what the legend counts. ``version``: its label,
    for words.
    """
    if by == "version":
        labels = [points.groups[0] + ", covered", f"absent from {version}", *points.groups[1:]]
        codes = np.where(points.real, absent.astype(int), points.group + 1)
        return _named(
            codes, labels, (REAL, ABSENT, *list(group_colours(points.groups).values())[1:]), shown
        )
    if by == "domain":
        return _named((~points.real).astype(int), ["real", "synthetic"], (REAL, "#6d3bcb"), shown)
    if by == "cluster":
        clusters = points[LOOKS[look][2]]
        there = np.unique(clusters[(clusters >= 0) & shown])
        codes = np.where(clusters < 0, 0, 1 + clusters % len(MANY))
        counts = {
            int(cluster): int(((clusters == cluster) & shown).sum()) for cluster in there[:200]
        }
        legend = tuple(
            (f"cluster {one}", MANY[one % len(MANY)], counts[one])
            for one in sorted(counts, key=lambda one: -counts[one])[:NAMED]
        )
        loose = int(((clusters < 0) & shown).sum())
        return Colouring(
            codes, (FAINT, *MANY), (*legend, *([("no cluster", FAINT, loose)] if loose else []))
        )
    if by in ("score", "looks_real"):
        return _scaled(
            score if by == "score" else points[by],
            shown,
            ("covered", "absent") if by == "score" else ("rendered", "real"),
        )
    return _classes(points[by], shown)


def hover(points: Points, rows: np.ndarray, score: np.ndarray, look: str) -> list[str]:
    """Words for each of ``rows``: name, group, class, cluster, score. Plotly reads them as HTML, so
    names are made safe.
    """
    cluster, classes, paths = points[LOOKS[look][2]], points["class"], points["path"]
    guesses = points["tag"] if points.known("tag") else points["zero_shot"]
    found = []
    for row in rows.tolist():
        kind = classes[row] if classes[row] is not None else guesses[row]
        parts = [_plain(points.groups[points.group[row]])]
        if kind is not None:
            parts.append(_plain(kind))
        parts.append("no cluster" if cluster[row] < 0 else f"cluster {cluster[row]}")
        if np.isfinite(score[row]):
            parts.append(f"score {score[row]:.2f}")
        found.append(f"<b>{_plain(PurePosixPath(paths[row]).name)}</b><br>{' · '.join(parts)}")
    return found


def shares(
    points: Points, column: str, rows: np.ndarray, top: int = 16
) -> tuple[list[str], dict[str, list[float]]]:
    """How often each class occurs among the chosen ``rows`` of each group: the ``top`` classes, and
    shares by group.

    Classes are ordered by how far the groups disagree. Shares are of a group's images that have a
    class at all.
    """
    values = points[column][rows]
    known = np.array([value is not None for value in values], bool)
    values, group = values[known].astype(str), points.group[rows][known]
    names, codes = (
        np.unique(values, return_inverse=True) if len(values) else (np.array([]), np.array([], int))
    )
    table: dict[str, np.ndarray] = {}
    for index, label in enumerate(points.groups):
        mine = codes[group == index]
        if len(mine):
            table[label] = np.bincount(mine, minlength=len(names)) / len(mine)
    if not table:
        return [], {}
    spread = np.max(list(table.values()), axis=0) - (
        np.min(list(table.values()), axis=0) if len(table) > 1 else 0
    )
    first = np.argsort(-spread, kind="stable")[:top]
    return [str(name) for name in names[first]], {
        label: share[first].tolist() for label, share in table.items()
    }


# --- inside ---------------------------------------------------------------------------------------


def _named(
    codes: np.ndarray, labels: Sequence[str], colours: Sequence[str], shown: np.ndarray
) -> Colouring:
    counts = np.bincount(codes[shown], minlength=len(labels))
    legend = tuple(
        (label, colour, int(count))
        for label, colour, count in zip(labels, colours, counts, strict=True)
        if count
    )
    return Colouring(codes, tuple(colours), legend)


def _classes(values: np.ndarray, shown: np.ndarray) -> Colouring:
    text = np.array(["" if value is None else str(value) for value in values])
    names, counts = np.unique(text[shown & (text != "")], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    best = [str(name) for name in names[order[:NAMED]]]
    code_of = {name: index + 1 for index, name in enumerate(best)}
    unique, inverse = np.unique(text, return_inverse=True)
    codes = np.array([code_of.get(str(name), 0) for name in unique])[inverse]
    legend = [(name, MANY[index], int(counts[order[index]])) for index, name in enumerate(best)]
    rest = int((shown & (codes == 0)).sum())
    return Colouring(
        codes,
        (FAINT, *MANY[: len(best)]),
        (*legend, *([("other or unknown", FAINT, rest)] if rest else [])),
    )


def _scaled(values: np.ndarray, shown: np.ndarray, ends: tuple[str, str]) -> Colouring:
    """Numbers on the scale between their 1st and 99th percentile; without a number, faint."""
    known = np.isfinite(values)
    low, high = (
        np.percentile(values[known & shown], (1, 99)) if (known & shown).any() else (0.0, 1.0)
    )
    step = np.zeros(len(values))
    step[known] = np.clip((values[known] - low) / max(high - low, 1e-9), 0, 1)
    codes = np.where(known, 1 + np.rint(step * (len(SCALE) - 1)), 0).astype(int)
    return Colouring(codes, (FAINT, *SCALE), ends=(f"{ends[0]} {low:.2f}", f"{ends[1]} {high:.2f}"))


def _plain(text: object) -> str:
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
