"""One dataset on the Datasets page: its numbers, what could not be read, and what can be done with
it.
"""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from pages.parts.datasets import labels_form
from pages.parts.shared import errors, joblist, style

SHOWN = 500  # unreadable files on screen; the download has them all


def card(ws: Workspace, dataset: Dataset, versions: list[Dataset]) -> None:
    """Draw one dataset. ``versions``: all of them in their order, for moving this one."""
    with st.container(border=True, gap="xsmall"):
        left, right = st.columns([12, 1], vertical_alignment="top")
        left.html(_facts(dataset))
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


def _facts(dataset: Dataset) -> str:
    """HTML of name, folder and the numbers of the last scan."""
    told = dataset.summary
    head = (
        f"<div><span class='gs-name'>{style.html(dataset.label)}</span> <span class='gs-path'>{style.html(dataset.folder)}</span>"
        f"</div>"
    )
    if dataset.scanned_at is None:
        return f"<div class='gs'>{head}<span class='gs-soft'>not scanned yet</span></div>"
    parts = [
        style.figure("images", style.number(dataset.images), tone="gs-small"),
        style.figure(
            "unreadable",
            style.number(dataset.unreadable),
            tone="gs-small gs-gap" if dataset.unreadable else "gs-small",
        ),
        style.figure("duplicates", style.number(told.get("duplicates")), tone="gs-small"),
    ]
    if told.get("sizes"):
        parts.append(style.figure("pixels, median", _median(told["sizes"]), tone="gs-small"))
    if told.get("formats"):
        parts.append(style.figure("format", ", ".join(list(told["formats"])[:3]), tone="gs-small"))
    if told.get("bytes"):
        parts.append(style.figure("on disk", style.megabytes(told["bytes"]), tone="gs-small"))
    if told.get("classes"):
        groups = [group for group in told.get("groups") or [] if group["bias"] is not None]
        label = f"classes, {len(groups)} groups" if groups else "classes"
        parts.append(style.figure(label, str(len(told["classes"])), tone="gs-small"))
    parts.append(style.figure("scanned", style.ago(dataset.scanned_at), tone="gs-small"))
    return f"<div class='gs'>{head}<div class='gs-figures' style='margin-top:.45rem'>{''.join(parts)}</div></div>"


def _median(sizes: dict[str, dict[str, int]]) -> str:
    width, height = sizes.get("width", {}), sizes.get("height", {})
    return f"{width.get('median', 0):,} × {height.get('median', 0):,}"


# --- what can be done -----------------------------------------------------------------------------


def _actions(ws: Workspace, dataset: Dataset, versions: list[Dataset]) -> None:
    key = str(dataset.id)
    if st.button(
        "Scan again",
        icon=":material/refresh:",
        key=f"rescan-{key}",
        width="stretch",
        help="Reads new and changed files only.",
    ):
        with errors.shown():
            joblist.started(ws.datasets.submit_scan(dataset))
            _close(key)
    ids = [version.id for version in versions]
    if dataset.id in ids and len(ids) > 1:
        at = ids.index(dataset.id)
        with st.container(horizontal=True):
            for step, label, icon in (
                (-1, "Earlier", ":material/arrow_upward:"),
                (1, "Later", ":material/arrow_downward:"),
            ):
                if st.button(
                    label,
                    icon=icon,
                    key=f"move{step}-{key}",
                    disabled=not 0 <= at + step < len(ids),
                ):
                    ids[at], ids[at + step] = ids[at + step], ids[at]
                    with errors.shown():
                        ws.datasets.order(ids)
                        st.rerun()
    labels = st.text_input(
        "Labels",
        value=dataset.labels or "",
        key=f"labels-{key}",
        placeholder=labels_form.EXAMPLE,
        help=labels_form.HELP,
    ).strip()
    if labels != (dataset.labels or ""):
        fits = not labels or labels_form.preview(ws, dataset.folder, labels)
        if st.button(
            "Use these labels" if labels else "Take the labels away",
            type="primary",
            disabled=not fits,
            key=f"relabel-{key}",
        ):
            with errors.shown():
                ws.datasets.set_labels(dataset, labels or None)
                joblist.started(
                    ws.datasets.submit_scan(ws.datasets.get(dataset.id))
                )  # counts classes and groups; reads no file again
                _close(key)
    st.caption("Removing forgets the dataset here; the folder on disk is not touched.")
    if st.button("Remove", icon=":material/delete:", key=f"remove-{key}", width="stretch"):
        with errors.shown():
            ws.datasets.remove(dataset)
            st.rerun()


def _close(key: str) -> None:
    st.session_state["close_menu"] = f"menu-{key}"
    st.rerun()


def close_menus() -> None:
    """Before anything is drawn: close the menu whose work is done."""
    menu = st.session_state.pop("close_menu", None)
    if menu is not None:
        st.session_state[menu] = False


# --- what is in it --------------------------------------------------------------------------------


def _inside(ws: Workspace, dataset: Dataset) -> None:
    told = dataset.summary
    lines = []
    for side in ("width", "height"):
        if size := (told.get("sizes") or {}).get(side):
            lines.append(f"{side} {size['min']:,} to {size['max']:,} px, median {size['median']:,}")
    formats = ", ".join(f"{count:,} {name}" for name, count in (told.get("formats") or {}).items())
    st.html(f"<div class='gs gs-soft'>{style.html(' · '.join([*lines, formats]))}</div>")
    groups = told.get("groups") or []
    if groups:
        left, right = st.columns([2, 1])
        left.dataframe(
            _pivot(groups), hide_index=True, height="content" if len(groups) < 12 else 380
        )
        if told.get("splits"):
            right.dataframe(
                pa.table({"split": list(told["splits"]), "images": list(told["splits"].values())}),
                hide_index=True,
                height="content",
            )
    if dataset.unreadable:
        _unreadable(ws, dataset)


def _pivot(groups: list[dict]) -> pa.Table:
    """Images by class (rows) and bias (columns)."""
    classes = list(dict.fromkeys(group["class"] for group in groups))
    biases = list(dict.fromkeys(group["bias"] for group in groups))
    count = {(group["class"], group["bias"]): group["images"] for group in groups}
    columns: dict[str, list] = {"class": classes}
    for bias in biases:
        columns[f"{bias if bias is not None else 'images'}"] = [
            count.get((name, bias), 0) for name in classes
        ]
    return pa.table(columns)


def _unreadable(ws: Workspace, dataset: Dataset) -> None:
    table = unreadable(str(ws.path), dataset.id, str(dataset.scanned_at), ws)
    st.dataframe(table.slice(0, SHOWN), hide_index=True, height=min(38 + 35 * table.num_rows, 320))
    left, right = st.columns([3, 1], vertical_alignment="center")
    if table.num_rows > SHOWN:
        left.caption(f"The first {SHOWN:,} of {table.num_rows:,}.")
    right.download_button(
        "CSV",
        _csv(table),
        file_name=f"unreadable-{dataset.id}.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"csv-{dataset.id}",
    )


@st.cache_data(show_spinner=False, max_entries=20)
def unreadable(path: str, dataset_id: int, scanned: str, _ws: Workspace) -> pa.Table:
    """Files of the last scan that could not be read: path and reason."""
    table = _ws.datasets.images(_ws.datasets.get(dataset_id))
    return table.filter(pc.not_equal(table.column("status"), "ok")).select(["path", "reason"])


def _csv(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pacsv.write_csv(table, buffer)
    return buffer.getvalue()
