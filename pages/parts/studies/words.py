"""Words, orders and small sums that all parts of the Fine-tune page share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from statistics import fmean, stdev
from typing import Protocol, TypeVar

import streamlit as st

from core import Workspace
from core.contracts.study import (
    MIXTURE_NAMES,
    MIXTURES,
    OBJECTIVE_NAMES,
    OBJECTIVES,
    Mixture,
    Objective,
)
from core.contracts.study_rows import StudyRecord

BARE = {"displayModeBar": False}  # of small figures


class Accuracy(StrEnum):
    """Over groups: the lowest accuracy, or the mean. The values are what columns are called by."""

    WORST = "worst"
    MEAN = "balanced"


ACCURACY_NAMES = {
    Accuracy.WORST: "Worst-group accuracy",
    Accuracy.MEAN: "Mean-group accuracy",
}


class OfObjective(Protocol):
    """A row about one mixture under one objective."""

    @property
    def mixture(self) -> str: ...

    @property
    def objective(self) -> str: ...


class OfMixture(Protocol):
    """A row about one mixture."""

    @property
    def mixture(self) -> str: ...


class OfVersion(Protocol):
    """A row about one version; None: trained on real images alone."""

    @property
    def version_id(self) -> int | None: ...


Row = TypeVar("Row")
Versioned = TypeVar("Versioned", bound=OfVersion)


def rows(ws: Workspace, record: StudyRecord, row: type[Row]) -> Sequence[Row]:
    """One of the study's tables; none where it has no such table. Read once and shared by all
    browser sessions: nobody changes it.
    """
    return _rows(ws, row, (str(ws.path), record.id, str(record.finished_at), row.__name__))


def mixture(name: str) -> str:
    """A mixture's name as a sentence begins."""
    words = MIXTURE_NAMES.get(name, name)
    return words[:1].upper() + words[1:]


def objective(name: str) -> str:
    """An objective's name."""
    return OBJECTIVE_NAMES.get(name, name)


def mixtures_of(records: Iterable[OfMixture]) -> list[Mixture]:
    """The mixtures that occur, in the usual order."""
    there = {row.mixture for row in records}
    return [name for name in MIXTURES if name in there]


def objectives_of(records: Iterable[OfObjective]) -> list[Objective]:
    """The objectives that occur, in the usual order."""
    there = {row.objective for row in records}
    return [name for name in OBJECTIVES if name in there]


def of_version(records: Iterable[Versioned], version_id: int | None) -> list[Versioned]:
    """The rows of one version, with those of no version (trained on real images alone)."""
    return [row for row in records if row.version_id in (None, version_id)]


def mean(values: Iterable[float | None]) -> float | None:
    """The mean over seeds of what is known."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def deviation(values: Iterable[float | None]) -> float | None:
    """The standard deviation over seeds (n - 1), None with fewer than two."""
    known = [value for value in values if value is not None]
    return stdev(known) if len(known) > 1 else None


def spread(value: float | None, around: float | None) -> str:
    """``83.1 ± 2.0 %``."""
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if around is None else f"{100 * value:.1f} ± {100 * around:.1f} %"


def choose_objective(records: Iterable[OfObjective], key: str) -> Objective:
    """The objective to look at, with a picker where there are several."""
    names = objectives_of(records)
    if len(names) == 1:
        return names[0]
    return (
        st.segmented_control(
            "Objective",
            names,
            default=names[0],
            format_func=objective,
            required=True,
            key=f"{key}-{'-'.join(names)}",
        )
        or names[0]
    )


def choose_mixture(records: Iterable[OfMixture], default: Mixture | None, key: str) -> Mixture:
    """The mixture to look at, with a picker where there are several. ``default``: chosen at first
    (the last one where it does not occur).
    """
    names = mixtures_of(records)
    first = default if default in names else names[-1]
    if len(names) == 1:
        return first
    return (
        st.segmented_control(
            "Mixture",
            names,
            default=first,
            format_func=mixture,
            required=True,
            key=f"{key}-{'-'.join(names)}",
        )
        or first
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _rows(_ws: Workspace, _row: type[Row], key: tuple[str, int, str, str]) -> Sequence[Row]:
    return _ws.studies.rows(key[1], _row)
