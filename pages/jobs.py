"""Jobs: what runs, what waits, what stopped and why, what is done."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.words import JobStatus
from pages.parts.shared import joblist, session, style
from pages.parts.shared.works import Work, all_works

SHOWN = 12  # finished pieces of work before "show more"
_ALL = "all_jobs"  # session state: whether older ones are shown too


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    style.heading("Jobs", "Long work runs beside the app: close the browser, and it goes on.")
    works = all_works(ws)
    if not works:
        st.info(
            "Nothing was started in this workspace yet. Add folders and compare them on the "
            "Datasets page.",
            icon=":material/pending_actions:",
        )
        return
    if any(work.active for work in works):
        _active(ws)
    stopped = [work for work in works if not work.active and work.head.resumable]
    done = [work for work in works if not work.active and not work.head.resumable]
    if stopped:
        st.subheader("Stopped", anchor=False)
        for work in stopped[:SHOWN]:
            _finished(ws, work)
    if done:
        st.subheader("Done", anchor=False)
        shown = len(done) if st.session_state.get(_ALL) else SHOWN
        for work in done[:shown]:
            _finished(ws, work)
        if len(done) > shown:
            st.button(
                f"Show {len(done) - shown} older",
                on_click=lambda: st.session_state.update({_ALL: True}),
            )


def _active(ws: Workspace) -> None:
    st.subheader("Now", anchor=False)

    def draw() -> None:
        for work in reversed([work for work in all_works(ws) if work.active]):
            joblist.panel(ws, work, key="jobs")
            _log(ws, work)

    joblist.live(ws, draw, active=True, key="jobs_now")


def _finished(ws: Workspace, work: Work) -> None:
    head = work.head
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        words = str(head.status)
        if head.status == JobStatus.DONE:
            words = f"took {style.duration(work.seconds)}"
        left.html(
            f"<div class='gs'><span class='gs-name'>{style.html(head.title)}</span> "
            f"<span class='gs-soft'>{style.html(style.ago(head.finished_at))} · "
            f"{style.html(words)}</span></div>"
        )
        with right.container(horizontal_alignment="right"):
            joblist.buttons(ws, work, key="jobs")
        joblist.stopped(work)
        joblist.results(work)
        _log(ws, work)


def _log(ws: Workspace, work: Work) -> None:
    """Steps and logs; read only when somebody opens them."""
    details = st.expander(
        "Steps and log", key=f"log-{work.head.id}", on_change="rerun", type="compact"
    )
    if not details.open:
        return
    with details:
        if not work.active:
            joblist.steps(ws, work)
        titles = {step.id: step.title for step in work.steps}
        chosen = work.head.id
        if len(titles) > 1:
            current = work.cause or work.current or work.head
            chosen = st.selectbox(
                "Log of",
                list(titles),
                format_func=titles.__getitem__,
                key=f"step-{work.head.id}",
                index=list(titles).index(current.id),
            )
        st.code(ws.jobs.log(chosen) or "The log is empty.", language=None, height=260)
        st.html(f"<div class='gs gs-path'>{style.path_html(ws.jobs.path(chosen))}</div>")


page()
