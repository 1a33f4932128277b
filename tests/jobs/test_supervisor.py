"""Job folders, engines and the supervisor: progress, cancel, failure in words, recovery after a
kill.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.contracts.requests import SampleResult
from core.contracts.words import JobKind, JobStatus
from core.errors import InputError, JobCancelled, StorageFull
from core.files import storage_guard
from core.jobs.engines import InlineEngine, WorkerEngine
from core.jobs.folder import JobFolder
from core.jobs.supervisor import Supervisor
from core.jobs.worker import read_outcome, run_job
from core.store import job_table
from core.store.database import Database


def folder(tmp_path: Path, **spec: Any) -> JobFolder:
    return JobFolder.create(tmp_path / "job", {"kind": "toy", **spec})


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch):
    """A task module `core.jobs.toy.task` whose run() the test provides."""

    def install(run) -> None:
        module = types.ModuleType("core.jobs.toy.task")
        module.run = run  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "core.jobs.toy.task", module)

    return install


# --- the folder -----------------------------------------------------------------------------------


def test_reports_carry_rate_and_time_left(tmp_path: Path) -> None:
    job = folder(tmp_path)
    job.report("embed", 0, 100)
    time.sleep(0.3)
    job.report("embed", 50, 100, "on the CPU")
    progress = job.progress()
    assert progress is not None and (progress.stage, progress.done, progress.note) == (
        "embed",
        50,
        "on the CPU",
    )
    assert 0 < progress.rate < 50 / 0.3 + 1
    assert progress.left == pytest.approx(50 / progress.rate)


def test_many_reports_write_few_lines_but_the_end_is_always_told(tmp_path: Path) -> None:
    job = folder(tmp_path)
    for done in range(1001):
        job.report("scan", done, 1000)
    assert len((job.path / "progress.jsonl").read_text().splitlines()) < 20
    assert job.progress().done == 1000  # type: ignore[union-attr]


def test_a_line_cut_short_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    job = folder(tmp_path)
    job.report("scan", 3, 10)
    with (job.path / "progress.jsonl").open("a") as file:
        file.write('{"stage": "scan", "do')
    assert job.progress().done == 3  # type: ignore[union-attr]


def test_outputs_are_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = folder(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(StorageFull, match=r"is full.*Free some space"):
        job.write_array("vectors.npy", np.zeros(3))
    assert job.outputs("*.npy") == []


def test_other_disk_errors_are_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), storage_guard(tmp_path):
        raise PermissionError(errno.EACCES, "no")


def test_a_cancelled_task_stops_at_its_next_report(tmp_path: Path) -> None:
    job = folder(tmp_path)
    job.cancel()
    with pytest.raises(JobCancelled):
        job.report("scan", 1, 2)


# --- running one ----------------------------------------------------------------------------------


def test_the_outcome_of_a_run_is_in_the_folder(tmp_path: Path, toy) -> None:
    toy(lambda job: job.write_json("answer.json", 42))
    job = folder(tmp_path)
    assert run_job(str(job.path)) == "done" == read_outcome(job.path)
    assert json.loads(job.output("answer.json").read_text()) == 42


def test_an_error_the_user_can_act_on_is_told_in_its_own_words(tmp_path: Path, toy) -> None:
    def run(job: JobFolder) -> None:
        raise InputError("the folder is empty", "Add images.")

    toy(run)
    job = folder(tmp_path)
    assert run_job(str(job.path)) == "failed"
    failure = job.failure()
    assert failure is not None and (failure["what"], failure["remedy"]) == (
        "the folder is empty",
        "Add images.",
    )


def test_a_fault_of_ours_is_called_one_and_its_trace_is_logged(tmp_path: Path, toy) -> None:
    def run(job: JobFolder) -> None:
        raise ZeroDivisionError("oops")

    toy(run)
    job = folder(tmp_path)
    assert run_job(str(job.path)) == "failed"
    assert job.failure()["what"] == "ZeroDivisionError: oops"  # type: ignore[index]
    assert "fault in Gapscope" in job.failure()["remedy"]  # type: ignore[index]
    assert "Traceback" in job.read_log()


# --- moving them along ----------------------------------------------------------------------------


class ToyKind:
    """Serves toy jobs and remembers what happened to them."""

    def __init__(self, nothing_to_do: bool = False) -> None:
        self.nothing_to_do = nothing_to_do
        self.seen: list[tuple[str, str]] = []

    def prepare(self, db, job, path):
        self.seen.append(("prepare", job.title))
        if self.nothing_to_do:
            return SampleResult("there already")
        JobFolder.create(path, {"kind": "toy", **job.plan})
        return None

    def ingest(self, db, job, path):
        self.seen.append(("ingest", job.title))
        return SampleResult("ingested")

    def salvage(self, db, job, path):
        self.seen.append(("salvage", job.title))

    def failed(self, db, job):
        self.seen.append(("failed", job.title))


@pytest.fixture
def db(tmp_path: Path):
    database = Database(tmp_path / "a.duckdb")
    yield database
    database.close()


def submit(db: Database, name: str, *after: str) -> str:
    job_table.add(db, name, JobKind.SAMPLE, name, {}, list(after))
    return name


def settle(supervisor: Supervisor) -> None:
    for _ in range(50):
        if not supervisor.step():
            return
    raise AssertionError("the jobs never came to rest")


def statuses(db: Database) -> dict[str, str]:
    return {job.id: job.status for job in job_table.jobs(db)}


def test_a_job_waits_for_the_jobs_before_it(tmp_path: Path, db: Database, toy) -> None:
    ran: list[str] = []
    toy(lambda job: ran.append(job.path.name))
    kind = ToyKind()
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: kind})
    submit(db, "b-second", "a-first")
    submit(db, "a-first")
    settle(supervisor)
    assert ran == ["a-first", "b-second"]
    assert set(statuses(db).values()) == {"done"}
    assert job_table.job(db, "b-second").result == {"folder": "ingested"}  # type: ignore[union-attr]


def test_when_a_job_fails_the_ones_after_it_say_why(tmp_path: Path, db: Database, toy) -> None:
    def run(job: JobFolder) -> None:
        raise InputError("the weights are absent", "Put them there.")

    toy(run)
    kind = ToyKind()
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: kind})
    submit(db, "first")
    submit(db, "second", "first")
    settle(supervisor)
    assert statuses(db) == {"first": "failed", "second": "failed"}
    second = job_table.job(db, "second")
    assert (
        second is not None
        and "the weights are absent" in (second.what or "")
        and second.remedy == "Put them there."
    )
    assert ("salvage", "first") in kind.seen and ("failed", "second") in kind.seen


def test_a_stopped_chain_resumes_from_where_it_stopped(tmp_path: Path, db: Database, toy) -> None:
    broken = True

    def run(job: JobFolder) -> None:
        if broken:
            raise InputError("the disk is full", "Free some space.")

    toy(run)
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: ToyKind()})
    submit(db, "first")
    submit(db, "second", "first")
    settle(supervisor)
    broken = False
    supervisor.resume("second")
    settle(supervisor)
    assert statuses(db) == {"first": "done", "second": "done"}


def test_a_job_with_nothing_to_do_is_done_without_running(
    tmp_path: Path, db: Database, toy
) -> None:
    def run(job: JobFolder) -> None:
        raise AssertionError("must not run")

    toy(run)
    supervisor = Supervisor(
        db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: ToyKind(nothing_to_do=True)}
    )
    submit(db, "only")
    settle(supervisor)
    assert statuses(db) == {"only": "done"}


def test_jobs_of_a_process_that_is_gone_are_interrupted_and_their_parts_kept(
    tmp_path: Path, db: Database
) -> None:
    submit(db, "running")
    submit(db, "waiting", "running")
    job_table.set_status(db, "running", "running")
    kind = ToyKind()
    Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: kind}).recover()
    assert statuses(db) == {"running": "interrupted", "waiting": "interrupted"}
    assert kind.seen == [("salvage", "running")]


@pytest.mark.parametrize("name", ["/etc", "..", "../elsewhere", "a/b", ""])
def test_a_crafted_workspace_cannot_name_a_folder_outside_its_jobs_folder(
    tmp_path: Path, db: Database, name: str
) -> None:
    """Resuming removes folders: what the database says is never trusted as a path."""
    precious = tmp_path / "elsewhere"
    (precious / "inputs").mkdir(parents=True)
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: ToyKind()})
    submit(db, "crafted")
    job_table.set_status(db, "crafted", JobStatus.FAILED)
    db.execute("UPDATE jobs SET folder = ?", [str(precious) if name == "/etc" else name])
    with pytest.raises(InputError, match="not inside the workspace's jobs folder"):
        supervisor.resume("crafted")
    assert (precious / "inputs").is_dir()
    assert statuses(db) == {"crafted": "failed"}


def test_a_link_in_the_jobs_folder_does_not_lead_out_of_it(tmp_path: Path, db: Database) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "crafted").symlink_to(tmp_path / "elsewhere")
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: ToyKind()})
    submit(db, "crafted")
    with pytest.raises(InputError, match="not inside"):
        supervisor.path(job_table.jobs(db)[0])


def test_a_process_that_died_without_a_word_is_a_failure_and_not_a_cancel(
    tmp_path: Path, db: Database
) -> None:
    class DeadEngine(InlineEngine):
        def start(self, job_id: str, folder: Path) -> None:
            """The process dies before it can write anything."""

        def outcome(self, job_id: str, folder: Path) -> str | None:
            return "failed"

    supervisor = Supervisor(db, tmp_path / "jobs", DeadEngine(), {JobKind.SAMPLE: ToyKind()})
    submit(db, "only")
    settle(supervisor)
    job = job_table.job(db, "only")
    assert job is not None and job.status == "failed"
    assert job.what == "The job's process ended without saying why"


def test_cancelling_a_job_that_waits_ends_it_at_once(tmp_path: Path, db: Database) -> None:
    supervisor = Supervisor(db, tmp_path / "jobs", InlineEngine(), {JobKind.SAMPLE: ToyKind()})
    submit(db, "only")
    supervisor.cancel("only")
    assert statuses(db) == {"only": "cancelled"}


# --- in a worker process --------------------------------------------------------------------------


@pytest.fixture
def engine():
    made = WorkerEngine()
    yield made
    made.close()


def wait_for(engine: WorkerEngine, job: JobFolder) -> str:
    for _ in range(600):
        outcome = engine.outcome(job.path.name, job.path)
        if outcome is not None:
            return outcome
        time.sleep(0.1)
    raise AssertionError("the worker never answered")


def scan_job(tmp_path: Path, target: Path, name: str = "job") -> JobFolder:
    return JobFolder.create(
        tmp_path / name, {"kind": "scan", "folder": str(target), "labels": None}
    )


def test_a_worker_runs_a_job_and_stays_for_the_next(tmp_path: Path, engine: WorkerEngine) -> None:
    processes = set()
    for name in ("one", "two"):
        job = scan_job(tmp_path, tmp_path / "absent", name)
        engine.start(job.path.name, job.path)
        assert wait_for(engine, job) == "failed"
        assert "does not exist" in job.failure()["what"]  # type: ignore[index]
        processes.add(job.read_log().split("process ")[1].split(")")[0])
    assert len(processes) == 1


def die(path: str) -> str:
    """A task that takes its process with it, as a crash in a library or the system's memory guard
    would.
    """
    os.kill(os.getpid(), signal.SIGKILL)
    return path


def test_a_worker_that_dies_is_a_failure_with_a_reason_and_the_next_job_runs(
    tmp_path: Path, engine: WorkerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scan_job(tmp_path, tmp_path / "absent")
    with monkeypatch.context() as patch:
        patch.setattr("core.jobs.engines.run_job", die)
        engine.start("dies", job.path)
    while (outcome := engine.outcome("dies", job.path)) is None:
        time.sleep(0.05)
    assert outcome == "failed"
    assert (
        "worker process died with exit code -9 (the system may have been out of memory)"
        in job.failure()["what"]
    )  # type: ignore[index]
    again = scan_job(tmp_path, tmp_path / "absent", "again")
    engine.start(again.path.name, again.path)
    assert wait_for(engine, again) == "failed" and "does not exist" in again.failure()["what"]  # type: ignore[index]


def sleep_deaf(path: str) -> str:
    """A task that never looks whether it was cancelled."""
    time.sleep(600)
    return path


def test_a_job_that_does_not_heed_a_cancel_loses_its_process(
    tmp_path: Path, engine: WorkerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = scan_job(tmp_path, tmp_path / "absent")
    monkeypatch.setattr("core.jobs.engines.GRACE", 0.2)
    monkeypatch.setattr("core.jobs.engines.run_job", sleep_deaf)
    engine.start("deaf", job.path)
    time.sleep(0.5)
    assert engine.outcome("deaf", job.path) is None
    engine.cancel("deaf", job.path)
    while (outcome := engine.outcome("deaf", job.path)) is None:
        time.sleep(0.05)
    assert outcome == "cancelled"
