"""The supervisor moves jobs along: what is ready is prepared and started, what is over is ingested.

Its one method :meth:`Supervisor.step` is called in a loop: by the caller who waits (command line,
scripts), or by a thread of the app's server process. It holds no state that is not in the database
or in the job folders, apart from what the engine runs at the moment.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from core.contracts.catalog import JobRecord
from core.contracts.requests import Result
from core.contracts.words import JobKind, JobStatus, Outcome
from core.errors import GapscopeError, InputError
from core.jobs.engines import Engine
from core.jobs.folder import JobFolder
from core.jobs.kind import Kind
from core.store import job_table
from core.store.database import Database

CAUSE = "cause"  # in a failed job's result: the class of the error that ended it
logger = logging.getLogger("gapscope.jobs")


class Supervisor:
    """Moves the jobs of one workspace along, on one engine."""

    def __init__(
        self, db: Database, folder: Path, engine: Engine, kinds: Mapping[JobKind, Kind]
    ) -> None:
        self.db = db
        self.folder = folder
        self.engine = engine
        self.kinds = kinds
        self._running: set[str] = set()
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    # --- in a loop --------------------------------------------------------------------------------

    def step(self) -> bool:
        """Move everything one step; whether anything waits or runs still."""
        with self._lock:
            active = job_table.active(self.db)
            for job in active:
                if job.status == JobStatus.RUNNING:
                    self._look_after(job)
            for job in active:
                if job.status == JobStatus.WAITING:
                    self._start_if_ready(job)
            return bool(active)

    def run_thread(self, interval: float = 0.2) -> None:
        """Call :meth:`step` in a thread until :meth:`close`; idle costs nothing."""

        def loop() -> None:
            while not self._stop.is_set():
                try:
                    busy = self.step()
                except Exception:
                    logger.exception("a step of the job supervisor failed")
                    busy = True
                self._wake.wait(interval if busy else 30.0)
                self._wake.clear()

        self._thread = threading.Thread(target=loop, name="gapscope-supervisor", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was submitted: look now."""
        self._wake.set()

    def close(self) -> None:
        """Stop the thread and the engine. What runs is interrupted; its finished parts stay."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=15)
        with self._lock:
            self.engine.close()
            for job_id in list(self._running):
                job_table.set_status(
                    self.db,
                    job_id,
                    JobStatus.INTERRUPTED,
                    what="Gapscope was closed while the job ran",
                    remedy="Resume it: finished parts are kept.",
                )
            self._running.clear()

    # --- one job ----------------------------------------------------------------------------------

    def path(self, job: JobRecord) -> Path:
        """The job's folder on disk: a plain name inside the jobs folder, whatever the database
        says.

        Raises :class:`InputError` for a crafted record: resuming removes folders.
        """
        path = self.folder / job.folder
        plain = Path(job.folder).name == job.folder and job.folder not in ("", ".", "..")
        if not plain or path.resolve().parent != self.folder.resolve():
            raise InputError(
                f"The folder of the job {job.title!r} is not inside the workspace's jobs folder",
                "This workspace was not written by Gapscope alone: start the job again.",
            )
        return path

    def cancel(self, job_id: str) -> None:
        """Stop a job, and with it the jobs that wait for it."""
        with self._lock:
            job = job_table.job(self.db, job_id)
            if job is None or not job.active:
                return
            if job.id in self._running:
                self.engine.cancel(job.id, self.path(job))
            else:
                self._end(
                    job,
                    JobStatus.CANCELLED,
                    what="The job was cancelled before it began",
                    remedy="Resume it to run it.",
                )
        self.wake()

    def resume(self, job_id: str) -> None:
        """Let a stopped job, and the jobs before it that stopped, wait for their turn again."""
        with self._lock:
            job = job_table.job(self.db, job_id)
            if job is None or not job.resumable:
                return
            folder = JobFolder(self.path(job))
            for before in job.after:
                self.resume(before)
            folder.clear_cancel()
            job_table.set_status(self.db, job.id, JobStatus.WAITING)
        self.wake()

    def recover(self) -> None:
        """After opening a database: jobs that ran in a process which is gone are interrupted; their
        shards are kept.
        """
        with self._lock:
            for job in job_table.active(self.db):
                if job.id in self._running:
                    continue
                if job.status == JobStatus.RUNNING:
                    self._salvage(job)
                job_table.set_status(
                    self.db,
                    job.id,
                    JobStatus.INTERRUPTED,
                    what="Gapscope ended before the job did",
                    remedy="Resume it: finished parts are kept.",
                )

    def _start_if_ready(self, job: JobRecord) -> None:
        before = [job_table.job(self.db, job_id) for job_id in job.after]
        if stopped := [one for one in before if one is None or one.resumable]:
            self._end_after(job, stopped[0])
            return
        waiting = any(one is not None and one.active for one in before)
        if waiting or len(self._running) >= self.engine.capacity:
            return
        served, result = self._serve(job, self.kinds[job.kind].prepare)
        if not served:
            return
        if result is not None:
            self._done(job, result)
            return
        folder = self.path(job)
        self._running.add(job.id)
        job_table.set_status(self.db, job.id, JobStatus.RUNNING)
        self.engine.start(job.id, folder)
        if self.engine.outcome(job.id, folder) is not None:
            self._look_after(job)

    def _look_after(self, job: JobRecord) -> None:
        if job.id not in self._running:
            return  # another process's leftovers: recover() sees to them
        folder = self.path(job)
        outcome = self.engine.outcome(job.id, folder)
        if outcome is None:
            return
        self._running.discard(job.id)
        if outcome == Outcome.DONE:
            served, result = self._serve(job, self.kinds[job.kind].ingest)
            if served and result is not None:
                self._done(job, result)
                # large, and in the database already
                shutil.rmtree(folder / "inputs", ignore_errors=True)
            return
        self._salvage(job)
        if outcome == Outcome.CANCELLED:
            what, remedy = "The job was cancelled", "Resume it: finished parts are kept."
            self._end(job, JobStatus.CANCELLED, what=what, remedy=remedy)
            return
        failure = JobFolder(folder).failure() or {
            "type": "",
            "what": "The job's process ended without saying why",
            "remedy": "Resume it: finished parts are kept. The server's log may say more.",
        }
        self._end(
            job,
            JobStatus.FAILED,
            what=failure["what"],
            remedy=failure["remedy"],
            cause=failure["type"],
        )

    def _serve(
        self, job: JobRecord, step: Callable[[Database, JobRecord, Path], Result | None]
    ) -> tuple[bool, Result | None]:
        """Prepare or ingest a job: whether that could be done, and its answer. What goes wrong ends
        the job in words; a fault of ours goes on to the log.
        """
        try:
            return True, step(self.db, job, self.path(job))
        except GapscopeError as error:
            cause = type(error).__name__
            self._end(job, JobStatus.FAILED, what=error.what, remedy=error.remedy, cause=cause)
            return False, None
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            self._end(job, JobStatus.FAILED, what=what, remedy="This is a fault in Gapscope.")
            raise

    def _salvage(self, job: JobRecord) -> None:
        try:
            self.kinds[job.kind].salvage(self.db, job, self.path(job))
        except (GapscopeError, OSError, ValueError, KeyError) as error:
            logger.warning("finished parts of %s could not be kept: %s", job.id, error)

    def _done(self, job: JobRecord, result: Result) -> None:
        job_table.set_status(self.db, job.id, JobStatus.DONE, result=asdict(result))

    def _end(
        self, job: JobRecord, status: JobStatus, *, what: str, remedy: str, cause: str = ""
    ) -> None:
        result = {CAUSE: cause} if cause else None
        job_table.set_status(self.db, job.id, status, what=what, remedy=remedy, result=result)
        self.kinds[job.kind].failed(self.db, job)

    def _end_after(self, job: JobRecord, cause: JobRecord | None) -> None:
        """End a job because one before it did not finish."""
        cancelled = cause is not None and cause.status == JobStatus.CANCELLED
        self._end(
            job,
            JobStatus.CANCELLED if cancelled else JobStatus.FAILED,
            what=f"A job before it did not finish: {cause.what if cause else 'it was removed'}",
            remedy=cause.remedy if cause and cause.remedy else "See that job.",
            cause=cause.result.get(CAUSE, "") if cause else "",
        )
