"""Jobs: what waits, runs, is done; submitting, waiting, cancelling, resuming."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from pathlib import Path

from core.contracts import requests, specs
from core.contracts.catalog import JobRecord, Progress
from core.contracts.words import JobKind, JobStatus
from core.errors import InputError, JobCancelled, JobFailed
from core.jobs.engines import Engine, InlineEngine
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS
from core.jobs.supervisor import CAUSE, Supervisor
from core.store import job_table
from core.workspace.context import Context
from core.workspace.progress import ProgressBar

Request = (
    requests.SampleRequest
    | requests.ScanRequest
    | requests.EmbedRequest
    | requests.CompareRequest
    | requests.SpectrumRequest
    | requests.EncoderTrialRequest
    | requests.QueryRequest
    | requests.ClassesRequest
    | requests.StudyRequest
)
KIND_OF: dict[type, JobKind] = {
    requests.SampleRequest: JobKind.SAMPLE,
    requests.ScanRequest: JobKind.SCAN,
    requests.EmbedRequest: JobKind.EMBED,
    requests.CompareRequest: JobKind.COMPARE,
    requests.SpectrumRequest: JobKind.SPECTRUM,
    requests.EncoderTrialRequest: JobKind.ENCODERS,
    requests.QueryRequest: JobKind.QUERY,
    requests.ClassesRequest: JobKind.CLASSES,
    requests.StudyRequest: JobKind.FINETUNE,
}


class Jobs:
    """The jobs of one workspace. Without an ``engine`` they run in this process while somebody
    waits; with one they run beside it, and a thread moves them along.
    """

    def __init__(self, context: Context, folder: Path, engine: Engine | None, bar: ProgressBar):
        self._context = context
        self.folder = folder
        self._bar = bar
        self._threaded = engine is not None
        self._supervisor = Supervisor(context.db, folder, engine or InlineEngine(bar), KINDS)
        if not context.read_only:
            self._supervisor.recover()
            if self._threaded:
                self._supervisor.run_thread()

    def close(self) -> None:
        """Stop what runs; its finished parts stay."""
        if not self._context.read_only:
            self._supervisor.close()

    def list(self, limit: int = 500) -> list[JobRecord]:
        """Jobs, the newest first."""
        return job_table.jobs(self._context.db, limit)

    def get(self, job_id: str) -> JobRecord:
        """One job by id."""
        job = job_table.job(self._context.db, job_id)
        if job is None:
            raise InputError(f"There is no job {job_id}", "Look at the Jobs page.")
        return job

    def path(self, job_id: str) -> Path:
        """A job's folder on disk."""
        return self._supervisor.path(self.get(job_id))

    def progress(self, job_id: str) -> Progress | None:
        """The newest report of a job."""
        return JobFolder(self.path(job_id)).progress()

    def log(self, job_id: str) -> str:
        """What a job wrote into its log."""
        return JobFolder(self.path(job_id)).read_log()

    def device(self) -> str | None:
        """Where the newest job that needed a device computed (``cpu``, ``cuda:0``, …), if any."""
        results = (job.result.get("device") for job in self.list(100))
        return next((str(device) for device in results if device), None)

    def submit(self, request: Request, title: str, after: Sequence[str] = ()) -> str:
        """Let a job wait for its turn, behind the jobs ``after``; its id. Never waits."""
        self._context.check_writable()
        kind = KIND_OF[type(request)]
        job_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{kind}-{secrets.token_hex(3)}"
        job_table.add(self._context.db, job_id, kind, title, specs.to_json(request), after)
        self._supervisor.wake()
        return job_id

    def cancel(self, job_id: str) -> None:
        """Stop a job. What it finished is kept."""
        self._context.check_writable()
        self._supervisor.cancel(job_id)

    def resume(self, job_id: str) -> None:
        """Start a stopped job again where it stopped, with the jobs it needs."""
        self._context.check_writable()
        self._supervisor.resume(job_id)

    def wait(self, job_id: str) -> JobRecord:
        """Wait for a job; its record. Raises :class:`JobFailed` or :class:`JobCancelled` with the
        job's own words.
        """
        self._context.check_writable()
        while (job := self.get(job_id)).active:
            if self._threaded:
                time.sleep(0.1)
            else:
                self._supervisor.step()
        self._bar.close()
        if job.status == JobStatus.DONE:
            return job
        what, remedy = job.what or f"The job {job.title!r} is {job.status}", job.remedy or ""
        if job.status == JobStatus.CANCELLED:
            raise JobCancelled(what, remedy)
        raise JobFailed(what, remedy, job.result.get(CAUSE, ""))
