"""Home: what Gapscope is, the sample project in one click, what was found last, and what to do
next.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.catalog import Dataset
from core.contracts.comparison import ComparisonRecord
from core.errors import GapscopeError
from pages.parts.shared import errors, joblist, navigation, session, style

QUESTION = "What in the real world do your rendered images not cover yet?"
RECENT = 5


def page() -> None:
    """Draw the page."""
    ws = session.workspace()
    records = ws.comparisons.list()
    done = [record for record in records if record.status == "done"]
    style.heading("Gapscope" if not done else ws.path.stem.capitalize(), QUESTION)
    _started(ws)
    with st.container(key="gs-stack"):
        if done:
            left, right = st.columns([1.9, 1], gap="large")
            with left:
                _recent(ws, done)
                _others(ws, records, done[:RECENT])
            with right:
                _next(ws, done)
                if not _has_sample(records):
                    _sample_button(ws, primary=False)
        else:
            _welcome(ws, _has_sample(records))
            _others(ws, records, [])
    st.space("medium")
    _workspaces(ws)


def _welcome(ws: Workspace, sample_there: bool) -> None:
    if sample_there:  # its progress is on this page already
        _next(ws, [])
        return
    left, right = st.columns([1.25, 1], gap="large")
    with left, st.container(border=True):
        st.subheader("See it work", anchor=False)
        st.html(
            "<div class='gs'>Draws 'real' stand-ins and two renderer versions, one with known gaps, and compares "
            "them. You know the answer beforehand; it takes a minute or two.</div>"
        )
        _sample_button(ws, primary=True)
    with right:
        _next(ws, [])


def _sample_button(ws: Workspace, *, primary: bool) -> None:
    pressed = st.button(
        "Open the sample project",
        icon=":material/science:",
        type="primary" if primary else "tertiary",
        disabled=ws.read_only,
        key="open_sample",
        width="stretch" if primary else "content",
    )
    if pressed:
        with errors.shown():
            joblist.started(ws.open_sample().job_id)
            st.rerun()


def _has_sample(records: list[ComparisonRecord]) -> bool:
    return any(record.name == "Sample project" and record.status != "failed" for record in records)


def _started(ws: Workspace) -> None:
    """What runs now, or what this browser session started last, right here."""
    shown = [
        work
        for work in joblist.works(ws)
        if work.active or work.head.id == st.session_state.get("started_job")
    ]
    if not shown:
        return
    ids = {work.head.id for work in shown}

    def draw() -> None:
        for work in joblist.works(ws):
            if work.head.id in ids:
                joblist.panel(ws, work, key="home")

    joblist.live(ws, draw, active=any(work.active for work in shown), key="home_jobs")


# --- what was found -------------------------------------------------------------------------------


def _recent(ws: Workspace, done: list[ComparisonRecord]) -> None:
    st.subheader("Comparisons", anchor=False)
    for record in done[:RECENT]:
        with st.container(border=True):
            try:
                rows = headline(str(ws.path), record.id, str(record.finished_at))
            except GapscopeError as error:
                errors.box(error)
                continue
            _comparison(ws, record, rows)


@st.cache_data(show_spinner=False, max_entries=200)
def headline(path: str, comparison_id: int, finished: str) -> list[dict[str, Any]]:
    """A finished comparison's versions and their numbers; it never changes, so it is read once."""
    ws = session.open_shared(session.place())
    comparison = ws.comparisons.get(comparison_id)
    rows = comparison.summary().to_pylist()
    names = {dataset.id: str(dataset.version) for dataset in comparison.versions}
    return [
        {
            **row,
            "version": row.get("version") or names.get(row["version_id"], "?"),
            "real_images": comparison.real.images,
        }
        for row in rows
    ]


def _comparison(ws: Workspace, record: ComparisonRecord, rows: list[dict[str, Any]]) -> None:
    head, act = st.columns([1.3, 1], vertical_alignment="center")
    real = f" · {style.number(rows[0]['real_images'])} real images" if rows else ""
    head.html(
        f"<div class='gs'><span class='gs-name'>{style.html(record.name)}</span><br><span class='gs-soft'>"
        f"{style.html(record.encoder)} · {style.html(style.ago(record.finished_at))}{real}</span></div>"
    )
    with act.container(horizontal=True, horizontal_alignment="right"):
        for name, label in (("gaps", "Gaps"), ("map", "Map")):
            if navigation.has(name) and st.button(label, key=f"{name}-{record.id}"):
                navigation.go(name, comparison=record.id)
        _remove(ws, record)
    parts = []
    for row in rows:
        note = f"{style.number(row.get('absent'))} images"
        if row.get("baseline_rate") is not None:
            note += f" · real vs real {style.percent(row['baseline_rate'])}"
        parts.append(
            style.figure(
                f"absent in {row['version']}",
                style.percent(row.get("absent_rate")),
                note,
                "gs-large gs-gap",
            )
        )
    style.figures(*parts)
    unsure = [str(row["version"]) for row in rows if row.get("absolute") is False]
    if unsure:
        st.caption(
            f":material/info: Only the ranking is to be trusted for {style.escape(', '.join(unsure))}: "
            "the look differs too much for a list."
        )


def _others(ws: Workspace, records: list[ComparisonRecord], shown: list[ComparisonRecord]) -> None:
    """Older comparisons and those that came to nothing: only to be removed, for they hold on to
    their datasets.
    """
    running = {job.id for job in ws.jobs.list() if job.active}
    rest = [record for record in records if record not in shown and record.job_id not in running]
    if not rest:
        return
    with st.expander(f"{len(rest)} more comparison{'s' * (len(rest) != 1)}", type="compact"):
        for record in rest:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
            ):
                state = (
                    style.ago(record.finished_at) if record.status == "done" else "did not finish"
                )
                st.html(
                    f"<div class='gs'>{style.html(record.name)} <span class='gs-soft'>{style.html(record.encoder)} · "
                    f"{style.html(state)}</span></div>"
                )
                _remove(ws, record)


def _remove(ws: Workspace, record: ComparisonRecord) -> None:
    """A way to forget a comparison, which asks once more."""
    if ws.read_only:
        return
    with st.popover(
        "",
        icon=":material/delete:",
        key=f"remove-{record.id}",
        type="tertiary",
        help="Remove this comparison",
    ):
        st.markdown(
            f"**Remove {style.escape(record.name)}?** Its map, gaps and metrics are forgotten. The datasets, and what was "
            "computed for each image, stay."
        )
        if st.button(
            "Remove this comparison",
            icon=":material/delete:",
            key=f"remove_sure-{record.id}",
            width="stretch",
        ):
            with errors.shown():
                ws.comparisons.remove(record.id)
                if st.session_state.get("comparison") == record.id:
                    del st.session_state["comparison"]
                st.rerun()


# --- what to do -----------------------------------------------------------------------------------


def _next(ws: Workspace, done: list[ComparisonRecord]) -> None:
    """The way from folders to gaps, ticked off as far as this workspace has come."""
    datasets = ws.datasets.list()
    real = [dataset for dataset in datasets if dataset.domain == "real"]
    versions = [dataset for dataset in datasets if dataset.domain == "synthetic"]
    ticks = (
        ("Add a folder of real images", _images(real), bool(real), "datasets"),
        (
            "Add a version of your renderer",
            f"{len(versions)} version{'s' * (len(versions) != 1)}",
            bool(versions),
            "datasets",
        ),
        ("Compare them", f"{len(done)} done", bool(done), "datasets"),
        ("Look at the gaps", "", bool(done) and navigation.visited("gaps"), "gaps"),
        (
            "Add the next version and see which gaps closed",
            "",
            any(len(record.version_ids) > 1 for record in done),
            "versions",
        ),
    )
    st.subheader("Your images" if not done else "Next", anchor=False)
    lines = []
    for number, (label, count, over, _) in enumerate(ticks, start=1):
        mark = (
            "<span class='gs-tick'>✓</span>" if over else f"<span class='gs-soft'>{number}</span>"
        )
        told = f" <span class='gs-soft'>{style.html(count)}</span>" if over and count else ""
        lines.append(
            f"{mark}<span class='{'gs-over' if over else ''}'>{style.html(label)}{told}</span>"
        )
    st.html(f"<div class='gs gs-todo'>{''.join(lines)}</div>")
    target = next((name for _, _, over, name in ticks if not over), "versions")
    if navigation.has(target):
        label = {
            "datasets": "Go to Datasets",
            "gaps": "Look at the gaps",
            "versions": "Compare versions",
        }[target]
        if st.button(
            label, icon=":material/arrow_forward:", icon_position="right", key="next_step"
        ):
            navigation.go(target, comparison=done[0].id if done else None)


def _images(real: list[Dataset]) -> str:
    count = sum(dataset.images for dataset in real)
    return f"{style.number(count)} images" if count else ""  # not scanned yet


# --- workspaces -----------------------------------------------------------------------------------


def _workspaces(ws: Workspace) -> None:
    with st.expander(
        "Open or make another workspace", icon=":material/folder_open:", type="compact"
    ):
        st.caption(
            "A workspace is one DuckDB file with everything in it. A path that is not there yet is made."
        )
        with st.form("open_workspace", border=False):
            typed = st.text_input("Path of the file", value=str(ws.path), key="workspace_path")
            read_only = st.checkbox(
                "For reading only",
                help="Look at a colleague's copy without changing it.",
                key="workspace_read_only",
            )
            if st.form_submit_button("Open"):
                with errors.shown():
                    where = session.checked(typed, read_only=read_only)
                    session.open_shared(where)
                    session.look_at(where)
                    st.rerun()


page()
