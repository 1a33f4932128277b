"""A study that is not done: how far it is, what its trials found so far, and the curves of the one
in training.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from core.files import read_lines
from pages.parts.shared import joblist
from pages.parts.shared.joblist import Work
from pages.parts.shared.style import escape
from pages.parts.studies import plots as study_plots


def work_of(ws: Workspace, record: StudyRecord) -> Work | None:
    """The study's job with the jobs it needs, or None where they are gone."""
    return joblist.find(ws, record.job_id) if record.job_id else None


def draw(ws: Workspace, record: StudyRecord, work: Work | None) -> None:
    """Progress, cancel or resume, and what there is so far; again every second while it runs."""
    if work is None:
        st.warning(
            "This study was not finished, and its job is gone. Run it again below.",
            icon=":material/folder_off:",
        )
        return

    def body() -> None:
        now = work_of(ws, record) or work
        joblist.panel(ws, now, key="finetune")
        _so_far(ws.jobs.path(now.head.id) / "outputs", running=now.active)

    joblist.live(ws, body, active=work.active, key="finetune_job")


def _so_far(outputs: Path, *, running: bool) -> None:
    trials = [
        found
        for path in sorted(outputs.glob("trial-*.json"))
        if (found := read_json(path)) is not None
    ]
    files = (
        sorted(outputs.glob("curves-*.jsonl"), key=lambda path: path.stat().st_mtime)
        if running
        else []
    )
    lines = read_lines(files[-1]) if files else []
    if not trials and not lines:
        return
    left, right = st.columns(2)
    if trials:
        left.markdown(
            f"**{len(trials)} {'trial' if len(trials) == 1 else 'trials'} finished** :gray[· worst accuracy on real test images]"
        )
        left.plotly_chart(
            study_plots.strip(trials), key="study_so_far", config={"displayModeBar": False}
        )
    if lines:
        place = right if trials else left
        place.markdown(
            f"**In training: {escape(files[-1].stem.removeprefix('curves-'))}** :gray[· one line a learning rate]"
        )
        place.plotly_chart(
            study_plots.curves(lines), key="study_live_curves", config={"displayModeBar": False}
        )


def read_json(path: Path) -> dict[str, Any] | None:
    """A finished trial's record; None while it is being written."""
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError:
        return None
