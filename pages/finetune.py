"""Fine-tune: does pretraining on the synthetic images help a model on the real ones? Set a study
up, watch it, read it.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from pages.parts.shared import style
from pages.parts.shared.session import workspace
from pages.parts.shared.style import escape
from pages.parts.studies import live as study_live
from pages.parts.studies import results as study_results
from pages.parts.studies import setup as study_setup

NEW, READ = "New study", "Studies"
SECTION, STUDY, NEXT = "study_section", "study", "study_next"  # session state


def page() -> None:
    """Draw the page."""
    ws = workspace()
    style.heading(
        "Fine-tune",
        "The moment of truth: train with and without the synthetic images, and see what happens to the worst group.",
    )
    studies = ws.studies.list()
    if NEXT in st.session_state:  # before the pickers are drawn: they show this
        st.session_state.update({STUDY: st.session_state.pop(NEXT), SECTION: READ})
    if st.session_state.get(SECTION) not in (NEW, READ):
        st.session_state[SECTION] = READ if studies else NEW
    section: str | None = NEW
    if studies:
        section = st.segmented_control(
            "Section",
            (NEW, READ),
            required=True,
            key=SECTION,
            label_visibility="collapsed",
            persist_state="session",
        )
    if section == READ or ws.read_only:
        if studies:
            _studies(ws, studies)
        else:
            st.info("This workspace is open for reading only, and there is no study in it.")
        return
    study_setup.draw(ws, on_start=look_at)


def look_at(study_id: int) -> None:
    """Show this study from the next run on."""
    st.session_state[NEXT] = study_id


def _studies(ws: Workspace, studies: list[StudyRecord]) -> None:
    by_id = {record.id: record for record in studies}
    statuses = {job.id: job.status for job in ws.jobs.list() if job.kind == "finetune"}
    if st.session_state.get(STUDY) not in by_id:
        st.session_state[STUDY] = studies[0].id
    if len(studies) > 1:
        picked = st.selectbox(
            "Study",
            list(by_id),
            format_func=lambda one: _title(by_id[one], statuses),
            key=STUDY,
            persist_state="session",
        )
    else:
        picked = studies[0].id
        st.markdown(f"**{escape(studies[0].name)}**")
    record = by_id[picked]
    work = study_live.work_of(ws, record)
    if record.status != "done" or (work is not None and work.active):
        study_live.draw(ws, record, work)
    if record.status == "done":
        study_results.draw(ws, record)
    if work is None or not work.active:
        study_setup.again(ws, record, on_start=look_at)


def _title(record: StudyRecord, statuses: dict[str, str]) -> str:
    asked = record.parameters
    when = f"{record.created_at:%d %b %Y %H:%M}"
    status = "done" if record.status == "done" else statuses.get(record.job_id or "", record.status)
    state = "" if status in ("done", "running", "waiting") else f" · {status}"
    return f"{record.name} · {asked.get('trainable')} of {asked.get('backbone')} · {when}{state}"


page()
