"""What this browser session searched by: each image or phrase is embedded once, in a job."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import Workspace
from core.contracts.words import JobStatus
from pages.parts.shared import errors
from pages.parts.shared.style import escape

POLL = 0.5  # seconds
_ASKED = "search_asked"  # session state: job id by question


def once(ws: Workspace, question: str, submit: Callable[[], str]) -> str:
    """The job of this question: the one that was started for it, else a new one."""
    asked: dict[str, str] = st.session_state.setdefault(_ASKED, {})
    key = f"{ws.path} {question}"
    if key not in asked:
        asked[key] = submit()
    return asked[key]


def done(ws: Workspace, job_id: str) -> bool:
    """Whether the job is done; else say how it stands, and look again until it is."""
    job = ws.jobs.get(job_id)
    if job.status == JobStatus.DONE:
        return True
    if not job.active:
        st.error(errors.sentence(job.what, job.remedy), icon=":material/error:")
        return False
    _wait(ws, job_id)
    return False


@st.fragment(run_every=POLL)
def _wait(ws: Workspace, job_id: str) -> None:
    job = ws.jobs.get(job_id)
    if not job.active:
        st.rerun()
    first = next((one for one in ws.jobs.list() if one.status == JobStatus.RUNNING), None)
    if job.status == JobStatus.WAITING and first is not None and first.id != job_id:
        words = f"Waiting for its turn: {escape(first.title)} is running."
    else:
        words = "The image or phrase is being embedded. The first time takes a little longer."
    st.info(words, icon=":material/hourglass_top:")
