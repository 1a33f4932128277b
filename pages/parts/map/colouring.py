"""In which colours the map shows its points, and what the legend says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.contracts.judgement_words import LABEL, TIERS
from core.contracts.words import Tier
from pages.parts.map.choices import (
    CLUSTER,
    DOMAIN,
    LOOKS_REAL,
    SCORE,
    SPACES,
    VERSION,
    Choices,
)
from pages.parts.shared.plots import FAINT, MANY, REAL, SCALE, VERSIONS
from pages.parts.shared.plots import TIERS as TIER_COLOURS
from pages.parts.shared.read import Key, OnPoints, Points, Scene

NAMED = 19  # classes with a colour of their own; the others are faint
CODES = 256  # colours of one map at most: a code is a byte


@dataclass(frozen=True)
class Entry:
    """A line of the legend: how many of the shown points it counts, and the codes it stands for.
    ``ring``: it names synthetic images only, which are drawn as rings.
    """

    label: str
    colour: str
    count: int
    codes: tuple[int, ...]
    ring: bool = False


@dataclass(frozen=True, eq=False)
class Colouring:
    """A colour for each point: ``codes`` (n,) into ``colours``, at most :data:`CODES`; the
    ``legend``, or the ends of a scale.
    """

    codes: np.ndarray
    colours: tuple[str, ...]
    legend: tuple[Entry, ...] = ()
    ends: tuple[str, str] | None = None

    def left_in(self, hidden: Sequence[str]) -> np.ndarray:
        """Which points stay where the legend leaves out the entries of these labels; bool (n,)."""
        codes = [code for entry in self.legend if entry.label in hidden for code in entry.codes]
        return ~np.isin(self.codes, codes)


@dataclass(frozen=True, eq=False)
class Subject:
    """What is coloured: the points, their coverage by a version, the column of their clusters, and
    which of them the legend counts (``shown``, bool (n,)).
    """

    points: Points
    covered: OnPoints
    clusters: str
    shown: np.ndarray


def colouring(scene: Scene, choices: Choices, shown: np.ndarray) -> Colouring:
    """Colours of all points, kept. ``shown``: bool (n,), what the legend counts."""
    return _kept(
        Subject(
            scene.points,
            scene.on_points,
            SPACES[choices.space].clusters,
            shown,
        ),
        scene.key,
        scene.version_id,
        choices,
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _kept(
    _subject: Subject, key: tuple[str, int, str], version_id: int, choices: Choices
) -> Colouring:
    return coloured(_subject, choices.colouring)


def coloured(subject: Subject, by: str) -> Colouring:
    """Colours of all points by a key of :data:`~pages.parts.map.choices.COLOURINGS`."""
    points, shown = subject.points, subject.shown
    if by == VERSION:
        return _by_tier(subject)
    if by == DOMAIN:
        synthetic = (~points.real).astype(int)
        return _named(synthetic, ["real", "synthetic"], (REAL, VERSIONS[0]), shown, real=1)
    if by == CLUSTER:
        return _by_cluster(points[subject.clusters], shown)
    if by == SCORE:
        return _scaled(subject.covered.score, shown, ("near", "far"))
    if by == LOOKS_REAL:
        return _scaled(points[by], shown, ("rendered", "real"))
    return _by_class(points, by, shown)


def class_colours(points: Points, column: str) -> dict[str, str]:
    """A colour for each of the :data:`NAMED` most frequent names in a column of classes.

    The same whatever is shown, and a name that is among the labelled classes has their colour.
    """
    colours = dict(zip(_frequent(points["class"]), MANY, strict=False))
    if column == "class":
        return colours
    names = _frequent(points[column])
    free = iter([one for one in MANY if one not in {colours.get(name) for name in names}])
    return {name: colours.get(name) or next(free) for name in names}


def class_colours_of(scene: Scene, column: str) -> dict[str, str]:
    """:func:`class_colours` of a scene's points, kept."""
    return _class_colours(scene.points, scene.key, column)


@st.cache_resource(show_spinner=False, max_entries=16)
def _class_colours(_points: Points, key: Key, column: str) -> dict[str, str]:
    return class_colours(_points, column)


def _frequent(values: np.ndarray) -> list[str]:
    known = values[values != None].astype(str)  # noqa: E711 - elementwise
    names, counts = np.unique(known, return_counts=True)
    return [str(name) for name in names[np.argsort(-counts, kind="stable")][:NAMED]]


def _by_tier(subject: Subject) -> Colouring:
    """Real images by what is judged of them, synthetic ones by version."""
    points = subject.points
    labels = [f"{points.groups[0]}, {LABEL[tier].lower()}" for tier in TIERS]
    codes = np.where(points.real, TIERS.index(Tier.CANNOT_TELL), len(TIERS) + points.group - 1)
    for place, tier in enumerate(TIERS):
        codes[points.real & (subject.covered.tier == tier)] = place
    colours = (*(TIER_COLOURS[tier] for tier in TIERS), *list(points.colours.values())[1:])
    every = [*labels, *points.groups[1:]]
    return _named(codes, every, colours, subject.shown, real=len(TIERS))


def _named(
    codes: np.ndarray,
    labels: Sequence[str],
    colours: Sequence[str],
    shown: np.ndarray,
    *,
    real: int,
) -> Colouring:
    """One colour a label; the first ``real`` labels are of real images."""
    counts = np.bincount(codes[shown], minlength=len(labels))
    legend = tuple(
        Entry(label, colour, int(count), (code,), ring=code >= real)
        for code, (label, colour, count) in enumerate(zip(labels, colours, counts, strict=True))
        if count
    )
    return Colouring(codes, tuple(colours), legend)


def _by_cluster(clusters: np.ndarray, shown: np.ndarray) -> Colouring:
    codes = np.where(clusters < 0, 0, 1 + clusters % (CODES - 1))
    used = int(codes.max(initial=0))
    colours = (FAINT, *(MANY[code % len(MANY)] for code in range(used)))
    counts = np.bincount(codes[shown], minlength=len(colours))
    largest = [int(code) + 1 for code in np.argsort(-counts[1:], kind="stable")]
    legend = [
        Entry(f"cluster {code - 1}", colours[code], int(counts[code]), (code,))
        for code in largest[:NAMED]
        if counts[code]
    ]
    small = largest[NAMED:]
    if counts[small].sum():
        legend.append(Entry("smaller clusters", FAINT, int(counts[small].sum()), tuple(small)))
    if counts[0]:
        legend.append(Entry("no cluster", FAINT, int(counts[0]), (0,)))
    return Colouring(codes, colours, tuple(legend))


def _by_class(points: Points, column: str, shown: np.ndarray) -> Colouring:
    colours = class_colours(points, column)
    code_of = {name: code for code, name in enumerate(colours, start=1)}
    codes = np.array([code_of.get(value, 0) for value in points[column].tolist()], np.int64)
    counts = np.bincount(codes[shown], minlength=len(colours) + 1)
    legend = [
        Entry(name, colour, int(counts[code]), (code,))
        for code, (name, colour) in enumerate(colours.items(), start=1)
        if counts[code]
    ]
    if counts[0]:
        legend.append(Entry("other or unknown", FAINT, int(counts[0]), (0,)))
    return Colouring(codes, (FAINT, *colours.values()), tuple(legend))


def _scaled(values: np.ndarray, shown: np.ndarray, ends: tuple[str, str]) -> Colouring:
    """Numbers on the scale between their 1st and 99th percentile; without a number, faint."""
    known = np.isfinite(values)
    low, high = 0.0, 1.0
    if (known & shown).any():
        low, high = np.percentile(values[known & shown], (1, 99))
    step = np.zeros(len(values))
    step[known] = np.clip((values[known] - low) / max(high - low, 1e-9), 0, 1)
    codes = np.where(known, 1 + np.rint(step * (len(SCALE) - 1)), 0).astype(int)
    return Colouring(codes, (FAINT, *SCALE), ends=(f"{ends[0]} {low:.2f}", f"{ends[1]} {high:.2f}"))
