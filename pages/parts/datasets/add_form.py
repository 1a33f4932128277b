"""The form for a new dataset: a folder, what is in it, and where its labels come from."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.words import Domain
from pages.parts.datasets import labels_form
from pages.parts.shared import errors, folder_browser, joblist, style

DOMAINS = {Domain.REAL: "Real images", Domain.SYNTHETIC: "Renderer version"}
NEXT = {
    Domain.SYNTHETIC: "add the folder of images that your renderer made. Each version of the "
    "renderer is a folder of its own; with one of them you can compare.",
    Domain.REAL: "add the folder of real images that your versions are compared with.",
}
_NEXT = "next_domain"  # session state: what the form shall be opened for
_ADDED, _CHOSEN_PATH, _CLEAR = "dataset_added", "taken_path", "clear_new"  # session state


def before_drawing() -> None:
    """Fill in the folder that was chosen in the browser, or empty the form after an add: a widget's
    own key may only be set before the widget is drawn.
    """
    if _CHOSEN_PATH in st.session_state:
        st.session_state["new_path"] = st.session_state.pop(_CHOSEN_PATH)
    if st.session_state.pop(_CLEAR, False):
        for key in ("new_path", "new_version", "new_name"):
            st.session_state[key] = ""
        st.session_state["add_folder"] = False
    if _NEXT in st.session_state:
        st.session_state.update(
            {"add_folder": True, "new_domain": st.session_state.pop(_NEXT), "new_path": ""}
        )


def draw(ws: Workspace, datasets: list[Dataset]) -> None:
    """The form: open where there is no dataset yet, else behind one line."""
    added = st.session_state.pop(_ADDED, None)
    if added:
        st.success(
            f"{style.escape(added)} was added; its folder is being scanned.",
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


def next_step(lacking: Domain) -> None:
    """What comes after the first folder, and a button that opens the form for it."""
    with st.container(border=True):
        st.markdown(f"**Next:** {NEXT[lacking]}")
        st.button(
            f"Add {'a renderer version' if lacking == Domain.SYNTHETIC else 'real images'}",
            type="primary",
            icon=":material/add:",
            key="next_folder",
            on_click=lambda: st.session_state.update({_NEXT: lacking}),
        )


def _form(ws: Workspace, datasets: list[Dataset]) -> None:
    has_real = any(dataset.domain == Domain.REAL for dataset in datasets)
    domain = st.segmented_control(
        "What is in the folder",
        list(DOMAINS),
        format_func=DOMAINS.__getitem__,
        required=True,
        default=Domain.SYNTHETIC if has_real else Domain.REAL,
        key="new_domain",
    )
    left, right = st.columns([6, 1], vertical_alignment="bottom")
    path = left.text_input(
        "Folder on this machine", key="new_path", placeholder="/data/photos"
    ).strip()
    with right:
        folder_browser.button(ws, path, _use_folder, key="browse_new")
    usable = bool(path) and folder_browser.preview(ws, path)
    left, right = st.columns(2)
    name = version = None
    if domain == Domain.SYNTHETIC:
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
    labels_fit = not labels or not usable or labels_form.preview(ws, path, labels)
    if st.button(
        "Add and scan",
        type="primary",
        icon=":material/add:",
        disabled=not (usable and labels_fit),
        key="add",
    ):
        with errors.shown():
            dataset = ws.add_dataset(
                path,
                domain=domain or Domain.REAL,
                version=version or None,
                name=name or None,
                labels=labels or None,
            )
            joblist.started(ws.datasets.submit_scan(dataset))
            st.session_state[_ADDED] = dataset.label
            st.session_state[_CLEAR] = True
            st.rerun()


def _use_folder(path: str) -> None:
    st.session_state[_CHOSEN_PATH] = path
