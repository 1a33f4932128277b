"""One dataset on the Datasets page: its numbers, what could not be read, and what can be done with
it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.workspace.dataset_summary import DatasetSummary, GroupCount
from pages.parts.datasets import browse, labels_form
from pages.parts.shared import errors, joblist, style

VALUES = 8  # of a label on screen
SHOWN = 500  # unreadable files on screen; the download has them all
_CLOSE = "close_menu"  # session state: the menu whose work is done


def card(ws: Workspace, dataset: Dataset, versions: list[Dataset]) -> None:
    """Draw one dataset. ``versions``: all of them in their order, for moving this one."""
    with st.container(border=True, gap="xsmall"):
        left, right = st.columns([12, 1], vertical_alignment="top")
        left.html(_numbers(dataset, ws.datasets.summary(dataset)))
        if not ws.read_only:
            place = right.container(horizontal=True, horizontal_alignment="right")
            menu = place.popover(
                "",
                icon=":material/more_horiz:",
                key=f"menu-{dataset.id}",
                on_change="rerun",
                type="tertiary",
            )
            if menu.open:
                with menu:
                    _actions(ws, dataset, versions)
        if dataset.scanned_at is not None:
            label = "What is in it"
            if dataset.unreadable:
                label += f" · {dataset.unreadable:,} unreadable"
            inside = st.expander(
                label, key=f"inside-{dataset.id}", on_change="rerun", type="compact"
            )
            if inside.open:
                with inside:
                    _inside(ws, dataset)
            if dataset.images:
                images = st.expander(
                    "Look through its images",
                    key=f"browse-{dataset.id}",
                    on_change="rerun",
                    type="compact",
                )
                if images.open:
                    with images:
                        browse.show(ws, dataset)


def close_menus() -> None:
    """Before anything is drawn: close the menu whose work is done."""
    menu = st.session_state.pop(_CLOSE, None)
    if menu is not None:
        st.session_state[menu] = False


# --- numbers --------------------------------------------------------------------------------------


def _numbers(dataset: Dataset, summary: DatasetSummary) -> str:
    """HTML of name, folder and the numbers of the last scan."""
    head = (
        f"<div><span class='gs-name'>{style.html(dataset.label)}</span> "
        f"<span class='gs-path'>{style.path_html(dataset.folder)}</span></div>"
    )
    if dataset.scanned_at is None:
        return f"<div class='gs'>{head}<span class='gs-soft'>not scanned yet</span></div>"
    figures = {
        "images": style.number(dataset.images),
        "unreadable": style.number(dataset.unreadable),
        "duplicates": style.number(summary.duplicates),
    }
    if summary.width is not None and summary.height is not None:
        figures["pixels, median"] = f"{summary.width.median:,} × {summary.height.median:,}"
    if summary.formats:
        figures["format"] = ", ".join(list(summary.formats)[:3])
    if summary.bytes:
        figures["on disk"] = style.megabytes(summary.bytes)
    if summary.classes:
        groups = [group for group in summary.groups if group.bias is not None]
        label = f"classes, {len(groups)} groups" if groups else "classes"
        figures[label] = str(len(summary.classes))
    figures["scanned"] = style.ago(dataset.scanned_at)
    parts = []
    for label, value in figures.items():
        alarming = label == "unreadable" and dataset.unreadable > 0
        parts.append(style.figure(label, value, tone="gs-small gs-gap" if alarming else "gs-small"))
    return (
        f"<div class='gs'>{head}<div class='gs-figures' style='margin-top:.45rem'>"
        f"{''.join(parts)}</div></div>"
    )


# --- what can be done -----------------------------------------------------------------------------


def _actions(ws: Workspace, dataset: Dataset, versions: list[Dataset]) -> None:
    if st.button(
        "Scan again",
        icon=":material/refresh:",
        key=f"rescan-{dataset.id}",
        width="stretch",
        help="Reads new and changed files only.",
    ):
        with errors.shown():
            joblist.started(ws.datasets.submit_scan(dataset))
            _close_menu(dataset)
    _move(ws, dataset, versions)
    _relabel(ws, dataset)
    _remove(ws, dataset)


def _remove(ws: Workspace, dataset: Dataset) -> None:
    """A way to take the dataset out, which asks once more."""
    asks = f"ask_remove-{dataset.id}"
    st.toggle("Remove…", key=asks)
    if not st.session_state.get(asks):
        return
    st.markdown(
        f"**Remove {style.escape(dataset.label)}?** Its folder on disk is not touched, and it can "
        "be put back until it is deleted for good."
    )
    if st.button(
        "Remove this dataset",
        icon=":material/delete:",
        key=f"remove-{dataset.id}",
        width="stretch",
    ):
        with errors.shown():
            ws.datasets.remove(dataset)
            st.rerun()


def _move(ws: Workspace, dataset: Dataset, versions: list[Dataset]) -> None:
    """Buttons that put a version before or behind its neighbour."""
    ids = [version.id for version in versions]
    if dataset.id not in ids or len(ids) < 2:
        return
    place = ids.index(dataset.id)
    with st.container(horizontal=True):
        for step, label, icon in (
            (-1, "Earlier", ":material/arrow_upward:"),
            (1, "Later", ":material/arrow_downward:"),
        ):
            if st.button(
                label,
                icon=icon,
                key=f"move{step}-{dataset.id}",
                disabled=not 0 <= place + step < len(ids),
            ):
                ids[place], ids[place + step] = ids[place + step], ids[place]
                with errors.shown():
                    ws.datasets.order(ids)
                    st.rerun()


def _relabel(ws: Workspace, dataset: Dataset) -> None:
    """Take class and bias from somewhere else."""
    labels = st.text_input(
        "Labels",
        value=dataset.labels or "",
        key=f"labels-{dataset.id}",
        placeholder=labels_form.EXAMPLE,
        help=labels_form.HELP,
    ).strip()
    if labels == (dataset.labels or ""):
        return
    fits = not labels or labels_form.preview(ws, dataset.folder, labels)
    if st.button(
        "Use these labels" if labels else "Take the labels away",
        type="primary",
        disabled=not fits,
        key=f"relabel-{dataset.id}",
    ):
        with errors.shown():
            relabelled = ws.datasets.set_labels(dataset, labels or None)
            # The scan counts classes and groups; it reads no file again.
            joblist.started(ws.datasets.submit_scan(relabelled))
            _close_menu(dataset)


def _close_menu(dataset: Dataset) -> None:
    st.session_state[_CLOSE] = f"menu-{dataset.id}"
    st.rerun()


# --- what is in it --------------------------------------------------------------------------------


def _inside(ws: Workspace, dataset: Dataset) -> None:
    summary = ws.datasets.summary(dataset)
    lines = [
        f"{name} {side.low:,} to {side.high:,} px, median {side.median:,}"
        for name, side in (("width", summary.width), ("height", summary.height))
        if side is not None
    ]
    lines.append(", ".join(f"{count:,} {name}" for name, count in summary.formats.items()))
    st.html(f"<div class='gs gs-soft'>{style.html(' · '.join(lines))}</div>")
    if summary.groups:
        left, right = st.columns([2, 1])
        left.dataframe(
            _by_class_and_bias(summary.groups),
            hide_index=True,
            height="content" if len(summary.groups) < 12 else 380,
        )
        if summary.splits:
            splits = {
                "split": list(summary.splits),
                "images": list(summary.splits.values()),
            }
            right.dataframe(pa.table(splits), hide_index=True, height="content")
    _other_labels(summary)
    if dataset.unreadable:
        _unreadable(ws, dataset)


def _other_labels(summary: DatasetSummary) -> None:
    """The commonest values of every label beside class and bias, and the columns that are none."""
    lines = []
    for column, counts in summary.labels.items():
        shown = [f"{value} {count:,}" for value, count in list(counts.items())[:VALUES]]
        more = [f"and {len(counts) - VALUES:,} more"] if len(counts) > VALUES else []
        lines.append((column, ", ".join([*shown, *more])))
    lines += [(column, f"left out: {why}") for column, why in summary.left_out.items()]
    if lines:
        style.table({"label": [name for name, _ in lines], "images": [words for _, words in lines]})


def _by_class_and_bias(groups: Sequence[GroupCount]) -> pa.Table:
    """Images by class (rows) and bias (columns)."""
    classes = list(dict.fromkeys(group.class_ for group in groups))
    biases = list(dict.fromkeys(group.bias for group in groups))
    counts = {(group.class_, group.bias): group.images for group in groups}
    columns: dict[str, Sequence[str | int | None]] = {"class": classes}
    for bias in biases:
        columns["images" if bias is None else bias] = [
            counts.get((name, bias), 0) for name in classes
        ]
    return pa.table(columns)


def _unreadable(ws: Workspace, dataset: Dataset) -> None:
    table = _unreadable_files(ws, str(ws.path), dataset, str(dataset.scanned_at))
    st.dataframe(table.slice(0, SHOWN), hide_index=True, height=min(38 + 35 * table.num_rows, 320))
    left, right = st.columns([3, 1], vertical_alignment="center")
    if table.num_rows > SHOWN:
        left.caption(f"The first {SHOWN:,} of {table.num_rows:,}.")
    right.download_button(
        "CSV",
        ws.exports.csv_bytes(table),
        file_name=f"unreadable-{dataset.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"csv-{dataset.id}",
    )


@st.cache_data(show_spinner=False, max_entries=20, hash_funcs={Dataset: lambda dataset: dataset.id})
def _unreadable_files(_ws: Workspace, path: str, dataset: Dataset, scanned: str) -> pa.Table:
    """Files of the last scan that could not be read: path and reason."""
    return _ws.datasets.unreadable(dataset)
