"""Running one job folder, in whatever process this is.

The outcome is written into the folder (``finished.json``), so that it survives the process that ran
it.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.contracts.catalog import Progress
from core.errors import GapscopeError, JobCancelled
from core.files import write_text
from core.jobs.folder import JobFolder

OUTCOME = "finished.json"


def run_job(path: str, listener: Callable[[Progress], None] | None = None) -> str:
    """Run the task that the folder's spec names; its outcome: ``done``, ``failed`` or
    ``cancelled``.

    Never raises for a task's own errors: they are in the folder. ``listener`` hears every progress
    report (only where the job runs in the caller's process).
    """
    job = JobFolder(path)
    job.listener = listener
    (job.path / OUTCOME).unlink(missing_ok=True)
    kind = job.spec["kind"]
    started = time.monotonic()
    job.log(f"{kind} starts (process {os.getpid()})")
    try:
        importlib.import_module(f"core.jobs.{kind}.task").run(job)
        outcome = "done"
    except JobCancelled:
        outcome = "cancelled"
    except GapscopeError as error:
        job.fail(error)
        outcome = "failed"
    except (MemoryError, Exception) as error:  # noqa: BLE001 - a task's fault must reach the user, not end the worker
        job.fail(error)
        outcome = "failed"
    seconds = time.monotonic() - started
    job.log(f"{kind} is {outcome} after {seconds:.1f} s")
    write_text(job.path / OUTCOME, json.dumps({"outcome": outcome, "seconds": seconds}))
    return outcome


def follow_parent() -> None:
    """In a new worker: end with the process that started it, however that one ended.

    Without this a worker whose server was killed would finish its job, beside a new server that
    resumes the same folder.
    """
    # Before any task loads OpenMP: threads that wait must not spin, or two busy programs take turns
    # at doing nothing.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)  # what is finished is on disk; nothing else is worth a proper end

    threading.Thread(target=watch, name="gapscope-follow-parent", daemon=True).start()


def read_outcome(path: Path) -> str | None:
    """What :func:`run_job` wrote, or None while the job runs or when its process died."""
    try:
        return str(json.loads((path / OUTCOME).read_text("utf-8"))["outcome"])
    except (FileNotFoundError, ValueError, KeyError):
        return None


def warm_up() -> None:
    """Load what the first compare would wait for. Runs once in a fresh worker, at low priority."""
    for name in ("core.jobs.embed.task", "core.jobs.compare.task"):
        importlib.import_module(name)
