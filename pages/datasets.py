"""Datasets: add folders of real images and of renderer versions, see what is in them, and compare
them.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from pages.parts.datasets import compare_form, dataset_card, labels_form
from pages.parts.shared import errors, folder_browser, joblist, session, style

KINDS = {"real": "Real images", "synthetic": "Renderer version"}


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    style.heading(
        "Datasets", "One folder of real images, and one folder for each version of your renderer."
    )
    datasets = ws.datasets.list()
    if not ws.read_only:
        _add(ws, datasets)
    if datasets:
        _list(ws, datasets)
    if any(dataset.domain == "real" for dataset in datasets) and any(
        dataset.domain == "synthetic" for dataset in datasets
    ):
        st.subheader("Compare", anchor=False)
        compare_form.form(ws, datasets)


# --- add ------------------------------------------------------------------------------------------


def _add(ws: Workspace, datasets: list[Dataset]) -> None:
    """The form for a new folder: open where there is nothing yet, else behind one line."""
    said = st.session_state.pop("dataset_added", None)
    if said:
        st.success(
            f"{style.escape(said)} was added; its folder is being scanned.",
            icon=":material/check_circle:",
        )
    if datasets:
        opened = st.expander(
            "Add a folder", icon=":material/create_new_folder:", key="add_folder", on_change="rerun"
        )
        if opened.open:
            with opened:
                _form(ws, datasets)
    else:
        with st.container(border=True):
            _form(ws, datasets)


def _form(ws: Workspace, datasets: list[Dataset]) -> None:
    has_real = any(dataset.domain == "real" for dataset in datasets)
    domain = st.segmented_control(
        "What is in the folder",
        list(KINDS),
        format_func=KINDS.__getitem__,
        required=True,
        default="synthetic" if has_real else "real",
        key="new_domain",
    )
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    path = left.text_input(
        "Folder on this machine", key="new_path", placeholder="/data/photos"
    ).strip()
    with right:
        folder_browser.button(ws, path, _take, key="browse_new")
    usable = bool(path) and folder_browser.preview(ws, path)
    left, right = st.columns(2)
    name = version = None
    if domain == "synthetic":
        version = left.text_input(
            "Version name",
            key="new_version",
            placeholder="1.0",
            help="The renderer release. Without one, the folder's name.",
        ).strip()
    else:
        name = left.text_input("Name", key="new_name", placeholder="the folder's name").strip()
    labels = right.text_input(
        "Labels (optional)",
        key="new_labels",
        placeholder=labels_form.EXAMPLE,
        help=labels_form.HELP,
    ).strip()
    labels_fine = not labels or not usable or labels_form.preview(ws, path, labels)
    if st.button(
        "Add and scan",
        type="primary",
        icon=":material/add:",
        disabled=not (usable and labels_fine),
        key="add",
    ):
        with errors.shown():
            dataset = ws.add_dataset(
                path,
                domain=domain or "real",
                version=version or None,
                name=name or None,
                labels=labels or None,
            )
            joblist.started(ws.datasets.submit_scan(dataset))
            st.session_state["dataset_added"] = dataset.label
            st.session_state["clear_new"] = True
            st.rerun()


def _take(path: str) -> None:
    st.session_state["taken_path"] = (
        path  # a widget's own key may only be set before the widget is drawn
    )


# --- what is there --------------------------------------------------------------------------------


def _list(ws: Workspace, datasets: list[Dataset]) -> None:
    scanning = [work for work in joblist.works(ws) if work.active and work.head.kind == "scan"]
    if scanning:

        def draw() -> None:
            for work in joblist.works(ws):
                if work.active and work.head.kind == "scan":
                    joblist.steps(ws, work)

        joblist.live(ws, draw, active=True, key="scans")
    for work in joblist.works(ws):
        if (
            work.head.kind == "scan"
            and work.head.id == st.session_state.get("started_job")
            and work.head.resumable
        ):
            joblist.panel(ws, work, key="scan")
    versions = [dataset for dataset in datasets if dataset.domain == "synthetic"]
    for title, group in (
        ("Real", [d for d in datasets if d.domain == "real"]),
        ("Versions", versions),
    ):
        if group:
            st.subheader(title, anchor=False)
        for dataset in group:
            dataset_card.card(ws, dataset, versions)


if "taken_path" in st.session_state:
    st.session_state["new_path"] = st.session_state.pop("taken_path")
if st.session_state.pop("clear_new", False):
    for _key in ("new_path", "new_version", "new_name"):
        st.session_state[_key] = ""
    st.session_state["add_folder"] = False
dataset_card.close_menus()
page()
