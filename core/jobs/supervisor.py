"""The supervisor moves jobs along: what is ready is prepared and started, what is over is ingested.

Its one method :meth:`Supervisor.step` is called in a loop: by the caller who waits (command line,
scripts), or by a thread of the app's server process. It holds no state that is not in the database
or in the job folders, apart from what the engine runs at the moment.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from core.errors import GapscopeError
from core.jobs.engines import Engine
from core.jobs.folder import JobFolder
from core.store import jobs as job_store
from core.store.database import Database
from core.store.jobs import JobRecord

logger = logging.getLogger("gapscope.jobs")


class Kind(Protocol):
    """How the workspace serves one kind of job."""

    def prepare(self, job: JobRecord, folder: Path) -> dict[str, Any] | None:
        """Write the job folder. A dictionary instead of None: there is nothing to do, and this is
        the result.
        """

    def ingest(self, job: JobRecord, folder: Path) -> dict[str, Any]:
        """Store the outputs; what came of it, for the jobs page."""

    def salvage(self, job: JobRecord, folder: Path) -> None:
        """Store what a job finished before it was stopped, so that nothing is done twice."""

    def failed(self, job: JobRecord) -> None:
        """The job will not give a result."""


class Supervisor:
    """Moves the jobs of one workspace along, on one engine."""

    def __init__(self, db: Database, folder: Path, engine: Engine, kinds: dict[str, Kind]) -> None:
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
            active = job_store.active(self.db)
            for job in active:
                if job.status == "running":
                    self._look_after(job)
            for job in active:
                if job.status == "waiting":
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
        """Stop the thread and the engine. What runs becomes interrupted; its finished parts stay."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=15)
        with self._lock:
            self.engine.close()
            for job_id in list(self._running):
                job_store.set_status(
                    self.db,
                    job_id,
                    "interrupted",
                    what="Gapscope was closed while the job ran",
                    remedy="Resume it: finished parts are kept.",
                )
            self._running.clear()

    # --- one job ----------------------------------------------------------------------------------

    def path(self, job: JobRecord) -> Path:
        """The job's folder on disk."""
        return self.folder / job.folder

    def cancel(self, job_id: str) -> None:
        """Stop a job, and with it the jobs that wait for it."""
        with self._lock:
            job = job_store.job(self.db, job_id)
            if job is None or not job.active:
                return
            if job.id in self._running:
                self.engine.cancel(job.id, self.path(job))
            else:
                self._end(
                    job,
                    "cancelled",
                    what="The job was cancelled before it began",
                    remedy="Resume it to run it.",
                )
        self.wake()

    def resume(self, job_id: str) -> None:
        """Let a stopped job, and the jobs before it that stopped, wait for their turn again."""
        with self._lock:
            job = job_store.job(self.db, job_id)
            if job is None or not job.resumable:
                return
            for before in job.after:
                self.resume(before)
            JobFolder(self.path(job)).clear_cancel()
            job_store.set_status(self.db, job.id, "waiting")
        self.wake()

    def recover(self) -> None:
        """After opening a database: jobs that ran in a process which is gone are interrupted; their
        shards are kept.
        """
        with self._lock:
            for job in job_store.active(self.db):
                if job.id in self._running:
                    continue
                if job.status == "running":
                    self._salvage(job)
                job_store.set_status(
                    self.db,
                    job.id,
                    "interrupted",
                    what="Gapscope ended before the job did",
                    remedy="Resume it: finished parts are kept.",
                )

    def _start_if_ready(self, job: JobRecord) -> None:
        states = {
            before: (found.status if (found := job_store.job(self.db, before)) else "failed")
            for before in job.after
        }
        stopped = [
            before
            for before, status in states.items()
            if status in ("failed", "cancelled", "interrupted")
        ]
        if stopped:
            cause = job_store.job(self.db, stopped[0])
            status = "cancelled" if cause and cause.status == "cancelled" else "failed"
            self._end(
                job,
                status,
                what=f"A job before it did not finish: {cause.what if cause else stopped[0]}",
                remedy=cause.remedy if cause and cause.remedy else "See that job.",
            )
            return
        if (
            any(status != "done" for status in states.values())
            or len(self._running) >= self.engine.capacity
        ):
            return
        folder = self.path(job)
        served, result = self._serve(job, self.kinds[job.kind].prepare)
        if not served:
            return
        if result is not None:
            job_store.set_status(self.db, job.id, "done", result=result)
            return
        self._running.add(job.id)
        job_store.set_status(self.db, job.id, "running")
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
        if outcome == "done":
            served, result = self._serve(job, self.kinds[job.kind].ingest)
            if not served:
                return
            job_store.set_status(self.db, job.id, "done", result=result)
            shutil.rmtree(
                folder / "inputs", ignore_errors=True
            )  # large, and in the database already
            return
        self._salvage(job)
        failure = JobFolder(folder).failure() if outcome == "failed" else None
        self._end(
            job,
            outcome,
            what=failure["what"] if failure else "The job was cancelled",
            remedy=failure["remedy"] if failure else "Resume it: finished parts are kept.",
        )

    def _serve(
        self, job: JobRecord, step: Callable[[JobRecord, Path], dict[str, Any] | None]
    ) -> tuple[bool, dict[str, Any] | None]:
        """Prepare or ingest a job: whether that could be done, and its answer. What goes wrong ends
        the job in words; a fault of ours goes on to the log.
        """
        try:
            return True, step(job, self.path(job))
        except GapscopeError as error:
            self._end(job, "failed", what=error.what, remedy=error.remedy)
            return False, None
        except Exception as error:
            self._end(
                job,
                "failed",
                what=f"{type(error).__name__}: {error}",
                remedy="This is a fault in Gapscope.",
            )
            raise

    def _salvage(self, job: JobRecord) -> None:
        try:
            self.kinds[job.kind].salvage(job, self.path(job))
        except GapscopeError as error:
            logger.warning("finished parts of %s could not be kept: %s", job.id, error)

    def _end(self, job: JobRecord, status: str, *, what: str, remedy: str) -> None:
        job_store.set_status(self.db, job.id, status, what=what, remedy=remedy)
        self.kinds[job.kind].failed(job)
