"""Running a study once more, whole or one trial of it, from its record."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import Workspace
from core.contracts.requests import SubmittedStudy
from core.contracts.study_rows import StudyRecord, TrialRow
from core.contracts.words import RecordStatus
from pages.parts.shared import errors, joblist, style
from pages.parts.studies import parameters_form, words

OnStart = Callable[[int], None]  # of the new study's id


def draw(
    ws: Workspace,
    record: StudyRecord,
    *,
    on_start: OnStart,
    on_change: Callable[[StudyRecord], None],
) -> None:
    """The buttons. ``on_change``: show the form, which this study's parameters were filled into."""
    if ws.read_only:
        return
    there = {dataset.id for dataset in ws.datasets.list()}
    if not {record.real_id, *record.version_ids} <= there:
        st.caption("A dataset of this study was removed, so it cannot be run again.")
        remove(ws, record)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Run again",
            key="study_again",
            icon=":material/replay:",
            help="The same images, labels, parameters and seeds.",
        ):
            with errors.shown():
                _look_at(ws.studies.again(record.id), on_start)
        st.button(
            "Change the parameters",
            key="study_change",
            icon=":material/tune:",
            on_click=_change,
            args=(record, on_change),
            help="Fills the form with this study's parameters.",
        )
        if record.status == RecordStatus.DONE:
            with st.popover("One trial again", icon=":material/replay:"):
                _one_trial(ws, record, on_start)
        remove(ws, record)


def remove(ws: Workspace, record: StudyRecord) -> None:
    """A way to take a study out of the list, which asks once more."""
    with st.popover("Remove…", icon=":material/delete:", key=f"study_remove-{record.id}"):
        st.markdown(
            f"**Remove {style.escape(record.name)}?** It can be put back from the Home page until "
            "it is deleted for good."
        )
        if st.button("Remove this study", key="study_remove_sure", width="stretch"):
            with errors.shown():
                ws.studies.remove(record.id)
                st.session_state.pop("study", None)
                st.rerun()


def _one_trial(ws: Workspace, record: StudyRecord, on_start: OnStart) -> None:
    trials = {row.trial: row for row in words.rows(ws, record, TrialRow)}
    picked = st.selectbox("Trial", list(trials), key=f"study_one-{record.id}")
    if st.button(
        "Run it again", key="study_one_start", help="From its own record; the result is the same."
    ):
        with errors.shown():
            _look_at(ws.studies.again(record.id, trials[picked]), on_start)


def _look_at(submitted: SubmittedStudy, on_start: OnStart) -> None:
    joblist.started(submitted.job_id)
    on_start(submitted.study_id)
    st.rerun()


def _change(record: StudyRecord, on_change: Callable[[StudyRecord], None]) -> None:
    parameters_form.use(record.parameters)
    on_change(record)
