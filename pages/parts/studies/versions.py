"""Several versions in one study: worst accuracy beside coverage and Fréchet distance, and which of
them predicts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.comparison import ComparisonRecord
from core.contracts.study_rows import StudyRecord
from pages.parts.shared.style import escape, table
from pages.parts.studies import plots as study_plots
from pages.parts.studies import read
from pages.parts.studies.detail import Section

NUMBERS = {
    "absent_rate": "Absent share",
    "coverage": "Coverage",
    "frechet_distance": "Fréchet distance",
    "cmmd": "CMMD",
    "recall": "Recall",
    "classifier_auc": "Look (classifier AUC)",
}


def sections(ws: Workspace, record: StudyRecord, versions: Mapping[str, str]) -> dict[str, Section]:
    """The versions' part where the study has several."""
    return {"Versions": partial(_draw, ws, record, versions)} if len(versions) > 1 else {}


def _draw(
    ws: Workspace,
    record: StudyRecord,
    versions: Mapping[str, str],
    version_id: object,
    severity: int,
) -> None:
    """One row a version: what training gained and what the cheap numbers said."""
    summary = [row for row in read.rows(ws, record, "summary") if row["severity"] == severity]
    left, right = st.columns(2)
    mixtures = [name for name in read.mixtures_of(summary) if name != "none"]
    if not mixtures:
        st.info("This study trained on real images alone, so its versions do not differ.")
        return
    mixture = left.segmented_control(
        "Mixture",
        mixtures,
        default="ffr" if "ffr" in mixtures else mixtures[0],
        format_func=read.mixture,
        required=True,
        key=f"study_versions_mixture-{'-'.join(mixtures)}",
    )
    objectives = read.objectives_of(summary)
    objective = right.segmented_control(
        "Objective",
        objectives,
        default=objectives[0],
        format_func=read.objective,
        required=True,
        key=f"study_versions_objective-{'-'.join(objectives)}",
    )
    mine = {
        str(row["version_id"]): row
        for row in summary
        if (row["mixture"], row["objective"]) == (mixture, objective)
    }
    base = {
        str(row["version_id"]): row
        for row in summary
        if (row["mixture"], row["objective"]) == ("none", objective)
    }
    ids = [one for one in versions if one in mine]
    comparison = _comparison(ws, record)
    numbers = (
        _numbers(ws, str(ws.path), comparison.id, str(comparison.finished_at))
        if comparison is not None
        else {}
    )
    shown = [name for name in NUMBERS if any(one in numbers.get(name, {}) for one in ids)]
    columns: dict[str, list[str | None]] = {
        "Version": [versions[one] for one in ids],
        f"Worst accuracy, {read.mixture(mixture)}": [
            read.spread(mine[one]["worst_mean"], mine[one]["worst_sd"]) for one in ids
        ],
    }
    if base:
        columns["over no synthetic data"] = [
            f"{100 * (mine[one]['worst_mean'] - base[one]['worst_mean']):+.1f} points"
            if one in base
            else None
            for one in ids
        ]
    for name in shown:
        columns[NUMBERS[name]] = [_number(numbers[name].get(one)) for one in ids]
    table(columns)
    if comparison is None:
        st.info(
            "No comparison of these versions against this real dataset is there yet: compare them on the Datasets page to see "
            "coverage and Fréchet distance beside worst accuracy.",
            icon=":material/lightbulb:",
        )
        return
    st.caption(
        f"Coverage and distances: comparison {escape(comparison.name)}, {escape(comparison.encoder)}."
    )
    _correlations(numbers, shown, ids, mine)
    if shown and len(ids) > 1:
        name = st.selectbox(
            "Worst accuracy against",
            shown,
            format_func=lambda one: NUMBERS[one],
            key="study_versions_number",
            width=320,
        )
        there = [one for one in ids if one in numbers[name]]
        st.plotly_chart(
            study_plots.against(
                [versions[one] for one in there],
                [numbers[name][one] for one in there],
                [mine[one]["worst_mean"] for one in there],
                [mine[one]["worst_sd"] for one in there],
                NUMBERS[name],
            ),
            key="study_versions_chart",
            config={"displayModeBar": False},
        )


def _correlations(
    numbers: Mapping[str, Mapping[str, float]],
    shown: list[str],
    ids: list[str],
    mine: Mapping[str, Any],
) -> None:
    if len(ids) < 3:
        st.caption(
            "With three or more versions, this shows which of these numbers predicts worst accuracy."
        )
        return
    # here: it brings SciPy, which the page needs for nothing else
    from core.finetune.version_table import rank_correlation

    worst = {one: mine[one]["worst_mean"] for one in ids}
    found = [rank_correlation(NUMBERS[name], dict(numbers[name]), worst) for name in shown]
    st.markdown("\n".join(f"- {escape(one.sentence)}" for one in found))


def _comparison(ws: Workspace, record: StudyRecord) -> ComparisonRecord | None:
    """The newest finished comparison of the study's real images that has the most of its versions."""
    wanted = set(record.version_ids)
    done = [
        one
        for one in ws.comparisons.list()
        if one.status == "done" and one.real_id == record.real_id and wanted & set(one.version_ids)
    ]
    return max(done, key=lambda one: (len(wanted & set(one.version_ids)), one.id), default=None)


@st.cache_resource(show_spinner=False, max_entries=16)
def _numbers(
    _ws: Workspace, path: str, comparison_id: int, finished: str
) -> dict[str, dict[str, float]]:
    """Each number by version id, of all images of the version."""
    found: dict[str, dict[str, float]] = {}
    comparison = _ws.comparisons.get(comparison_id)
    for row in comparison.metrics().to_pylist():
        if row["scope"] == "all" and row["value"] is not None:
            found.setdefault(row["name"], {})[str(row["version_id"])] = row["value"]
    for row in comparison.summary().to_pylist():
        if row["absent_rate"] is not None:
            found.setdefault("absent_rate", {})[str(row["version_id"])] = row["absent_rate"]
    return found


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3g}"
