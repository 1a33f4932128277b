"""Jobs: what runs, what waits, what stopped and why, what is done."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.shared import joblist, session, style
from pages.parts.shared.joblist import Work

SHOWN = 12  # finished pieces of work before "show more"


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    style.heading("Jobs", "Long work runs beside the app: close the browser, and it goes on.")
    works = joblist.works(ws)
    if not works:
        st.info(
            "Nothing was started in this workspace yet. Add folders and compare them on the Datasets page.",
            icon=":material/pending_actions:",
        )
        return
    _active(ws, any(work.active for work in works))
    over = [work for work in works if not work.active]
    broken = [work for work in over if work.head.resumable]
    done = [work for work in over if not work.head.resumable]
    if broken:
        st.subheader("Stopped", anchor=False)
        for work in broken[:SHOWN]:
            _finished(ws, work)
    if done:
        st.subheader("Done", anchor=False)
        shown = len(done) if st.session_state.get("all_jobs") else SHOWN
        for work in done[:shown]:
            _finished(ws, work)
        if len(done) > shown:
            st.button(
                f"Show {len(done) - shown} older",
                on_click=lambda: st.session_state.update(all_jobs=True),
            )


def _active(ws: Workspace, active: bool) -> None:
    if not active:
        return
    st.subheader("Now", anchor=False)

    def draw() -> None:
        for work in reversed([work for work in joblist.works(ws) if work.active]):
            joblist.panel(ws, work, key="jobs")
            _log(ws, work)

    joblist.live(ws, draw, active=True, key="jobs_now")


def _finished(ws: Workspace, work: Work) -> None:
    head = work.head
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        spent = sum(
            (step.finished_at - step.started_at).total_seconds()
            for step in work.steps
            if step.started_at and step.finished_at
        )
        words = {"done": f"took {style.duration(spent)}"}.get(head.status, head.status)
        left.html(
            f"<div class='gs'><span class='gs-name'>{style.html(head.title)}</span> "
            f"<span class='gs-soft'>{style.html(style.ago(head.finished_at))} · {style.html(words)}</span></div>"
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
        names = {step.id: step.title for step in work.steps}
        chosen = work.head.id
        if len(names) > 1:
            current = work.cause or work.current or work.head
            chosen = st.selectbox(
                "Log of",
                list(names),
                format_func=names.__getitem__,
                key=f"step-{work.head.id}",
                index=list(names).index(current.id),
            )
        st.code(ws.jobs.log(chosen) or "The log is empty.", language=None, height=260)
        st.html(f"<div class='gs gs-path'>{style.html(ws.jobs.path(chosen))}</div>")


page()
