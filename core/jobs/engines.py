"""Engines run job folders: in the caller's process (command line, scripts), or in a warm worker
(the app).

An engine knows nothing of DuckDB. It starts a folder, says how it stands, and can stop it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool

from core.contracts.catalog import Progress
from core.jobs.folder import JobFolder
from core.jobs.worker import follow_parent, read_outcome, run_job

GRACE = 8.0  # seconds a task has to notice that it was cancelled before its process is ended


class Engine(Protocol):
    """What the supervisor needs of an engine."""

    capacity: int

    def start(self, job_id: str, folder: Path) -> None:
        """Begin to run a folder (or run it whole, for an engine without a process of its own)."""

    def outcome(self, job_id: str, folder: Path) -> str | None:
        """``done``, ``failed``, ``cancelled``; None while it runs."""

    def cancel(self, job_id: str, folder: Path) -> None:
        """Ask the job to stop; its outcome follows."""

    def close(self) -> None:
        """Stop everything. Running jobs end as if killed; their finished shards stay."""


class InlineEngine:
    """Runs a job in the caller's process and returns when it is over."""

    capacity = 1

    def __init__(self, listener: Callable[[Progress], None] | None = None) -> None:
        self.listener = listener

    def start(self, job_id: str, folder: Path) -> None:
        """Run the folder to its end."""
        run_job(str(folder), self.listener)

    def outcome(self, job_id: str, folder: Path) -> str | None:
        """The outcome, which is there when :meth:`start` returned."""
        return read_outcome(folder)

    def cancel(self, job_id: str, folder: Path) -> None:
        """Leave a note that the running task sees at its next report."""
        JobFolder(folder).cancel()

    def close(self) -> None:
        """Nothing to stop."""


class WorkerEngine:
    """Runs jobs in warm worker processes (spawned, never forked: a forked DuckDB connection
    corrupts silently).

    A worker stays for the next job, so imports and compiled code are paid for once. A job that does
    not heed a cancel within :data:`GRACE` seconds loses its process; the pool starts a new one.
    """

    def __init__(self, capacity: int = 1) -> None:
        self.capacity = capacity
        self._pool = ProcessPool(
            max_workers=capacity,
            context=multiprocessing.get_context("spawn"),
            initializer=follow_parent,
        )
        self._futures: dict[str, Any] = {}
        self._cancelled: dict[str, float] = {}

    def start(self, job_id: str, folder: Path) -> None:
        """Hand the folder to a worker."""
        self._cancelled.pop(job_id, None)
        self._futures[job_id] = self._pool.schedule(run_job, args=[str(folder)])

    def warm(self, function: Callable[[], None]) -> None:
        """Run a function in a worker, so that the first job does not wait for imports."""
        self._pool.schedule(function)

    def outcome(self, job_id: str, folder: Path) -> str | None:
        """How the job stands; a worker that died is a failure with a reason."""
        future = self._futures.get(job_id)
        if future is None:
            return read_outcome(folder) or "failed"
        if not future.done():
            self._end_if_deaf(job_id, future)
            return None
        del self._futures[job_id]
        self._cancelled.pop(job_id, None)
        try:
            return str(future.result())
        except CancelledError:
            return "cancelled"
        except ProcessExpired as error:
            JobFolder(folder).fail(_died(error))
            return "failed"

    def cancel(self, job_id: str, folder: Path) -> None:
        """Leave a note for the task; end its process if it does not react."""
        JobFolder(folder).cancel()
        self._cancelled[job_id] = time.monotonic()

    def close(self) -> None:
        """End the workers."""
        self._pool.stop()
        self._pool.join(timeout=10)

    def _end_if_deaf(self, job_id: str, future: Any) -> None:
        asked = self._cancelled.get(job_id)
        if asked is not None and time.monotonic() - asked > GRACE:
            future.cancel()


def _died(error: ProcessExpired) -> Exception:
    from core.errors import JobFailed

    code = getattr(error, "exitcode", None)
    why = " (the system may have been out of memory)" if code in (-9, 137) else ""
    return JobFailed(
        f"The worker process died with exit code {code}{why}",
        "Resume the job: finished parts are kept. If it happens again, use a smaller batch or "
        "fewer images.",
    )
