"""Several versions in one study: worst-group accuracy beside coverage and Fréchet distance, and
which of them predicts it.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.study import Mixture, Objective
from core.contracts.study_rows import SummaryRow
from core.workspace.study_versions import NUMBERS, StudyVersion, StudyVersions
from pages.parts.shared.style import escape, table
from pages.parts.studies import figures, words
from pages.parts.studies.study_view import StudyView
from pages.parts.studies.words import BARE


def draw(view: StudyView) -> None:
    """One row a version: what training gained and what the cheap numbers said."""
    summary = [row for row in view.rows(SummaryRow) if row.severity == view.severity]
    trained = [row for row in summary if row.mixture != Mixture.NONE]
    if not trained:
        st.info("This study trained on real images alone, so its versions do not differ.")
        return
    left, right = st.columns(2)
    with left:
        mixture = words.choose_mixture(trained, Mixture.FFR, "study_versions_mixture")
    with right:
        objective = words.choose_objective(trained, "study_versions_objective")
    versions = _read(view, mixture, objective)
    _table(view, versions, mixture)
    if versions.comparison is None:
        st.info(
            "No comparison of these versions against this real dataset is there yet: compare them "
            "on the Datasets page to see coverage and Fréchet distance beside worst-group "
            "accuracy.",
            icon=":material/lightbulb:",
        )
        return
    st.caption(
        f"Coverage and distances: comparison {escape(versions.comparison.name)}, "
        f"{escape(versions.comparison.seen_by)}."
    )
    if len(versions.versions) < 3:
        st.caption(
            "With three or more versions, this shows which of these numbers predicts worst-group "
            "accuracy."
        )
    st.markdown("\n".join(f"- {escape(sentence)}" for sentence in versions.sentences))
    if versions.numbers and len(versions.versions) > 1:
        _chart(view, versions)


def _read(view: StudyView, mixture: Mixture, objective: Objective) -> StudyVersions:
    newest = max((str(one.finished_at) for one in view.ws.comparisons.list()), default="")
    key = (str(view.ws.path), view.record.id, str(view.record.finished_at), newest)
    return _read_once(view.ws, key, mixture, objective, view.severity)


@st.cache_resource(show_spinner=False, max_entries=16)
def _read_once(
    _ws: Workspace,
    key: tuple[str, int, str, str],
    mixture: Mixture,
    objective: Objective,
    severity: int,
) -> StudyVersions:
    return _ws.studies.version_table(key[1], mixture, objective, severity)


def _table(view: StudyView, versions: StudyVersions, mixture: Mixture) -> None:
    shown = versions.versions
    columns: dict[str, list[str | None]] = {
        "Version": [view.versions[one.version_id] for one in shown],
        f"Worst-group accuracy, {words.mixture(mixture)}": [
            words.spread(one.worst_mean, one.worst_sd) for one in shown
        ],
    }
    if any(one.gain is not None for one in shown):
        columns["over no synthetic data"] = [_gain(one) for one in shown]
    for name in versions.numbers:
        columns[NUMBERS[name]] = [
            f"{one.numbers[name]:.3g}" if name in one.numbers else None for one in shown
        ]
    table(columns)


def _gain(version: StudyVersion) -> str | None:
    return None if version.gain is None else f"{100 * version.gain:+.1f} points"


def _chart(view: StudyView, versions: StudyVersions) -> None:
    name = st.selectbox(
        "Worst-group accuracy against",
        versions.numbers,
        format_func=NUMBERS.__getitem__,
        key="study_versions_number",
        width=320,
    )
    shown = [one for one in versions.versions if name in one.numbers]
    st.plotly_chart(
        figures.against([view.versions[one.version_id] for one in shown], shown, name),
        key="study_versions_chart",
        config=BARE,
    )
