"""Fine-tune: does pretraining on the synthetic images help a model on the real ones? Set a study
up, watch it, read it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from core.contracts.words import JobKind, JobStatus, RecordStatus
from pages.parts.shared import address, session, style
from pages.parts.studies import again, live, results, setup

NEW, READ = "New study", "Studies"
SECTION, STUDY, NEXT = "study_section", "study", "study_next"  # session state


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    style.heading(
        "Fine-tune",
        "The moment of truth: train with and without the synthetic images, and see what happens "
        "to the worst group.",
    )
    studies = ws.studies.list()
    if NEXT in st.session_state:  # before the pickers are drawn: they show this
        st.session_state.update({STUDY: st.session_state.pop(NEXT), SECTION: READ})
    address.keep("tab", SECTION, {"new": NEW, "studies": READ} if studies else {})
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
    if section != READ and not ws.read_only:
        setup.draw(ws, on_start=look_at)
    elif studies:
        _studies(ws, studies)
    else:
        st.info("This workspace is open for reading only, and there is no study in it.")


def look_at(study_id: int) -> None:
    """Show this study from the next run on."""
    st.session_state[NEXT] = study_id


def change(record: StudyRecord) -> None:
    """Show the form with this study's images from the next run on."""
    st.session_state.update({"study_real": record.real_id, SECTION: NEW})


def _studies(ws: Workspace, studies: Sequence[StudyRecord]) -> None:
    record = _chosen(ws, studies)
    work = live.work_of(ws, record)
    active = work is not None and work.active
    if record.status != RecordStatus.DONE or active:
        live.draw(ws, record, work)
    if record.status == RecordStatus.DONE:
        results.draw(ws, record)
    if not active:
        again.draw(ws, record, on_start=look_at, on_change=change)


def _chosen(ws: Workspace, studies: Sequence[StudyRecord]) -> StudyRecord:
    """The study to look at, with a picker where there are several."""
    by_id = {record.id: record for record in studies}
    address.keep("study", STUDY, {str(one): one for one in by_id})
    if st.session_state.get(STUDY) not in by_id:
        st.session_state[STUDY] = studies[0].id
    if len(studies) == 1:
        st.markdown(f"**{style.escape(studies[0].name)}**")
        return studies[0]
    statuses = {job.id: job.status for job in ws.jobs.list() if job.kind == JobKind.FINETUNE}
    picked = st.selectbox(
        "Study",
        list(by_id),
        format_func=lambda one: _title(by_id[one], statuses),
        key=STUDY,
        persist_state="session",
    )
    return by_id[picked]


def _title(record: StudyRecord, statuses: dict[str, JobStatus]) -> str:
    """A study in the list, with its state only where it stopped: a title that changed while its
    study runs would lose the choice.
    """
    asked = record.parameters
    when = f"{record.created_at:%d %b %Y %H:%M}"
    status = statuses.get(record.job_id or "", JobStatus(record.status))
    going = status in (JobStatus.DONE, JobStatus.RUNNING, JobStatus.WAITING)
    state = "" if going or record.status == RecordStatus.DONE else f" · {status}"
    return f"{record.name} · {asked.get('trainable')} of {asked.get('backbone')} · {when}{state}"


page()
