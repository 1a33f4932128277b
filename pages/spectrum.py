"""Spectrum: how fine detail differs between real and rendered images, and what stands out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset, JobRecord
from core.contracts.words import Domain
from core.workspace.spectra import MeasuredSpectrum
from pages.parts.shared import joblist, session, style
from pages.parts.shared.works import find
from pages.parts.spectrum import measure_form, measured


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    style.heading(
        "Spectrum",
        "How much detail of each size the images hold: blur, noise, grids and missing sharpness "
        "show here.",
    )
    real_ones, versions = ws.datasets.list(Domain.REAL), ws.datasets.list(Domain.SYNTHETIC)
    if not real_ones or not versions:
        st.info(
            "Add a real folder and a rendered one on the Datasets page first.",
            icon=":material/lightbulb:",
        )
        return
    chosen = measure_form.datasets(ws, real_ones, versions)
    if len(chosen) < 2:
        st.info("Choose at least one version.")
        return
    runs = ws.spectra.list(chosen)
    running = [run for run in runs if run.job.active]
    done = next((run for run in runs if run.done), None)
    if not ws.read_only and not running:
        measure_form.start(ws, chosen, again=done is not None)
    if running:
        _progress(ws, running[0].job)
    elif runs and done is None:
        _progress(ws, runs[0].job)
    if done is not None:
        _show(ws, done.job, chosen, done.seed)


def _progress(ws: Workspace, job: JobRecord) -> None:
    def draw() -> None:
        work = find(ws, job.id)
        if work is not None:
            joblist.panel(ws, work, key="spectrum")

    joblist.live(ws, draw, active=job.active, key="spectrum_job")


def _show(ws: Workspace, job: JobRecord, chosen: Sequence[Dataset], seed: int) -> None:
    spectra = _read(ws, str(ws.path), job.id, str(job.finished_at))
    if spectra is None:
        st.warning(
            "The files of this measurement are gone. Measure again.", icon=":material/folder_off:"
        )
        return
    measured.draw(spectra, {dataset.id: dataset.label for dataset in chosen}, seed)


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(
    _ws: Workspace, path: str, job_id: str, finished: str
) -> tuple[MeasuredSpectrum, ...] | None:
    return _ws.spectra.read(job_id)


page()
