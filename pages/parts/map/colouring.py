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
    Filters,
)
from pages.parts.shared.plots import FAINT, MANY, REAL, SCALE, VERSIONS
from pages.parts.shared.plots import TIERS as TIER_COLOURS
from pages.parts.shared.read import OnPoints, Points, Scene

NAMED = 19  # classes with a colour of their own; the others are faint


@dataclass(frozen=True, eq=False)
class Colouring:
    """A colour for each point: ``codes`` (n,) into ``colours``; ``legend`` (label, colour, count),
    or the ends of a scale.
    """

    codes: np.ndarray
    colours: tuple[str, ...]
    legend: tuple[tuple[str, str, int], ...] = ()
    ends: tuple[str, str] | None = None


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
        choices.space,
        choices.filters,
        choices.colouring,
    )


@st.cache_resource(show_spinner=False, max_entries=32)
def _kept(
    _subject: Subject,
    key: tuple[str, int, str],
    version_id: int,
    space: str,
    filters: Filters,
    by: str,
) -> Colouring:
    return coloured(_subject, by)


def coloured(subject: Subject, by: str) -> Colouring:
    """Colours of all points by a key of :data:`~pages.parts.map.choices.COLOURINGS`."""
    points, shown = subject.points, subject.shown
    if by == VERSION:
        return _by_tier(subject)
    if by == DOMAIN:
        synthetic = (~points.real).astype(int)
        return _named(synthetic, ["real", "synthetic"], (REAL, VERSIONS[0]), shown)
    if by == CLUSTER:
        return _by_cluster(points[subject.clusters], shown)
    if by == SCORE:
        return _scaled(subject.covered.score, shown, ("near", "far"))
    if by == LOOKS_REAL:
        return _scaled(points[by], shown, ("rendered", "real"))
    return _by_class(points[by], shown)


def _by_tier(subject: Subject) -> Colouring:
    """Real images by what is judged of them, synthetic ones by version."""
    points = subject.points
    labels = [f"{points.groups[0]}, {LABEL[tier].lower()}" for tier in TIERS]
    codes = np.where(points.real, TIERS.index(Tier.CANNOT_TELL), len(TIERS) + points.group - 1)
    for place, tier in enumerate(TIERS):
        codes[points.real & (subject.covered.tier == tier)] = place
    colours = (*(TIER_COLOURS[tier] for tier in TIERS), *list(points.colours.values())[1:])
    return _named(codes, [*labels, *points.groups[1:]], colours, subject.shown)


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


def _by_cluster(clusters: np.ndarray, shown: np.ndarray) -> Colouring:
    codes = np.where(clusters < 0, 0, 1 + clusters % len(MANY))
    names, counts = np.unique(clusters[(clusters >= 0) & shown], return_counts=True)
    largest = np.argsort(-counts, kind="stable")[:NAMED]
    legend = [
        (f"cluster {names[one]}", MANY[names[one] % len(MANY)], int(counts[one])) for one in largest
    ]
    loose = int(((clusters < 0) & shown).sum())
    return Colouring(
        codes, (FAINT, *MANY), (*legend, *([("no cluster", FAINT, loose)] if loose else []))
    )


def _by_class(values: np.ndarray, shown: np.ndarray) -> Colouring:
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
    low, high = 0.0, 1.0
    if (known & shown).any():
        low, high = np.percentile(values[known & shown], (1, 99))
    step = np.zeros(len(values))
    step[known] = np.clip((values[known] - low) / max(high - low, 1e-9), 0, 1)
    codes = np.where(known, 1 + np.rint(step * (len(SCALE) - 1)), 0).astype(int)
    return Colouring(codes, (FAINT, *SCALE), ends=(f"{ends[0]} {low:.2f}", f"{ends[1]} {high:.2f}"))
