"""Datasets: add folders of real images and of renderer versions, see what is in them, and compare
them.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.words import Domain, JobKind
from pages.parts.datasets import add_form, compare_form, dataset_card, encoder_trial
from pages.parts.shared import joblist, removed, session, style, works


def page() -> None:
    """Draw the page."""
    add_form.before_drawing()
    dataset_card.close_menus()
    ws = session.workspace()
    style.heading(
        "Datasets", "One folder of real images, and one folder for each version of your renderer."
    )
    datasets = ws.datasets.list()
    if not ws.read_only:
        add_form.draw(ws, datasets)
    _scans(ws)
    real, versions = (
        [dataset for dataset in datasets if dataset.domain == domain] for domain in Domain
    )
    _cards(ws, "Real", real, versions)
    _cards(ws, "Versions", versions, versions)
    removed.panel(ws)
    if real and versions:
        st.subheader("Compare", anchor=False)
        compare_form.form(ws, datasets)
        encoder_trial.panel(ws, real, versions)
    elif datasets and not ws.read_only:
        add_form.next_step(Domain.SYNTHETIC if real else Domain.REAL)


def _scans(ws: Workspace) -> None:
    """The scans that run, and why the one that was started here last did not finish."""
    if works.active(ws, JobKind.SCAN):

        def draw() -> None:
            for work in works.active(ws, JobKind.SCAN):
                joblist.steps(ws, work)

        joblist.live(ws, draw, active=True, key="scans")
    work = works.find(ws, joblist.last_started())
    if work is not None and work.head.kind == JobKind.SCAN and work.head.resumable:
        joblist.panel(ws, work, key="scan")


def _cards(ws: Workspace, title: str, datasets: list[Dataset], versions: list[Dataset]) -> None:
    if datasets:
        st.subheader(title, anchor=False)
    for dataset in datasets:
        dataset_card.card(ws, dataset, versions)


page()
