"""A finished study: the verdict first, then accuracy by mixture and objective, then everything
behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core import Workspace
from core.contracts.study import Mixture
from core.contracts.study_rows import MixtureVerdict, StudyRecord, StudyVerdict, SummaryRow
from core.contracts.words import Verdict
from core.workspace.study_readings import direction
from pages.parts.shared.style import duration, escape, html, number, path_html, table
from pages.parts.studies import figures, words
from pages.parts.studies.sections import sections
from pages.parts.studies.study_view import StudyView
from pages.parts.studies.words import ACCURACY_NAMES, Accuracy

MARKS = {
    Verdict.BETTER: ("▲", "var(--gs-ok)"),
    Verdict.WORSE: ("▼", "var(--gs-bad)"),
    Verdict.UNCLEAR: ("●", "#9aa3ab"),
}
FIRST = 4  # verdicts in large type
_SECTION = "study_detail"  # session state


def draw(ws: Workspace, record: StudyRecord) -> None:
    """Draw the results."""
    versions = _version_names(ws, record)
    summary = words.rows(ws, record, SummaryRow)
    verdict = ws.studies.verdict(record.id)
    if not summary:
        st.warning("No trial of this study came to a result.", icon=":material/block:")
        _notes(verdict)
        return
    version_id, severity = _which(summary, versions)
    view = StudyView(ws, record, versions, version_id, severity)
    _verdicts(verdict, view)
    here = [row for row in summary if row.version_id == version_id and row.severity == severity]
    _bars(here)
    _table(here)
    _notes(verdict)
    _sections(view)
    _export(ws, record)


def _version_names(ws: Workspace, record: StudyRecord) -> dict[int, str]:
    """The study's versions: label by id, in the study's order."""
    names = {dataset.id: dataset.label for dataset in ws.datasets.list()}
    return {one: names.get(one, f"version {one} (removed)") for one in record.version_ids}


def _which(summary: Sequence[SummaryRow], versions: Mapping[int, str]) -> tuple[int | None, int]:
    """The version and the corruption to look at, with pickers where there are several."""
    ids = list(dict.fromkeys(row.version_id for row in summary))
    severities = sorted({row.severity for row in summary})
    version_id, severity = ids[-1], severities[0]
    if len(ids) == 1 and len(severities) == 1:
        return version_id, severity
    with st.container(horizontal=True):
        if len(ids) > 1:
            version_id = st.segmented_control(
                "Version",
                ids,
                format_func=lambda one: versions.get(one, "real images alone"),
                default=version_id,
                required=True,
                key=f"study_version-{'-'.join(map(str, ids))}",
            )
        if len(severities) > 1:
            severity = st.segmented_control(
                "Corruption of the synthetic images",
                severities,
                default=severity,
                required=True,
                key=f"study_severity-{'-'.join(map(str, severities))}",
            )
    return version_id, severity


def _sections(view: StudyView) -> None:
    parts = sections(view.ws, view.record, len(view.versions))
    if not parts:
        return
    first = next(iter(parts))
    if st.session_state.get(_SECTION) not in parts:
        st.session_state[_SECTION] = first
    chosen = st.segmented_control(
        "Look closer", list(parts), required=True, key=_SECTION, persist_state="session"
    )
    parts[chosen or first](view)


# --- verdict --------------------------------------------------------------------------------------


def _verdicts(verdict: StudyVerdict, view: StudyView) -> None:
    """What the study says, large: FFR against no synthetic data under every objective; the other
    comparisons on demand.
    """
    known = [
        one
        for one in verdict.verdicts
        if one.version_id == view.version_id and one.severity == view.severity
    ]
    if not known:
        st.info(
            "Nothing to compare: the study has one mixture, or no seed that two mixtures share."
        )
        return
    over_none = [one for one in known if one.baseline == Mixture.NONE]
    ffr = [one for one in over_none if one.mixture == Mixture.FFR]
    first = (ffr or over_none or known)[:FIRST]
    _sentences(first, large=True)
    rest = [one for one in known if one not in first]
    if rest:
        with st.expander(f"{len(rest)} more comparisons", type="compact"):
            _sentences(rest, large=False)


def _sentences(verdicts: Sequence[MixtureVerdict], *, large: bool) -> None:
    lines = "".join(_sentence(one, large=large) for one in verdicts)
    gap = ".35rem" if large else ".25rem"
    st.html(f"<div class='gs' style='display:grid;gap:{gap}'>{lines}</div>")


def _sentence(verdict: MixtureVerdict, *, large: bool) -> str:
    mark, colour = MARKS[direction(verdict)]
    main, _, small = verdict.text.partition(";")
    look = "font-size:1.2rem;font-weight:500" if large else "font-size:.92rem;font-weight:400"
    return (
        "<div style='display:grid;grid-template-columns:1.4rem minmax(0,1fr);"
        f"align-items:baseline'><span style='color:{colour}'>{mark}</span>"
        f"<span><span style='{look}'>{html(main)}</span>"
        f"<span class='gs-soft'>{html('; ' + small.strip() if small else '')}</span></span></div>"
    )


# --- mixtures × objectives ------------------------------------------------------------------------


def _bars(here: Sequence[SummaryRow]) -> None:
    accuracy = st.segmented_control(
        "Accuracy on held-out real images",
        list(Accuracy),
        default=Accuracy.WORST,
        required=True,
        key="study_what",
        format_func=ACCURACY_NAMES.__getitem__,
    )
    st.plotly_chart(
        figures.bars(here, accuracy or Accuracy.WORST),
        key="study_bars",
        config={"displaylogo": False},
    )
    seeds = max(row.seeds for row in here)
    whiskers = "seed" if seeds == 1 else "seeds; the whiskers are the deviation over seeds"
    st.caption(f"Mean over {seeds} {whiskers}.")


def _table(here: Sequence[SummaryRow]) -> None:
    by_setting = {(row.objective, row.mixture): row for row in here}
    rows = [
        by_setting[objective, mixture]
        for objective in words.objectives_of(here)
        for mixture in words.mixtures_of(here)
        if (objective, mixture) in by_setting
    ]
    table(
        {
            "Objective": [words.objective(row.objective) for row in rows],
            "Mixture": [words.mixture(row.mixture) for row in rows],
            "Worst-group accuracy": [words.spread(row.worst_mean, row.worst_sd) for row in rows],
            "Mean-group accuracy": [
                words.spread(row.balanced_mean, row.balanced_sd) for row in rows
            ],
            "Worst group": [row.pooled_worst_group for row in rows],
            "Its accuracy (95 % interval)": [_pooled(row) for row in rows],
            "Its images": [number(row.pooled_worst_n) for row in rows],
            "Seeds": [number(row.seeds) for row in rows],
        }
    )


def _pooled(row: SummaryRow) -> str:
    interval = f"{100 * row.pooled_low:.0f} to {100 * row.pooled_high:.0f}"
    return f"{100 * row.pooled_worst:.1f} % ({interval})"


def _notes(verdict: StudyVerdict) -> None:
    count = len(verdict.notes)
    if count:
        with st.expander(
            f"{count} {'note' if count == 1 else 'notes'} on this study", type="compact"
        ):
            st.markdown("\n".join(f"- {escape(note)}" for note in verdict.notes))


# --- what is handed out ---------------------------------------------------------------------------


def _export(ws: Workspace, record: StudyRecord) -> None:
    st.subheader("Kept", anchor=False)
    asked = record.parameters
    about = [
        f"{asked.get('trainable')} of {asked.get('backbone')}",
        f"seeds {', '.join(map(str, asked.get('seeds', [])))}",
    ]
    if record.finished_at:
        about.append(f"took {duration((record.finished_at - record.created_at).total_seconds())}")
    st.caption(escape(" · ".join(about)))
    files = {path.stem: path for path in ws.studies.checkpoints(record.id)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Tables",
            data=lambda: ws.studies.export_zip(record.id),
            file_name=f"study-{record.id}.zip",
            mime="application/zip",
            key="study_export",
            icon=":material/download:",
            on_click="ignore",
            help="Every table as CSV, with parameters, software versions and verdict as JSON.",
        )
        if files:
            picked = st.selectbox(
                "Checkpoint", list(files), key=f"study_checkpoint-{record.id}", width=320
            )
            st.download_button(
                "Weights",
                data=lambda: files[picked].read_bytes(),
                file_name=f"study-{record.id}-{picked}.safetensors",
                mime="application/octet-stream",
                key="study_weights",
                icon=":material/download:",
                on_click="ignore",
            )
    if files:
        st.html(f"<div class='gs gs-path'>{path_html(files[picked].parent)}</div>")
