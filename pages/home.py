"""Home: what Gapscope is, the sample project in one click, the newest comparisons, and what
to do next.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.comparison import ComparisonRecord
from core.contracts.words import RecordStatus
from core.workspace.server import default_path, sample_path
from pages.parts.home import comparison_list, next_steps, workspace_form
from pages.parts.shared import errors, joblist, removed, session, style
from pages.parts.shared.works import all_works

QUESTION = "What in the real world do your rendered images not cover yet?"


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    records = ws.comparisons.list()
    done = [record for record in records if record.status == RecordStatus.DONE]
    style.heading("Gapscope" if not done else ws.path.stem.capitalize(), QUESTION)
    _started(ws)
    with st.container(key="gs-stack"):
        if done:
            left, right = st.columns([1.9, 1], gap="large")
            with left:
                comparison_list.draw(ws, records)
            with right:
                next_steps.draw(ws, done)
                if ws.path == sample_path():
                    _way_back()
                elif not _has_sample(records):
                    _sample_button(primary=False)
        else:
            _welcome(ws, _has_sample(records))
            comparison_list.draw(ws, records)
    removed.panel(ws)
    st.space("medium")
    workspace_form.draw(ws)


def _welcome(ws: Workspace, sample_there: bool) -> None:
    if sample_there:  # its progress is on this page already
        next_steps.draw(ws, [])
        return
    left, right = st.columns([1.25, 1], gap="large")
    with left, st.container(border=True):
        st.subheader("See it work", anchor=False)
        st.html(
            "<div class='gs'>Draws 'real' stand-ins and two renderer versions, one with known "
            "gaps, and compares them. You know the answer beforehand; it takes a minute or two."
            "</div>"
        )
        _sample_button(primary=True)
    with right:
        next_steps.draw(ws, [])


def _sample_button(*, primary: bool) -> None:
    pressed = st.button(
        "Open the sample project",
        icon=":material/science:",
        type="primary" if primary else "tertiary",
        key="open_sample",
        width="stretch" if primary else "content",
        help="In a workspace of its own, beside yours.",
    )
    if pressed:
        with errors.shown():
            sample = session.look_at_sample()
            if not _has_sample(sample.comparisons.list()):
                joblist.started(sample.open_sample().job_id)
            st.rerun()


def _way_back() -> None:
    if st.button(
        "Back to your workspace", icon=":material/arrow_back:", type="tertiary", key="leave_sample"
    ):
        session.look_at(session.Place(default_path()))
        st.rerun()


def _has_sample(records: list[ComparisonRecord]) -> bool:
    return any(
        record.name == Workspace.SAMPLE_NAME and record.status != RecordStatus.FAILED
        for record in records
    )


def _started(ws: Workspace) -> None:
    """What runs now, or what this browser session started last, right here."""
    shown = [
        work for work in all_works(ws) if work.active or work.head.id == joblist.last_started()
    ]
    if not shown:
        return
    ids = {work.head.id for work in shown}

    def draw() -> None:
        for work in all_works(ws):
            if work.head.id in ids:
                joblist.panel(ws, work, key="home")

    joblist.live(ws, draw, active=any(work.active for work in shown), key="home_jobs")


page()
