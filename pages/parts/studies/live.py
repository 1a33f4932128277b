"""A study that is not done: how far it is, the accuracy of its trials so far, and the curves of
the one in training.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from pages.parts.shared import joblist
from pages.parts.shared.style import escape
from pages.parts.shared.works import Work, find
from pages.parts.studies import figures
from pages.parts.studies.words import BARE


def work_of(ws: Workspace, record: StudyRecord) -> Work | None:
    """The study's job with the jobs it needs, or None where they are gone."""
    return find(ws, record.job_id) if record.job_id else None


def draw(ws: Workspace, record: StudyRecord, work: Work | None) -> None:
    """Progress, cancel or resume, and what there is so far; again every second while it runs."""
    if work is None:
        st.warning(
            "This study was not finished, and its job is gone. Run it again below.",
            icon=":material/folder_off:",
        )
        return

    def body() -> None:
        joblist.panel(ws, work_of(ws, record) or work, key="finetune")
        _so_far(ws, record)

    joblist.live(ws, body, active=work.active, key="finetune_job")


def _so_far(ws: Workspace, record: StudyRecord) -> None:
    progress = ws.studies.live_curves(record.id)
    if not progress.trials and not progress.curve:
        return
    left, right = st.columns(2)
    if progress.trials:
        count = len(progress.trials)
        left.markdown(
            f"**{count} {'trial' if count == 1 else 'trials'} finished** "
            ":gray[· worst-group accuracy on real test images]"
        )
        left.plotly_chart(figures.strip(progress.trials), key="study_so_far", config=BARE)
    if progress.curve:
        place = right if progress.trials else left
        place.markdown(
            f"**In training: {escape(progress.training)}** :gray[· one line a learning rate]"
        )
        place.plotly_chart(figures.curves(progress.curve), key="study_live_curves", config=BARE)
