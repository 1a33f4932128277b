"""Jobs on screen. Jobs that were started together (scan, embed, compare) are shown as one piece of
work with steps.

While something runs, a fragment asks the workspace every second or so; when nothing does, nothing
is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core import Workspace
from core.contracts.catalog import JobRecord, Progress
from core.errors import GapscopeError
from pages.parts.shared import errors, navigation, style

EVERY = 1.0  # seconds between two looks at running jobs
BEFORE = "A job before it"  # how the supervisor begins the reason of a job whose forerunner stopped


@dataclass(frozen=True)
class Work:
    """What one click started: the job that was asked for and, before it, the jobs it needs, in
    their order.
    """

    head: JobRecord
    steps: tuple[JobRecord, ...]

    @property
    def active(self) -> bool:
        """Whether any step waits or runs."""
        return any(step.active for step in self.steps)

    @property
    def status(self) -> str:
        """``running`` or ``waiting`` while it is active, else the status of the job that was asked
        for.
        """
        if any(step.status == "running" for step in self.steps):
            return "running"
        return "waiting" if self.active else self.head.status

    @property
    def current(self) -> JobRecord | None:
        """The step that runs, or else the first that waits."""
        running = [step for step in self.steps if step.status == "running"]
        return next(iter(running or [step for step in self.steps if step.active]), None)

    @property
    def cause(self) -> JobRecord | None:
        """The step that stopped the work, or None."""
        stopped = [step for step in self.steps if step.resumable]
        own = [step for step in stopped if not (step.what or "").startswith(BEFORE)]
        return next(iter(own or stopped), None)


def group(jobs: list[JobRecord]) -> list[Work]:
    """Jobs (in any order) as pieces of work, the newest first."""
    by_id = {job.id: job for job in jobs}
    needed = {before for job in jobs for before in job.after}
    works = [Work(job, tuple(_before(job, by_id))) for job in jobs if job.id not in needed]
    return sorted(works, key=lambda work: (work.head.created_at, work.head.id), reverse=True)


def _before(head: JobRecord, by_id: dict[str, JobRecord]) -> list[JobRecord]:
    found: dict[str, JobRecord] = {}

    def visit(job: JobRecord) -> None:
        for before in job.after:
            if before in by_id and before not in found:
                visit(by_id[before])
        found[job.id] = job

    visit(head)
    return list(found.values())


def works(ws: Workspace, limit: int = 300) -> list[Work]:
    """The workspace's newest jobs as pieces of work."""
    return group(ws.jobs.list(limit))


def find(ws: Workspace, job_id: str | None) -> Work | None:
    """The piece of work that a job belongs to, or None."""
    return next((work for work in works(ws) if any(step.id == job_id for step in work.steps)), None)


def started(job_id: str) -> None:
    """Remember what this browser session started last, so that the page can show it right there."""
    st.session_state["started_job"] = job_id


# --- drawing --------------------------------------------------------------------------------------


def live(ws: Workspace, draw: Callable[[], None], *, active: bool, key: str) -> None:
    """Draw now, and again every second while jobs are active; when the last one ends, run the whole
    page again.
    """

    def body() -> None:
        draw()
        if active and not any(work.active for work in works(ws)):
            st.rerun()

    st.fragment(body, run_every=EVERY if active else None, key=key)()


def steps(ws: Workspace, work: Work) -> None:
    """The steps of a piece of work, with progress, rate and time left of the one that runs."""
    lines = [
        _step(job, ws.jobs.progress(job.id) if job.status == "running" else None)
        for job in work.steps
    ]
    st.html(f"<div class='gs gs-steps'>{''.join(lines)}</div>")


def _step(job: JobRecord, progress: Progress | None) -> str:
    told, bar, look = _STATUS_WORDS.get(job.status, job.status), "", job.status
    if job.resumable and job.started_at is None:
        told, look = "not begun", "waiting"
    elif job.status == "running":
        share = progress.done / progress.total if progress and progress.total else None
        told = progress_text(progress)
        bar = (
            "<span class='gs-bar gs-unknown'><i></i></span>"
            if share is None
            else f"<span class='gs-bar'><i style='width:{min(share, 1) * 100:.1f}%'></i></span>"
        )
    elif job.status == "done":
        told = _took(job)
    return (
        f"<div class='gs-step gs-{style.html(look)}'><span class='gs-dot'></span>"
        f"<span class='gs-title'>{style.html(job.title)}</span><span class='gs-soft'>{style.html(told)}</span>{bar}</div>"
    )


_STATUS_WORDS = {
    "waiting": "waits",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


def _took(job: JobRecord) -> str:
    if job.started_at is None or job.finished_at is None:
        return "nothing to do"
    return style.duration((job.finished_at - job.started_at).total_seconds())


def progress_text(progress: Progress | None) -> str:
    """``embed · 1,240 of 3,000 · 210 /s · 8 s left``, as far as each is known."""
    if progress is None:
        return "starts"
    parts = [progress.stage]
    if progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if progress.rate > 0 and progress.done and (progress.total or 0) != 1:
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
    show = st.error if cause.status == "failed" else st.warning
    icon = ":material/error:" if cause.status == "failed" else ":material/pause_circle:"
    show(errors.sentence(cause.what, cause.remedy), icon=icon)


def buttons(ws: Workspace, work: Work, *, key: str) -> None:
    """Cancel what is active, resume what stopped."""
    if ws.read_only:
        return
    if work.active:
        if st.button("Cancel", icon=":material/close:", key=f"{key}-cancel-{work.head.id}"):
            _act(lambda: _cancel(ws, work))
    elif work.head.resumable and st.button(
        "Resume", icon=":material/play_arrow:", key=f"{key}-resume-{work.head.id}"
    ):
        _act(lambda: ws.jobs.resume(work.head.id))


def _cancel(ws: Workspace, work: Work) -> None:
    for step in work.steps:
        if step.active:
            ws.jobs.cancel(step.id)


def _act(verb: Callable[[], object]) -> None:
    try:
        verb()
    except GapscopeError as error:
        errors.box(error)
    else:
        st.rerun()


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


def results(work: Work) -> None:
    """Where to look at what came of it."""
    if work.status != "done":
        return
    result = work.head.result
    if "comparison_id" in result:
        if result.get("reused"):
            st.caption("The same comparison was made before: nothing was computed again.")
        with st.container(horizontal=True):
            if navigation.has("gaps") and st.button(
                "See the gaps",
                type="primary",
                icon=":material/troubleshoot:",
                key=f"gaps-{work.head.id}",
            ):
                navigation.go("gaps", comparison=result["comparison_id"])
            if navigation.has("map") and st.button(
                "See the map", icon=":material/scatter_plot:", key=f"map-{work.head.id}"
            ):
                navigation.go("map", comparison=result["comparison_id"])
    elif work.head.kind == "scan":
        told = [f"{style.number(result.get('images'))} images"]
        for name, one in (("unreadable", "unreadable"), ("duplicates", "duplicates")):
            if result.get(name):
                told.append(f"{style.number(result[name])} {one}")
        st.caption(" · ".join(told))
    elif work.head.kind == "spectrum":
        navigation.link("spectrum", "See the spectrum")
    elif work.head.kind == "finetune":
        navigation.link("finetune", "See the study")


def sidebar(ws: Workspace) -> None:
    """One line and a bar in the sidebar while something runs; nothing otherwise."""
    active = [work for work in works(ws) if work.active]
    if not active:
        return

    def draw() -> None:
        now = [work for work in works(ws) if work.active]
        if not now:
            return
        work = now[-1]  # the oldest: jobs run in the order they came
        current = work.current
        progress = (
            ws.jobs.progress(current.id)
            if current is not None and current.status == "running"
            else None
        )
        done = sum(step.status == "done" for step in work.steps)
        share = progress.done / progress.total if progress and progress.total else 0.0
        more = f" · {len(now) - 1} more waiting" if len(now) > 1 else ""
        title = current.title if current is not None else work.head.title
        st.progress(
            min(share, 1.0),
            text=f"{style.escape(title)}  \nstep {done + 1} of {len(work.steps)}{more}",
        )

    live(ws, draw, active=True, key="sidebar_jobs")
