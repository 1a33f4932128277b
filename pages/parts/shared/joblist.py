"""Work on screen: how far it is, what stopped it, and the buttons that cancel and resume it.

While something runs, a fragment asks the workspace every second or so; when nothing does, nothing
is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import Workspace
from core.contracts.catalog import JobRecord, Progress
from core.contracts.words import JobKind, JobStatus
from core.errors import GapscopeError
from pages.parts.shared import errors, navigation, style
from pages.parts.shared.works import Work, all_works

EVERY = 1.0  # seconds between two looks at running jobs
_STARTED = "started_job"  # session state
_STATUS_WORDS = {
    JobStatus.WAITING: "waits",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
    JobStatus.INTERRUPTED: "interrupted",
}


def started(job_id: str) -> None:
    """Remember what this browser session started last, so that the page can show it right there."""
    st.session_state[_STARTED] = job_id


def last_started() -> str | None:
    """The job that this browser session started last, or None."""
    return st.session_state.get(_STARTED)


def live(ws: Workspace, draw: Callable[[], None], *, active: bool, key: str) -> None:
    """Draw now, and again every second while jobs are active; when the last one ends, run the whole
    page again.
    """

    def body() -> None:
        draw()
        if active and not any(work.active for work in all_works(ws)):
            st.rerun()

    st.fragment(body, run_every=EVERY if active else None, key=key)()


def panel(ws: Workspace, work: Work, *, key: str) -> None:
    """A piece of work in a box of its own: its name, steps, what stopped it, and the buttons."""
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.html(f"<div class='gs gs-name'>{style.html(work.head.title)}</div>")
        with right.container(horizontal_alignment="right"):
            buttons(ws, work, key=key)
        steps(ws, work)
        stopped(work)
        results(work)


def steps(ws: Workspace, work: Work) -> None:
    """The steps of a piece of work, with progress, rate and time left of the one that runs."""
    lines = [
        _step(job, ws.jobs.progress(job.id) if job.status == JobStatus.RUNNING else None)
        for job in work.steps
    ]
    st.html(f"<div class='gs gs-steps'>{''.join(lines)}</div>")


def progress_text(progress: Progress | None) -> str:
    """``embed · 1,240 of 3,000 · 210 /s · 8 s left``, as far as each is known."""
    if progress is None:
        return "starts"
    parts = [progress.stage]
    if progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if progress.rate > 0 and progress.done and progress.total != 1:
        parts.append(
            f"{progress.rate:,.0f} /s" if progress.rate >= 10 else f"{progress.rate:.1f} /s"
        )
    if progress.left:
        parts.append(f"{style.duration(progress.left)} left")
    if progress.note:
        parts.append(progress.note)
    return " · ".join(parts)


def stopped(work: Work) -> None:
    """Why a piece of work stopped and what to do about it."""
    cause = work.cause
    if cause is None or work.active:
        return
    if cause.status == JobStatus.FAILED:
        st.error(errors.sentence(cause.what, cause.remedy), icon=":material/error:")
    else:
        st.warning(errors.sentence(cause.what, cause.remedy), icon=":material/pause_circle:")


def buttons(ws: Workspace, work: Work, *, key: str) -> None:
    """Cancel what is active, resume what stopped."""
    if ws.read_only:
        return
    if work.active:
        if st.button("Cancel", icon=":material/close:", key=f"{key}-cancel-{work.head.id}"):
            _then_rerun(lambda: _cancel(ws, work))
    elif work.head.resumable and st.button(
        "Resume", icon=":material/play_arrow:", key=f"{key}-resume-{work.head.id}"
    ):
        _then_rerun(lambda: ws.jobs.resume(work.head.id))


def results(work: Work) -> None:
    """Where to look at what came of it."""
    if work.status != JobStatus.DONE:
        return
    match work.head.kind:
        case JobKind.COMPARE:
            _comparison(work.head)
        case JobKind.SCAN:
            _scan(work.head)
        case JobKind.SPECTRUM:
            navigation.link("spectrum", "See the spectrum")
        case JobKind.ENCODERS:
            navigation.link("datasets", "See which encoder sees gaps best")
        case JobKind.CLASSES:
            navigation.link("map", "See the classes on the map")
        case JobKind.FINETUNE:
            navigation.link("finetune", "See the study")


def sidebar(ws: Workspace) -> None:
    """One line and a bar in the sidebar while something runs; nothing otherwise."""
    if not any(work.active for work in all_works(ws)):
        return

    def draw() -> None:
        active = [work for work in all_works(ws) if work.active]
        if active:
            _bar(ws, active)

    live(ws, draw, active=True, key="sidebar_jobs")


# --- inside ---------------------------------------------------------------------------------------


def _step(job: JobRecord, progress: Progress | None) -> str:
    words, bar, look = _STATUS_WORDS.get(job.status, str(job.status)), "", job.status
    if job.resumable and job.started_at is None:
        words, look = "not begun", JobStatus.WAITING
    elif job.status == JobStatus.RUNNING:
        words, bar = progress_text(progress), _step_bar(progress)
    elif job.status == JobStatus.DONE:
        words = _took(job)
    return (
        f"<div class='gs-step gs-{style.html(look)}'><span class='gs-dot'></span>"
        f"<span class='gs-title'>{style.html(job.title)}</span>"
        f"<span class='gs-soft'>{style.html(words)}</span>{bar}</div>"
    )


def _step_bar(progress: Progress | None) -> str:
    if progress is None or not progress.total:
        return "<span class='gs-bar gs-unknown'><i></i></span>"
    return f"<span class='gs-bar'><i style='width:{100 * _share(progress):.1f}%'></i></span>"


def _share(progress: Progress) -> float:
    return min(progress.done / progress.total, 1.0)


def _took(job: JobRecord) -> str:
    if job.started_at is None or job.finished_at is None:
        return "nothing to do"
    return style.duration((job.finished_at - job.started_at).total_seconds())


def _bar(ws: Workspace, active: list[Work]) -> None:
    work = active[-1]  # the oldest: jobs run in the order they came
    current = work.current
    running = current is not None and current.status == JobStatus.RUNNING
    progress = ws.jobs.progress(current.id) if current is not None and running else None
    done = sum(step.status == JobStatus.DONE for step in work.steps)
    more = f" · {len(active) - 1} more waiting" if len(active) > 1 else ""
    title = current.title if current is not None else work.head.title
    st.progress(
        _share(progress) if progress is not None and progress.total else 0.0,
        text=f"{style.escape(title)}  \nstep {done + 1} of {len(work.steps)}{more}",
    )


def _comparison(job: JobRecord) -> None:
    comparison_id = job.result["comparison_id"]
    if job.result.get("reused"):
        st.caption("The same comparison was made before: nothing was computed again.")
    with st.container(horizontal=True):
        if navigation.has("gaps") and st.button(
            "See the gaps", type="primary", icon=":material/troubleshoot:", key=f"gaps-{job.id}"
        ):
            navigation.go("gaps", comparison=comparison_id)
        if navigation.has("map") and st.button(
            "See the map", icon=":material/scatter_plot:", key=f"map-{job.id}"
        ):
            navigation.go("map", comparison=comparison_id)


def _scan(job: JobRecord) -> None:
    counts = [f"{style.number(job.result.get('images'))} images"]
    for name in ("unreadable", "duplicates"):
        if job.result.get(name):
            counts.append(f"{style.number(job.result[name])} {name}")
    st.caption(" · ".join(counts))


def _cancel(ws: Workspace, work: Work) -> None:
    for step in work.steps:
        if step.active:
            ws.jobs.cancel(step.id)


def _then_rerun(verb: Callable[[], object]) -> None:
    try:
        verb()
    except GapscopeError as error:
        errors.box(error)
    else:
        st.rerun()
