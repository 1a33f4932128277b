"""Jobs as people think of them: what one click started (scan, embed, compare) is one piece of work
with steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from core import Workspace
from core.contracts.catalog import JobRecord
from core.contracts.words import JobKind, JobStatus

NEWEST = 300  # jobs that are looked at


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
    def status(self) -> JobStatus:
        """``running`` or ``waiting`` while it is active, else the status of the job that was asked
        for.
        """
        if any(step.status == JobStatus.RUNNING for step in self.steps):
            return JobStatus.RUNNING
        return JobStatus.WAITING if self.active else self.head.status

    @property
    def current(self) -> JobRecord | None:
        """The step that runs, or else the first that waits."""
        running = [step for step in self.steps if step.status == JobStatus.RUNNING]
        return next(iter(running or [step for step in self.steps if step.active]), None)

    @property
    def cause(self) -> JobRecord | None:
        """The step that stopped the work, or None: the first that stopped, since those behind it
        stopped because of it.
        """
        return next((step for step in self.steps if step.resumable), None)

    @property
    def seconds(self) -> float:
        """How long its steps took together."""
        return sum(
            (step.finished_at - step.started_at).total_seconds()
            for step in self.steps
            if step.started_at and step.finished_at
        )


def group(jobs: list[JobRecord]) -> list[Work]:
    """Jobs (in any order) as pieces of work, the newest first."""
    by_id = {job.id: job for job in jobs}
    needed = {before for job in jobs for before in job.after}
    works = [Work(job, tuple(_chain(job, by_id))) for job in jobs if job.id not in needed]
    return sorted(works, key=lambda work: (work.head.created_at, work.head.id), reverse=True)


def all_works(ws: Workspace, limit: int = NEWEST) -> list[Work]:
    """The workspace's newest jobs as pieces of work, the newest first."""
    return group(ws.jobs.list(limit))


def active(ws: Workspace, kind: JobKind) -> list[Work]:
    """What waits or runs and was asked for as a job of this kind."""
    return [work for work in all_works(ws) if work.active and work.head.kind == kind]


def find(ws: Workspace, job_id: str | None) -> Work | None:
    """The piece of work that a job belongs to, or None."""
    for work in all_works(ws):
        if any(step.id == job_id for step in work.steps):
            return work
    return None


def _chain(head: JobRecord, by_id: dict[str, JobRecord]) -> list[JobRecord]:
    """A job behind all that it needs, each once, in the order they run."""
    steps: dict[str, JobRecord] = {}

    def visit(job: JobRecord) -> None:
        for before in job.after:
            if before in by_id and before not in steps:
                visit(by_id[before])
        steps[job.id] = job

    visit(head)
    return list(steps.values())
