"""A finished study: the verdict first, then worst accuracy by mixture and objective, then
everything behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from pages.parts.shared.style import duration, escape, html, number, table
from pages.parts.studies import detail as study_detail
from pages.parts.studies import plots as study_plots
from pages.parts.studies import read
from pages.parts.studies import versions as study_versions

UNCLEAR = "no clear difference"  # how a sentence of core.finetune.significance says that nothing was found
MARKS = {"up": ("▲", "var(--gs-ok)"), "down": ("▼", "var(--gs-bad)"), "same": ("●", "#9aa3ab")}
FIRST = 4  # verdicts in large type


def draw(ws: Workspace, record: StudyRecord) -> None:
    """Draw the results."""
    versions = version_names(ws, record)
    summary = read.rows(ws, record, "summary")
    if not summary:
        st.warning("No trial of this study came to a result.", icon=":material/block:")
        _notes(record)
        return
    version_id, severity = _which(summary, versions)
    _verdicts(record, version_id, severity)
    here = [
        row
        for row in summary
        if read.same(row["version_id"], version_id) and row["severity"] == severity
    ]
    _bars(here)
    _table(here)
    _notes(record)
    sections = {
        **study_detail.sections(ws, record),
        **study_versions.sections(ws, record, versions),
    }
    if sections:
        st.session_state.setdefault("study_detail", next(iter(sections)))
        if st.session_state["study_detail"] not in sections:
            st.session_state["study_detail"] = next(iter(sections))
        chosen = st.segmented_control(
            "Look closer",
            list(sections),
            required=True,
            key="study_detail",
            persist_state="session",
        )
        sections[chosen or next(iter(sections))](version_id, severity)
    _export(ws, record)


def version_names(ws: Workspace, record: StudyRecord) -> dict[str, str]:
    """The study's versions: label by id, in the study's order."""
    names = {str(dataset.id): dataset.label for dataset in ws.datasets.list()}
    return {str(one): names.get(str(one), f"version {one} (removed)") for one in record.version_ids}


def _which(summary: read.Rows, versions: dict[str, str]) -> tuple[object, int]:
    ids = list(
        dict.fromkeys(
            None if row["version_id"] is None else str(row["version_id"]) for row in summary
        )
    )
    severities = sorted({row["severity"] for row in summary})
    version_id, severity = ids[-1], severities[0]
    if len(ids) > 1 or len(severities) > 1:
        with st.container(horizontal=True):
            if len(ids) > 1:
                version_id = st.segmented_control(
                    "Version",
                    ids,
                    format_func=lambda one: versions.get(one or "", "real images alone"),
                    default=ids[-1],
                    required=True,
                    key=f"study_version-{'-'.join(map(str, ids))}",
                )
            if len(severities) > 1:
                severity = st.segmented_control(
                    "Corruption of the synthetic images",
                    severities,
                    default=severities[0],
                    required=True,
                    key=f"study_severity-{'-'.join(map(str, severities))}",
                )
    return version_id, severity


# --- verdict --------------------------------------------------------------------------------------


def _verdicts(record: StudyRecord, version_id: object, severity: int) -> None:
    """What the study says, large: FFR against no synthetic data under every objective; the other
    comparisons on demand.
    """
    said = [
        row
        for row in record.verdict.get("verdicts", [])
        if read.same(row["version_id"], version_id) and row["severity"] == severity
    ]
    if not said:
        st.info(
            "Nothing to compare: the study has one mixture, or no seed that two mixtures share."
        )
        return
    main = (
        [row for row in said if row["mixture"] == "ffr" and row["baseline"] == "none"]
        or [row for row in said if row["baseline"] == "none"]
        or said
    )
    first = main[:FIRST]
    st.html(
        f"<div class='gs' style='display:grid;gap:.35rem'>{''.join(_sentence(row, '1.2rem') for row in first)}</div>"
    )
    rest = [row for row in said if row not in first]
    if rest:
        with st.expander(f"{len(rest)} more comparisons", type="compact"):
            st.html(
                f"<div class='gs' style='display:grid;gap:.25rem'>{''.join(_sentence(row, '.92rem') for row in rest)}</div>"
            )


def _sentence(row: dict[str, Any], size: str) -> str:
    way = "same" if UNCLEAR in row["text"] else ("up" if row["difference"] > 0 else "down")
    mark, colour = MARKS[way]
    told, _, small = row["text"].partition(";")
    return (
        f"<div style='display:grid;grid-template-columns:1.4rem minmax(0,1fr);align-items:baseline'><span style='color:{colour}'>{mark}</span>"
        f"<span><span style='font-size:{size};font-weight:{500 if size == '1.2rem' else 400}'>{html(told)}</span>"
        f"<span class='gs-soft'>{html('; ' + small.strip() if small else '')}</span></span></div>"
    )


# --- mixtures × objectives ------------------------------------------------------------------------


def _bars(here: Sequence[dict[str, Any]]) -> None:
    what = st.segmented_control(
        "Accuracy on held-out real images",
        ("worst", "balanced"),
        default="worst",
        required=True,
        key="study_what",
        format_func=lambda one: {"worst": "Worst group", "balanced": "Balanced"}[one],
    )
    st.plotly_chart(study_plots.bars(here, what), key="study_bars", config={"displaylogo": False})
    seeds = max(row["seeds"] for row in here)
    st.caption(
        f"Mean over {seeds} {'seed' if seeds == 1 else 'seeds; the whiskers are the deviation over seeds'}."
    )


def _table(here: Sequence[dict[str, Any]]) -> None:
    order = [
        (mixture, objective)
        for objective in read.objectives_of(here)
        for mixture in read.mixtures_of(here)
    ]
    by = {(row["mixture"], row["objective"]): row for row in here}
    rows = [by[key] for key in order if key in by]
    table(
        {
            "Objective": [read.objective(row["objective"]) for row in rows],
            "Mixture": [read.mixture(row["mixture"]) for row in rows],
            "Worst accuracy": [read.spread(row["worst_mean"], row["worst_sd"]) for row in rows],
            "Balanced accuracy": [
                read.spread(row["balanced_mean"], row["balanced_sd"]) for row in rows
            ],
            "Worst group": [row["pooled_worst_group"] for row in rows],
            "Its accuracy (95 % interval)": [
                f"{100 * row['pooled_worst']:.1f} % ({100 * row['pooled_low']:.0f} to {100 * row['pooled_high']:.0f})"
                for row in rows
            ],
            "Its images": [number(row["pooled_worst_n"]) for row in rows],
            "Seeds": [number(row["seeds"]) for row in rows],
        }
    )


def _notes(record: StudyRecord) -> None:
    notes = record.verdict.get("notes", [])
    if notes:
        with st.expander(
            f"{len(notes)} {'note' if len(notes) == 1 else 'notes'} on this study", type="compact"
        ):
            st.markdown("\n".join(f"- {escape(note)}" for note in notes))


# --- what leaves ----------------------------------------------------------------------------------


def _export(ws: Workspace, record: StudyRecord) -> None:
    st.subheader("Kept", anchor=False)
    files = read.checkpoints(ws, record)
    asked = record.parameters
    took = (
        duration((record.finished_at - record.created_at).total_seconds())
        if record.finished_at
        else ""
    )
    told = [
        f"{asked.get('trainable')} of {asked.get('backbone')}",
        f"seeds {', '.join(map(str, asked.get('seeds', [])))}",
        f"took {took}" if took else "",
    ]
    st.caption(escape(" · ".join(part for part in told if part)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Tables",
            data=lambda: read.export(ws, record),
            file_name=f"study-{record.id}.zip",
            mime="application/zip",
            key="study_export",
            icon=":material/download:",
            on_click="ignore",
            help="Every table as CSV, with parameters, software versions and verdict as JSON.",
        )
        if files:
            by_name = {path.stem: path for path in files}
            picked = st.selectbox(
                "Checkpoint", list(by_name), key=f"study_checkpoint-{record.id}", width=320
            )
            st.download_button(
                "Weights",
                data=lambda: by_name[picked].read_bytes(),
                file_name=f"study-{record.id}-{picked}.safetensors",
                mime="application/octet-stream",
                key="study_weights",
                icon=":material/download:",
                on_click="ignore",
            )
    if files:
        st.html(f"<div class='gs gs-path'>{html(files[0].parent)}</div>")
