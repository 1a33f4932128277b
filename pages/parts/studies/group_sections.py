"""Accuracy by group: on real and on synthetic test images, and what was taken for what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.contracts.study_rows import ConfusionRow, GroupAccuracyRow, TrialRow
from core.contracts.words import Domain
from pages.parts.shared.style import table
from pages.parts.studies import figures, words
from pages.parts.studies.study_view import StudyView
from pages.parts.studies.words import BARE


def groups(view: StudyView) -> None:
    """Accuracy of every group under every mixture, mean over seeds."""
    rows = view.own(view.rows(GroupAccuracyRow))
    left, right = st.columns(2)
    with left:
        objective = words.choose_objective(rows, "study_groups_objective")
    domain = right.segmented_control(
        "Held-out images",
        list(Domain),
        default=Domain.REAL,
        required=True,
        key="study_groups_domain",
    )
    rows = [row for row in rows if row.objective == objective and row.domain == domain]
    if not rows:
        st.caption("There are no such images in the test part.")
        return
    st.plotly_chart(_group_grid(rows), key="study_groups", config=BARE)
    st.caption(
        "Per cent of each group's test images taken for the right class, mean over seeds; behind "
        "each name, its test images."
    )


def _group_grid(rows: Sequence[GroupAccuracyRow]) -> figures.Figure:
    mixtures = words.mixtures_of(rows)
    sizes = {row.group: row.n for row in rows}
    cells: dict[tuple[str, str], list[GroupAccuracyRow]] = defaultdict(list)
    for row in rows:
        cells[row.group, row.mixture].append(row)
    values = np.full((len(sizes), len(mixtures)), np.nan)
    hover = np.full(values.shape, "", dtype=object)
    for down, group in enumerate(sizes):
        for across, mixture in enumerate(mixtures):
            seeds = cells[group, mixture]
            if seeds:
                values[down, across] = words.mean([row.accuracy for row in seeds])
                hover[down, across] = (
                    f"{figures.plain(group)}, {words.mixture(mixture)}: "
                    f"{', '.join(_accuracy(row) for row in seeds)} of {seeds[0].n:,} images, one "
                    "number a seed"
                )
    return figures.grid(
        values,
        [words.mixture(name) for name in mixtures],
        [f"{figures.plain(group)} ({count:,})" for group, count in sizes.items()],
        hover,
    )


def _accuracy(row: GroupAccuracyRow) -> str:
    return f"{100 * row.accuracy:.1f} % ({100 * row.low:.0f} to {100 * row.high:.0f})"


def confusion(view: StudyView) -> None:
    """What the images of each group were taken for, under one mixture and objective."""
    rows = view.own(view.rows(ConfusionRow))
    left, right = st.columns(2)
    with left:
        objective = words.choose_objective(rows, "study_confusion_objective")
    rows = [row for row in rows if row.objective == objective]
    with right:
        mixture = words.choose_mixture(rows, None, "study_confusion_mixture")
    rows = [row for row in rows if row.mixture == mixture]
    st.plotly_chart(_confusion_grid(rows), key="study_confusion", config=BARE)
    st.caption("Per cent of each group's real test images, by the class they were taken for.")


def _confusion_grid(rows: Sequence[ConfusionRow]) -> figures.Figure:
    groups = sorted({(row.class_, row.bias or "") for row in rows})
    classes = sorted({row.class_ for row in rows} | {row.predicted for row in rows})
    counts = np.zeros((len(groups), len(classes)))
    for row in rows:
        down, across = groups.index((row.class_, row.bias or "")), classes.index(row.predicted)
        counts[down, across] += row.n
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [figures.plain(" · ".join(part for part in group if part)) for group in groups]
    hover = [
        [
            f"{name} taken for {figures.plain(predicted)}: {count:,.0f} times over all seeds"
            for predicted, count in zip(classes, line, strict=True)
        ]
        for name, line in zip(names, counts, strict=True)
    ]
    return figures.grid(
        np.where(counts > 0, shares, np.nan),
        [figures.plain(name) for name in classes],
        names,
        np.array(hover, dtype=object),
    )


def synthetic(view: StudyView) -> None:
    """Accuracy on held-out synthetic images, as in the paper's Table 3."""
    trials = [
        row for row in view.own(view.rows(TrialRow)) if row.synthetic_worst_accuracy is not None
    ]
    by_setting: dict[tuple[str, str], list[TrialRow]] = defaultdict(list)
    for row in trials:
        by_setting[row.objective, row.mixture].append(row)
    order = [
        (objective, mixture)
        for objective in words.objectives_of(trials)
        for mixture in words.mixtures_of(trials)
        if (objective, mixture) in by_setting
    ]
    seeds = [by_setting[setting] for setting in order]
    table(
        {
            "Objective": [words.objective(objective) for objective, _ in order],
            "Mixture": [words.mixture(mixture) for _, mixture in order],
            "Synthetic: worst-group accuracy": [
                _over_seeds([row.synthetic_worst_accuracy for row in rows]) for rows in seeds
            ],
            "Synthetic: mean-group accuracy": [
                _over_seeds([row.synthetic_balanced_accuracy for row in rows]) for rows in seeds
            ],
            "Real: worst-group accuracy": [
                _over_seeds([row.worst_accuracy for row in rows]) for rows in seeds
            ],
        }
    )
    st.caption(
        "A model that is right on synthetic images and wrong on real ones has learned the domain "
        "shift (the paper's Table 3)."
    )


def _over_seeds(values: Sequence[float | None]) -> str:
    return words.spread(words.mean(values), words.deviation(values))
